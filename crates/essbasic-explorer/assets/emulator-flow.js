// One contract of the emulator, with what can be done to it.
import { clear, el } from "./dom.js";
import { failure, run, time } from "./tool.js";
import { icon } from "./icons.js";

/** @typedef {import("../types.js").Flow} Flow */
/** @typedef {import("../types.js").Party} Party */
/** @typedef {import("../types.js").Panel} Panel */

/** @type {Record<string, string>} */
const TONES = {
	ALL: "success", ACCEPT: "success", PART: "accent", INIT: "accent", PENDING: "", REJECT: "danger", CANCEL: "warning", DEADLINE: "warning",
	INVALID: "danger", RELIEVED: "warning",
};

/** @param {Flow} flow @param {Panel} panel */
export function flowRow(flow, panel) {
	const { context } = panel;
	const { t, lang } = context;
	const open = flow.status === "INIT" || flow.status === "PART";
	const output = el("div", { "aria-live": "polite" });
	/** @param {string} action @param {Record<string, unknown>} more @param {string} label @param {string} name
	 * @param {string} [kind] */
	const button = (action, more, label, name, kind = "") => {
		const node = el("button", { class: `button small ${kind}`, "aria-label": `${name}: ${flow.name} ${flow.flow}`, "data-action": `${action}${more.party ?? ""}` }, label);
		node.addEventListener("click", () => void run(node, output, async () => {
			await panel.post(action, { flow: flow.flow, ...more });
		}));
		return node;
	};
	const pdf = el("button", { class: "button small", "data-action": "pdf", "aria-label": `${t("emulator.pdf")}: ${flow.name} ${flow.flow}` },
		icon("file"), t("emulator.pdf"));
	pdf.addEventListener("click", () => void run(pdf, output, () => openPdf(flow, panel, output)));
	const next = flow.parties.findIndex((party) => party.status === "PENDING");
	return el("li", { class: "card tool-flow", "data-flow": flow.flow },
		el("div", { class: "row between" },
			el("div", { class: "tool-flow-name" }, el("h3", null, flow.name), el("code", { class: "muted small" }, flow.flow)),
			el("span", { class: `badge ${TONES[flow.status] ?? ""}`, title: flow.status }, t(`emulator.status.${flow.status}`))),
		el("ol", { class: "tool-parties" }, flow.parties.map((party, index) =>
			el("li", { class: "row between" },
				el("span", null, party.name, party.organization ? el("span", { class: "muted" }, ` · ${party.organization}`) : null),
				el("span", { class: "row" },
					el("span", { class: `badge ${TONES[party.status] ?? ""}`, title: party.status },
						party.signed_at ? t("emulator.signed", { time: time(Number(party.signed_at), lang) }) : t(`emulator.party.${party.status}`)),
					open && party.status === "PENDING" ? [
						button("sign", { party: index }, t("emulator.sign"), `${t("emulator.sign")} ${party.name}`, index === next ? "primary" : ""),
						button("reject", { party: index, reason: t("emulator.reason") }, t("emulator.reject"), `${t("emulator.reject")} ${party.name}`),
					] : null)))),
		el("div", { class: "row between tool-foot" },
			el("span", { class: "muted small" }, flow.reason ? t("emulator.ended", { reason: flow.reason }) : null,
				flow.composed < flow.parties.filter((party) => party.signed_at !== null).length ? t("emulator.composing")
					: open || flow.status === "DEADLINE" ? t("emulator.deadline", { time: time(flow.deadline, lang, "short") }) : null),
			el("span", { class: "row" }, pdf,
				open ? [button("cancel", { reason: t("emulator.reason") }, t("emulator.cancel"), t("emulator.cancel")),
					button("expire", {}, t("emulator.expire"), t("emulator.expire"))] : null)),
		output);
}

/** Opens the PDF in a new tab, through a link of the emulator. @param {Flow} flow @param {Panel} panel
 * @param {HTMLElement} output */
async function openPdf(flow, { context }, output) {
	const { api, t } = context;
	// The tab is opened at once: browsers block one that is opened after a wait.
	const tab = window.open("", "_blank");
	try {
		const call = await api.post("api/call/DescribeResourceUrlsByFlows", { FlowIds: [flow.flow] });
		const url = call.response?.FlowResourceUrlInfos?.[0]?.ResourceUrlInfos?.[0]?.Url;
		if (typeof url !== "string") throw new Error(call.error?.message ?? t("emulator.nopdf"));
		const file = await api.bytes("api/file", { url });
		const address = URL.createObjectURL(file);
		if (tab) tab.location.replace(address);
		else clear(output, el("a", { href: address, target: "_blank", class: "button" }, t("emulator.pdf")));
		window.setTimeout(() => URL.revokeObjectURL(address), 600_000);
	} catch (error) {
		tab?.close();
		clear(output, failure(error));
	}
}

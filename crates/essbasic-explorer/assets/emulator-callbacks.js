// Callbacks of the emulator with their outcomes, and a test callback.
import { clear, el } from "./dom.js";
import { field, run, secretField, time } from "./tool.js";

/** @typedef {import("../types.js").Panel} Panel */
/** @typedef {import("../types.js").Overview} Overview */
/** @typedef {import("../types.js").CallbackEntry} Entry */

/** @type {Record<string, string>} */
const TONES = { acknowledged: "success", given_up: "danger", pending: "warning" };

/** @param {Panel} panel */
export function callbackSection(panel) {
	const { t, lang } = panel.context;
	const url = el("input", { type: "url", class: "mono", required: true, placeholder: "http://127.0.0.1:8080/callback", autocomplete: "off", spellcheck: "false" });
	const flow = el("select");
	const token = secretField(t("callback.token"));
	const key = secretField(t("callback.key"));
	const output = el("div", { "aria-live": "polite", "data-testid": "callback-delivery" });
	const send = el("button", { type: "submit", class: "button" }, t("emulator.callback.send"));
	const form = el("form", { class: "stack", autocomplete: "off", onsubmit: (/** @type {Event} */ event) => {
		event.preventDefault();
		void run(send, output, async () => {
			const result = await panel.post("callback", {
				url: url.value.trim(), flow: flow.value || undefined,
				token: token.input.value || undefined, key: key.input.value || undefined,
			});
			const ok = Number(result.status) === 200;
			clear(output, el("div", { class: `note ${ok ? "success" : "danger"}` },
				el("strong", null, result.status === null ? t("emulator.callback.failed")
					: t("emulator.callback.status", { status: Number(result.status), ms: Math.round(Number(result.duration_ms)) })),
				result.error ? el("span", { class: "hint" }, String(result.error)) : null,
				ok || result.status === null ? null : el("span", { class: "hint" }, t("emulator.callback.not200"))));
		});
	} },
	el("div", { class: "tool-pair" }, field(t("emulator.callback.url"), url, t("emulator.callback.url.help")), field(t("emulator.callback.message"), flow)),
	el("div", { class: "tool-pair" }, token.node, key.node),
	el("div", { class: "row" }, send), output);
	const body = el("tbody");
	const table = el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("emulator.callbacks") },
		el("table", { class: "table" },
			el("thead", null, el("tr", null, ["time", "message", "receiver", "outcome"].map((name) =>
				el("th", { scope: "col" }, t(`emulator.callback.${name}`))))), body));
	const none = el("p", { class: "muted" }, t("emulator.callback.none"));
	let shown = "";
	let listed = "";
	return {
		node: el("section", { class: "card stack", "aria-labelledby": "emulator-callbacks" },
			el("div", null, el("h2", { id: "emulator-callbacks" }, t("emulator.callbacks")), el("p", { class: "muted small" }, t("emulator.callbacks.lead"))),
			table, none,
			el("details", { class: "fold" }, el("summary", null, t("emulator.callback.test")), el("div", { class: "tool-fold" }, form))),
		/** @param {Overview} next */
		update(next) {
			const ids = next.flows.map((one) => one.flow).join();
			if (ids !== listed && document.activeElement !== flow) {
				listed = ids;
				const chosen = flow.value;
				clear(flow, el("option", { value: "" }, t("emulator.callback.ping")),
					next.flows.map((one) => el("option", { value: one.flow }, `FlowStatusChange · ${one.name} · ${one.flow}`)));
				flow.value = next.flows.some((one) => one.flow === chosen) ? chosen : "";
			}
			const text = JSON.stringify(next.callbacks);
			if (text === shown) return;
			shown = text;
			clear(body, next.callbacks.map((entry) => el("tr", null,
				el("td", null, time(entry.at, lang)),
				el("td", null, entry.msg_type, entry.flow ? el("div", null, el("code", { class: "muted small" }, entry.flow)) : null),
				el("td", null, el("code", { class: "small" }, entry.url)),
				el("td", null, el("span", { class: `badge ${TONES[entry.outcome] ?? ""}` }, t(`emulator.outcome.${entry.outcome}`)),
					el("div", { class: "muted small" }, detail(entry, panel))))));
			table.hidden = next.callbacks.length === 0;
			none.hidden = !table.hidden;
		},
		/** Removes token and key. */
		forget() {
			token.input.value = "";
			key.input.value = "";
		},
	};
}

/** @param {Entry} entry @param {Panel} panel */
function detail(entry, { context: { t } }) {
	const attempts = t("emulator.callback.attempts", { n: entry.attempts });
	const answer = entry.error ?? (entry.status === null ? null : t("emulator.callback.http", { status: entry.status }));
	return answer ? `${attempts} · ${answer}` : attempts;
}

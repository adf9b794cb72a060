// Faults that the emulator injects.
import { clear, el, uniqueId } from "./dom.js";
import { field, run } from "./tool.js";

/** @typedef {import("../types.js").Panel} Panel */
/** @typedef {import("../types.js").Overview} Overview */
/** @typedef {import("../types.js").Fault} Fault */

/** @param {Panel} panel */
export function faultSection(panel) {
	const { t, catalogue } = panel.context;
	const kind = el("select", { class: "mono" });
	const doc = el("p", { class: "muted small", "aria-live": "polite" });
	const rate = el("input", { type: "number", min: 0, max: 1, step: "any", value: "1" });
	const times = el("input", { type: "number", min: 1, step: 1, placeholder: t("emulator.fault.always") });
	const actions = el("datalist", { id: uniqueId("actions") },
		el("option", { value: "download" }), catalogue.actions.map(({ name }) => el("option", { value: name })));
	const action = el("input", { class: "mono", list: actions.id, placeholder: t("emulator.fault.any"), spellcheck: "false", autocomplete: "off" });
	const list = el("ul", { class: "tool-list" });
	const output = el("div", { "aria-live": "polite" });
	let shown = "";
	const describe = () => {
		doc.textContent = panel.overview()?.fault_kinds.find((one) => one.kind === kind.value)?.doc ?? "";
	};
	kind.addEventListener("change", describe);
	/** @param {Fault[]} faults */
	const set = async (faults) => {
		await panel.post("faults", { faults });
		clear(output);
	};
	const add = el("button", { type: "submit", class: "button" }, t("emulator.fault.add"));
	const form = el("form", { class: "tool-fault-form", onsubmit: (/** @type {Event} */ event) => {
		event.preventDefault();
		void run(add, output, () => set([...panel.overview()?.faults ?? [], {
			kind: kind.value, rate: Number(rate.value), action: action.value.trim() || null, times: times.value ? Number(times.value) : null,
		}]));
	} },
	field(t("emulator.fault.kind"), kind), field(t("emulator.fault.action"), action),
	field(t("emulator.fault.rate"), rate), field(t("emulator.fault.times"), times), add, actions);
	const node = el("section", { class: "card stack", "aria-labelledby": "emulator-faults" },
		el("div", null, el("h2", { id: "emulator-faults" }, t("emulator.faults")), el("p", { class: "muted small" }, t("emulator.faults.lead"))),
		list, form, doc, output);
	return {
		node,
		/** @param {Overview} next */
		update(next) {
			if (kind.options.length === 0) {
				kind.append(...next.fault_kinds.map((one) => el("option", { value: one.kind }, one.kind)));
				describe();
			}
			const hits = next.stats?.faults ?? {};
			const text = JSON.stringify([next.faults, hits]);
			if (text === shown) return;
			shown = text;
			clear(list, next.faults.map((fault, index) => {
				const remove = el("button", { class: "button small", "aria-label": `${t("emulator.fault.remove")}: ${fault.kind}` }, t("emulator.fault.remove"));
				remove.addEventListener("click", () => void run(remove, output, () => set(next.faults.filter((_, other) => other !== index))));
				return el("li", { class: "row between" },
					el("span", { class: "row" }, el("code", null, fault.kind),
						el("span", { class: "muted small" }, t("emulator.fault.shown", {
							rate: `${Math.round(Number(fault.rate) * 1000) / 10} %`, action: fault.action ?? t("emulator.fault.any"),
						}), fault.times === null ? null : ` · ${t("emulator.fault.left", { n: Number(fault.times) })}`),
						hits[fault.kind] ? el("span", { class: "badge warning" }, t("emulator.fault.hits", { n: Number(hits[fault.kind]) })) : null),
					remove);
			}));
			list.hidden = next.faults.length === 0;
		},
	};
}

// Clock of the emulator.
import { clear, el } from "./dom.js";
import { field, run, time } from "./tool.js";

/** @typedef {import("../types.js").Panel} Panel */
/** @typedef {import("../types.js").Overview} Overview */

const STEPS = /** @type {const} */ ([["minutes", 300], ["hour", 3600], ["day", 86_400], ["week", 604_800]]);
const SPEEDS = [0, 1, 10, 60, 3600];

/** @param {Panel} panel */
export function clockSection(panel) {
	const { t, lang } = panel.context;
	const shown = el("p", { class: "tool-clock", role: "timer", "aria-label": t("emulator.clock") });
	const stats = el("p", { class: "muted small" });
	const output = el("div", { "aria-live": "polite" });
	const speed = el("select", null, SPEEDS.map((value) => el("option", { value }, speedName(value, t))));
	speed.addEventListener("change", () => {
		void panel.post("clock", { speed: Number(speed.value) }).then(() => clear(output), (error) => clear(output, String(error.message)));
	});
	const buttons = STEPS.map(([name, seconds]) => {
		const button = el("button", { class: "button small" }, t(`emulator.advance.${name}`));
		button.addEventListener("click", () => void run(button, output, async () => {
			await panel.post("clock", { advance_seconds: seconds });
			clear(output);
		}));
		return button;
	});
	const node = el("section", { class: "card tool-bar", "aria-labelledby": "emulator-clock" },
		el("div", null, el("h2", { id: "emulator-clock" }, t("emulator.clock")), shown, stats),
		el("div", { class: "stack tool-bar-actions" },
			field(t("emulator.speed"), speed),
			el("div", { class: "row", role: "group", "aria-label": t("emulator.advance") }, buttons), output));
	return {
		node,
		/** @param {Overview} next */
		update(next) {
			shown.textContent = time(next.now, lang);
			const value = String(Number(next.speed));
			if (![...speed.options].some((option) => option.value === value)) {
				speed.append(el("option", { value }, speedName(Number(value), t)));
			}
			if (document.activeElement !== speed) speed.value = value;
			const calls = Object.values(next.stats?.calls ?? {}).reduce((sum, one) => Number(sum) + Number(one), 0);
			const rejected = Object.values(next.stats?.rejected ?? {}).reduce((sum, one) => Number(sum) + Number(one), 0);
			stats.textContent = t("emulator.stats", { calls: Number(calls), rejected: Number(rejected) });
		},
	};
}

/** @param {number} value @param {Panel["context"]["t"]} t */
function speedName(value, t) {
	if (value === 0) return t("emulator.speed.stopped");
	return value === 1 ? t("emulator.speed.real") : t("emulator.speed.times", { n: value });
}

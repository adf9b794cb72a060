// State of the server at the top of the overview, and its numbers.
import { deadMessages, replayAll } from "./bulk.js";
import { el } from "./dom.js";
import { count, t } from "./i18n.js";
import { icon } from "./icons.js";
import { amount, foreign, hintText, label, sentence } from "./labels.js";
import { link } from "./router.js";
import { ago, duration, now } from "./times.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Status} Status */
/** @typedef {import("../types.js").Paused} Paused */

/** Seconds after which a due contract is late. */
const LATE = 600;

/** Milliseconds for which refused callbacks are shown. */
const REFUSED = 86_400_000;

/** Returns the function that shows what needs a decision, or that the server works. @param {Context} context @param {Element} output
 * Place of errors. */
export function health(context, output) {
	/** @param {{status: Pick<Status, "ready" | "draining" | "paused" | "dead_forwards" | "callbacks_refused" | "writable">, dead: number,
	 * oldest: number | null}} state */
	return ({ status, dead, oldest }) => {
		const { ready, draining, paused, dead_forwards = [], callbacks_refused: refused, writable } = status;
		const notes = [
			dead > 0 ? note("danger", t("health.dead", { n: count(dead) }), t("health.dead.text"),
				el("a", { href: link("contracts", { state: "dead" }) }, t("health.show"))) : null,
			...dead_forwards.filter((one) => one.count > 0).map(({ target, count: n, reasons = [] }) =>
				note("danger", t("health.forwards", { n: count(n), name: target }), t("health.forwards.text"),
					...reasons.map(({ reason, hint }) => el("span", null, label("reason", reason), ": ", hintText(reason, hint))), el("span", { class: "row" },
					deadMessages(target), writable ? replayAll(context.api, target, n, output) : null))),
			refused && refused.count > 0 && (!refused.last_at || now() - Date.parse(refused.last_at) < REFUSED)
				? note("warning", t("health.refused", { n: count(refused.count) }), t("health.refused.text"), refused.last_at ? ago(refused.last_at) : null) : null,
			...paused.map(pausedNote),
		].filter((one) => one !== null);
		return shown(notes, ready, draining, oldest);
	};
}

/** @param {Element[]} notes @param {boolean} ready @param {boolean} draining @param {number | null} oldest */
function shown(notes, ready, draining, oldest) {
	if (draining) notes.unshift(note("warning", t("health.draining"), t("health.draining.text")));
	else if (!ready) notes.unshift(note("danger", t("health.unready"), t("health.unready.text")));
	if (notes.length === 0 && oldest !== null && oldest >= LATE) {
		notes.push(note("warning", t("health.late", { time: duration(oldest) }), t("health.late.text")));
	}
	return notes.length > 0 ? notes : [note("success", t("health.ok"), t("health.ok.text"))];
}

/** @param {string} tone @param {string} title @param {...(import("./dom.js").Child)} children */
function note(tone, title, ...children) {
	return el("section", { class: `state ${tone}`, "data-tone": tone },
		el("span", { class: "state-icon", "aria-hidden": "true" }, icon(tone === "success" ? "check" : "bell")),
		el("div", { class: "state-text" }, el("strong", null, title), children.map((child) => child === null ? null : el("div", null, child))));
}

/** @param {Paused} paused */
function pausedNote({ name, cause, since, probe_at, hint }) {
	return note("warning", t("health.paused", { name: label("loop", name) }),
		el("code", { class: "cause", lang: "en" }, cause),
		hint ? foreign(sentence(hint)) : null,
		el("span", { class: "muted small" }, t("health.since"), " ", ago(since), " · ", t("health.probe"), " ", ago(probe_at)));
}

/** @param {{contracts: Status["contracts"], oldest: number | null, backlog: number, failed: number}} numbers */
export function tiles({ contracts, oldest, backlog, failed }) {
	const isLate = oldest !== null && oldest >= LATE;
	return [
		tile("dead", amount(contracts.dead), link("contracts", { state: "dead" }), contracts.dead > 0 ? "danger" : ""),
		tile("oldest", oldest === null ? t("tile.none") : duration(oldest), link("contracts", { state: "open" }), isLate ? "warning" : "", oldest === null ? "" : undefined),
		tile("open", amount(contracts.open), link("contracts", { state: "open" })),
		tile("claimed", amount(contracts.claimed), link("contracts", { state: "claimed" })),
		tile("done", amount(contracts.done), link("contracts", { state: "done" })),
		tile("backlog", amount(backlog), link("forwards"), failed > 0 ? "danger" : "", failed > 0 ? t("tile.failed", { n: count(failed) }) : undefined),
	];
}

/** @param {string} name @param {import("./dom.js").Child} value @param {string} href @param {string} [tone] @param {string} [detail] */
function tile(name, value, href, tone = "", detail = t(`tile.${name}.text`)) {
	return el("li", null, el("a", { class: `tile ${tone}`, href, "data-testid": `tile-${name}` },
		el("span", { class: "tile-name" }, t(`tile.${name}`)),
		el("span", { class: "tile-value" }, value),
		detail ? el("span", { class: "tile-text" }, detail) : null));
}

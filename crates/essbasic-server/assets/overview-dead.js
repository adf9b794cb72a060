// Dead contracts by reason.
import { retryAll } from "./bulk.js";
import { el } from "./dom.js";
import { t } from "./i18n.js";
import { amount, hintText, label } from "./labels.js";
import { section } from "./parts.js";
import { link } from "./router.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").DeadReason} DeadReason */

/** Returns the function that fills the section. @param {Context} context @param {Element} output Place of errors. */
export function deadSection(context, output) {
	return (/** @type {{reasons: DeadReason[], writable: boolean}} */ { reasons, writable }) => {
		if (reasons.length === 0) return [];
		const sorted = [...reasons].sort((one, other) => other.count - one.count);
		return [section(t("dead.title"), null,
			el("ul", { class: "card flush reasons" }, sorted.map((reason) => item(reason, writable, context, output))))];
	};
}

/** @param {DeadReason} reason @param {boolean} writable @param {Context} context @param {Element} output */
function item({ reason, count: n, hint }, writable, { api }, output) {
	return el("li", { class: "reason", "data-reason": reason },
		el("span", { class: "reason-count" }, amount(n)),
		el("div", { class: "reason-text" }, el("h3", null, label("reason", reason)), el("p", { class: "muted small" }, hintText(reason, hint))),
		el("div", { class: "row" },
			el("a", { class: "button", href: link("contracts", { state: "dead", reason }) }, t("dead.show"),
				el("span", { class: "visually-hidden" }, `: ${label("reason", reason)}`)),
			writable ? retryAll(api, reason, n, output, "dead") : null));
}

// Dead contracts by reason, and the retry of all with one reason.
import { el, toast } from "./dom.js";
import { count, t } from "./i18n.js";
import { confirm } from "./confirm.js";
import { amount, hintText, label } from "./labels.js";
import { run, section } from "./parts.js";
import { link } from "./router.js";
import { refreshStatus } from "./status.js";

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

/** Returns a button that retries all contracts with a reason. @param {Context["api"]} api @param {string} reason
 * @param {number} n @param {Element} output @param {string} place */
export function retryAll(api, reason, n, output, place) {
	const button = el("button", { class: "button primary", "data-testid": "retry-all", "data-focus": `${place}-retry-${reason}` }, t("dead.retry"),
		el("span", { class: "visually-hidden" }, `: ${label("reason", reason)}`));
	button.addEventListener("click", async () => {
		const accepted = await confirm({
			title: t("dead.retry.title", { n: count(n) }),
			text: t("dead.retry.text", { reason: label("reason", reason) }),
			button: t("dead.retry"),
		});
		if (!accepted) return;
		await run(button, output, async () => {
			let retried = 0;
			for (let more = true; more;) {
				const result = await api.post("api/retry", { reason });
				retried += result.retried;
				// Without progress, the rest cannot be retried.
				more = result.more && result.retried > 0;
			}
			toast(t("dead.retried", { n: count(retried) }));
			await refreshStatus();
		});
	});
	return button;
}

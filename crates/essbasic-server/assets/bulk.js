// Changes of all dead contracts with one reason, and of all dead forwards to one target.
import { confirm } from "./confirm.js";
import { el, toast } from "./dom.js";
import { count, t } from "./i18n.js";
import { label } from "./labels.js";
import { run } from "./parts.js";
import { link } from "./router.js";
import { refreshStatus } from "./status.js";

/** @typedef {import("../types.js").Context["api"]} Api */

/** Returns a button that retries all contracts with a reason. @param {Api} api @param {string} reason @param {number} n
 * @param {Element} output @param {string} place */
export function retryAll(api, reason, n, output, place) {
	const name = label("reason", reason);
	const question = () => confirm({ title: t("dead.retry.title", { n: count(n) }), text: t("dead.retry.text", { reason: name }), button: t("dead.retry") });
	return button("dead.retry", name, `${place}-retry-${reason}`, "retry-all", question, output, "dead.retried",
		async () => {
			const { retried, more } = await api.post("api/retry", { reason });
			return { changed: retried, more };
		});
}

/** Returns a button that replays all dead forwards to a target. @param {Api} api @param {string} target @param {number} n
 * @param {Element} output */
export function replayAll(api, target, n, output) {
	const question = () => confirm({ title: t("replay.all.title", { n: count(n), name: target }), text: t("replay.all.text"), button: t("replay.all") });
	return button("replay.all", target, `replay-${target}`, "replay-all", question, output, "replay.all.done",
		async () => {
			const { replayed, more } = await api.post(`api/forwards/${encodeURIComponent(target)}/replay`, {});
			return { changed: replayed, more };
		});
}

/** Returns the link to the messages with dead forwards to a target. @param {string} target */
export function deadMessages(target) {
	return el("a", { class: "button", href: link("messages", { dead: "true", target }) }, t("target.dead.show"),
		el("span", { class: "visually-hidden" }, `: ${target}`));
}

/** Returns a button that asks, repeats a change until nothing is left, and shows how much was changed.
 * @param {string} text @param {string} subject @param {string} focus @param {string} testid @param {() => Promise<boolean>} question
 * @param {Element} output @param {string} done @param {() => Promise<{changed: number, more: boolean}>} change */
function button(text, subject, focus, testid, question, output, done, change) {
	const node = el("button", { class: "button primary", "data-testid": testid, "data-focus": focus }, t(text),
		el("span", { class: "visually-hidden" }, `: ${subject}`));
	node.addEventListener("click", async () => {
		if (!(await question())) return;
		await run(node, output, async () => {
			let sum = 0;
			for (let more = true; more;) {
				const result = await change();
				sum += result.changed;
				// Without progress, the rest cannot be changed.
				more = result.more && result.changed > 0;
			}
			toast(t(done, { n: count(sum) }));
			await refreshStatus();
		});
	});
	return node;
}

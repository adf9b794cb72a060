// Calls of this session, and saved requests.
import { clear, copy, el } from "./dom.js";
import { count, lang } from "./i18n.js";
import { format } from "./json.js";
import { link } from "./router.js";
import { clip, errorNote } from "./response.js";
import { nextSteps } from "./next.js";
import { size } from "./field.js";
import { tree } from "./tree.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").HistoryEntry} HistoryEntry */
/** @typedef {import("../types.js").Saved} Saved */

/** @param {HTMLElement} container @param {Context} context */
export async function render(container, context) {
	const { t, api } = context;
	const [past, stored] = await Promise.all([
		/** @type {Promise<{limit: number, history: HistoryEntry[]}>} */ (api.get("api/history")),
		/** @type {Promise<{enabled: boolean, saved: Saved[]}>} */ (api.get("api/saved").catch(() => ({ enabled: false, saved: [] }))),
	]);
	const list = el("ol", { class: "history", "data-testid": "history" });
	clear(list, past.history.map((entry) => el("li", { class: "card" }, row(entry, context))));
	container.append(
		el("header", { class: "page-head" }, el("h1", null, t("history.title")), el("p", { class: "lead" }, t("history.lead", { n: count(past.limit) }))),
		list,
		past.history.length === 0 ? el("p", { class: "empty" }, t("history.none")) : "",
		el("section", { class: "stack section" },
			el("h2", null, t("save.list")),
			!stored.enabled ? el("p", { class: "muted" }, t("save.off"))
				: stored.saved.length === 0 ? el("p", { class: "muted" }, t("save.none"))
				: el("ul", { class: "saved", "data-testid": "saved" }, stored.saved.map((saved) => savedRow(saved, context)))));
}

/** @param {HistoryEntry} entry @param {Context} context */
function row(entry, context) {
	const { t } = context;
	const at = new Date(entry.at);
	const body = el("div", { class: "history-body" });
	const details = el("details", { class: "fold" }, el("summary", null, t("history.details")), body);
	details.addEventListener("toggle", () => {
		if (!details.open || body.hasChildNodes()) return;
		clear(body,
			el("div", { class: "stack" }, el("h3", null, t("describe.request")), el("pre", { class: "code wrap limited", tabindex: 0 }, clip(format(entry.request)))),
			el("div", { class: "stack" }, el("h3", null, t("describe.response")),
				entry.error ? errorNote(entry.error, context) : null,
				entry.response ? tree(entry.response, { extra: (key, value, path) => nextSteps(key, value, path, context, entry) }) : null));
	});
	return [
		el("div", { class: "history-row" },
			el("span", { class: `badge ${entry.ok ? "success" : "danger"}` }, t(entry.ok ? "call.ok" : "call.failed")),
			el("a", { href: link(entry.action, { tab: "call" }), class: "history-action" }, el("code", null, entry.action)),
			entry.error_code ? el("code", { class: "problem" }, entry.error_code) : null,
			el("span", { class: "history-facts muted small" },
				el("time", { datetime: entry.at }, at.toLocaleTimeString(lang() === "zh" ? "zh-CN" : "en")),
				" · ", t("call.ms", { n: count(Math.round(Number(entry.duration_ms) * 10) / 10) }),
				entry.attempts > 1 ? ` · ${t("call.attempts")}: ${entry.attempts}` : ""),
			el("button", {
				class: "button small",
				onclick: () => {
					context.session.setDraft(entry.action, format(entry.request));
					context.navigate(entry.action, { tab: "call" });
				},
			}, t("history.reopen"))),
		entry.request_id ? el("p", { class: "muted small" }, `${t("call.request_id")} `, el("code", null, entry.request_id)) : null,
		details,
	];
}

/** @param {Saved} saved @param {Context} context */
function savedRow(saved, { t }) {
	return el("li", { class: "history-row" },
		el("code", null, saved.name),
		el("a", { href: link(saved.action, { tab: "call" }) }, el("code", null, saved.action)),
		el("span", { class: "history-facts muted small" }, size(Number(saved.bytes))),
		el("button", { class: "button ghost small", onclick: () => void copy(saved.name, t("call.copied")) }, t("call.copy")));
}

// Response of a call: outcome, next steps, folding tree and raw text.
import { append, clear, copy, el, tabs, uniqueId } from "./dom.js";
import { count } from "./i18n.js";
import { icon } from "./icons.js";
import { format, parse } from "./json.js";
import { inline } from "./markdown.js";
import { link } from "./router.js";
import { known } from "./markdown.js";
import { nextSteps, nextStrip } from "./next.js";
import { tree } from "./tree.js";

const MAX_SHOWN = 20_000;

/** @typedef {import("../types.js").Call} Call */
/** @typedef {import("../types.js").Context} Context */

/** Shortens a text that is too long to read. @param {string} text */
export function clip(text) {
	return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** Returns a button that copies a text. @param {string} name @param {() => string} text @param {Context} context */
export function copyButton(name, text, { t }) {
	return el("button", {
		class: "tool",
		"aria-label": t("call.copy.name", { name }),
		title: t("call.copy"),
		onclick: () => void copy(text(), t("call.copied")),
	}, icon("copy"));
}

/** Returns an error with its code and hint.
 * @param {{code: string, message: string, hint?: string | null, is_outcome_unknown?: boolean}} error
 * @param {Context} context */
export function errorNote(error, context) {
	const { t, catalogue } = context;
	return el("div", { class: "note danger", role: "alert" },
		el("p", null, el("strong", null, known(catalogue).has(error.code)
			? el("a", { href: link(error.code) }, el("code", null, error.code))
			: el("code", null, error.code))),
		el("p", null, error.message),
		error.hint ? el("p", { class: "hint" }, el("strong", null, t("error.hint")), " – ", inline(error.hint, catalogue)) : null,
		error.is_outcome_unknown ? el("p", { class: "hint" }, el("strong", null, t("call.unknown"))) : null);
}

/** Returns a name with its value, as text. @param {string} name @param {import("./dom.js").Child[]} value */
function fact(name, ...value) {
	return el("div", { class: "fact" }, el("dt", null, name), el("dd", null, value));
}

/** Returns the response of a call. @param {Call} call @param {Context} context @returns {HTMLElement[]} */
export function responseView(call, context) {
	const { t } = context;
	const facts = el("dl", { class: "facts" },
		fact(t("call.response"), el("span", { class: `badge ${call.ok ? "success" : "danger"}` }, t(call.ok ? "call.ok" : "call.failed"))),
		call.status ? fact(t("call.status"), call.status) : null,
		fact(t("call.time"), t("call.ms", { n: count(Math.round(Number(call.duration_ms) * 10) / 10) })),
		fact(t("call.attempts"), call.attempts),
		call.request_id ? fact(t("call.request_id"), el("code", null, call.request_id), copyButton(t("call.request_id"), () => call.request_id ?? "", context)) : null);
	const id = uniqueId("response");
	const body = el("div", { id, role: "tabpanel", class: "response-body" });
	const value = call.response;
	/** @param {string} view */
	const show = (view) => {
		if (view === "tree" && value) {
			clear(body, tree(value, { extra: (key, item, path) => nextSteps(key, item, path, context, call) }));
		} else if (view === "headers") {
			clear(body, headerTable(call.headers ?? []));
		} else {
			clear(body, el("pre", { class: "code wrap", tabindex: 0, "data-testid": "raw" }, pretty(call.raw ?? "")));
		}
		body.setAttribute("aria-labelledby", `tab-${view}`);
	};
	const first = value ? "tree" : "raw";
	/** @type {HTMLElement[]} */
	const nodes = [facts];
	if (call.error) nodes.push(errorNote(call.error, context));
	const partial = value?.ErrorMessages;
	if (Array.isArray(partial) && partial.some(Boolean)) {
		nodes.push(el("div", { class: "note warning" }, partial.filter(Boolean).map((message) => el("p", null, String(message)))));
	}
	const next = nextStrip(call, context);
	if (next) nodes.push(next);
	if (value || call.raw || call.headers?.length) {
		show(first);
		const views = tabs({
			label: t("call.view"),
			selected: first,
			controls: id,
			tabs: [
				...(value ? [{ id: "tree", label: t("call.tree") }] : []),
				{ id: "raw", label: t("call.raw") },
				{ id: "headers", label: t("call.headers") },
			],
			select: show,
		});
		const bar = el("div", { class: "response-bar" });
		append(bar, [views, copyButton(t("call.response"), () => (value ? format(value) : call.raw ?? ""), context)]);
		nodes.push(bar, body);
	}
	return nodes;
}

/** Formats JSON text; any other text stays as it is. @param {string} text */
function pretty(text) {
	try {
		return format(parse(text));
	} catch {
		return text;
	}
}

/** Returns a table of headers. @param {[string, string][]} headers */
export function headerTable(headers) {
	return el("table", { class: "table headers" }, el("tbody", null, headers.map(([name, value]) =>
		el("tr", null, el("th", { scope: "row" }, el("code", null, name)), el("td", null, el("code", null, value))))));
}

// Parts that the pages share.
import { ApiError } from "./api.js";
import { clear, copy, el, uniqueId } from "./dom.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";

/** @typedef {import("./dom.js").Child} Child */

/** Returns the head of a page. @param {string} title @param {Child} [lead] @param {Child[]} actions */
export function head(title, lead, ...actions) {
	return el("header", { class: "page-head row between" },
		el("div", null, el("h1", null, title), lead ? el("p", { class: "lead" }, lead) : null),
		actions.length > 0 ? el("div", { class: "row" }, actions) : null);
}

/** Returns a labeled section. @param {string} title @param {Child} beside Content next to the title. @param {Child[]} children */
export function section(title, beside, ...children) {
	const id = uniqueId("section");
	return el("section", { class: "stack tight", "aria-labelledby": id },
		el("div", { class: "row between" }, el("h2", { id }, title), beside), children);
}

/** Returns a table in a box that scrolls. @param {string} label @param {Child[]} columns @param {HTMLElement} body */
export function table(label, columns, body) {
	return el("div", { class: "card flush scroll", tabindex: 0, role: "group", "aria-label": label },
		el("table", { class: "table grid" },
			el("thead", null, el("tr", null, columns.map((column) => el("th", { scope: "col" }, column)))), body));
}

/** Returns a row; narrow screens show the label of each cell. @param {Record<string, unknown> | null} attributes
 * @param {[string, Child | Child[], string?][]} cells Label, content and class of each cell. */
export function row(attributes, cells) {
	return el("tr", attributes, cells.map(([label, content, style]) =>
		el("td", { "data-label": label, class: style }, el("div", null, content))));
}

/** Returns a list of facts; those without a value are left out. @param {[string, Child | Child[]][]} facts */
export function factList(facts) {
	return el("dl", { class: "facts" }, facts.filter(([, value]) => value !== null && value !== undefined)
		.map(([name, value]) => el("div", null, el("dt", null, name), el("dd", null, value))));
}

/** Returns a code with a button that copies it. @param {string} text @param {string} name */
export function copyable(text, name) {
	return el("span", { class: "copyable" }, el("code", null, text), copyButton(text, name));
}

/** Returns a button that copies a text. @param {string} text @param {string} name */
export function copyButton(text, name) {
	return el("button", {
		class: "icon-button tiny", "aria-label": `${t("part.copy")}: ${name}`, title: t("part.copy"), "data-focus": `copy-${text}`,
		onclick: () => void copy(text, t("part.copied")),
	}, icon("copy"));
}

/** Returns what to show instead of an empty list. @param {string} title @param {Child[]} children */
export function nothing(title, ...children) {
	return el("div", { class: "empty nothing" }, el("p", { class: "nothing-title" }, title), children);
}

/** Returns an element that explains an error. @param {unknown} error */
export function failure(error) {
	const known = error instanceof ApiError ? error : null;
	if (!known) {
		console.error(error);
		return el("div", { class: "note danger", role: "alert" }, String(error));
	}
	const [title, hint] = explained(known);
	return el("div", { class: "note danger", role: "alert" }, el("strong", null, title), hint ? el("span", { class: "hint" }, hint) : null);
}

/** Returns title and hint of an error: of the page if it knows the code, otherwise of the server. @param {ApiError} error */
export function explained(error) {
	const own = t(`error.${error.code}`);
	const hint = t(`error.${error.code}.hint`);
	return [
		own === `error.${error.code}` ? error.message || t("error.page") : own,
		hint === `error.${error.code}.hint` ? error.hint ?? (own === error.message ? "" : error.message) : hint,
	];
}

/** Runs an action of a button: the button is disabled meanwhile, and an error is shown in `output`.
 * @param {HTMLButtonElement} button @param {Element} output @param {() => Promise<void>} action */
export async function run(button, output, action) {
	button.disabled = true;
	clear(output);
	try {
		await action();
	} catch (error) {
		clear(output, failure(error));
	} finally {
		button.disabled = false;
	}
}

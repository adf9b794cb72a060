// Differences of texts, by line and by character.
import { el } from "./dom.js";
import { t } from "./i18n.js";

/** @type {Record<string, string>} */
const VISIBLE = { "\r": "␍", "\t": "⇥", " ": "␣", "\u00a0": "⍽", "\ufeff": "[BOM]" };

/** Returns the length of the common start of two lists. @param {string[]} a @param {string[]} b */
function common(a, b) {
	let at = 0;
	while (at < a.length && at < b.length && a[at] === b[at]) at += 1;
	return at;
}

/** Splits both lines into the equal start, the different part and the equal end. @param {string} given
 * @param {string} expected @returns {{given: [string, string, string], expected: [string, string, string]}} */
export function split(given, expected) {
	const a = [...given];
	const b = [...expected];
	const start = common(a, b);
	const end = common(a.slice(start).reverse(), b.slice(start).reverse());
	/** @param {string[]} all @returns {[string, string, string]} */
	const parts = (all) => [
		all.slice(0, start).join(""), all.slice(start, all.length - end).join(""), all.slice(all.length - end).join(""),
	];
	return { given: parts(a), expected: parts(b) };
}

/** Returns a line with its different part marked. Invisible characters of that part become visible.
 * @param {[string, string, string]} parts */
function marked([start, middle, end]) {
	const shown = [...middle].map((char) => VISIBLE[char] ?? char).join("");
	return [start, el("mark", { class: "tool-mark" }, middle === "" ? "∅" : shown), end];
}

/** Shows one line twice: as given and as expected. @param {string} given @param {string} expected */
export function lineDifference(given, expected) {
	const parts = split(given, expected);
	return el("dl", { class: "tool-diff" },
		el("dt", { class: "given" }, t("signature.given")), el("dd", { class: "given" }, el("code", null, marked(parts.given))),
		el("dt", { class: "expected" }, t("signature.expected")), el("dd", { class: "expected" }, el("code", null, marked(parts.expected))));
}

/** Returns the number of the first line that differs, from 0; -1 if all are equal. @param {string} given
 * @param {string} expected */
export function firstDifference(given, expected) {
	const a = given.split("\n");
	const b = expected.split("\n");
	const at = common(a, b);
	return at === Math.max(a.length, b.length) ? -1 : at;
}

/** Shows all lines of the expected text, the first different one as a difference. @param {string} given
 * @param {string} expected */
export function textDifference(given, expected) {
	const at = firstDifference(given, expected);
	const a = given.split("\n");
	const b = expected.split("\n");
	const rows = Array.from({ length: Math.max(b.length, at + 1) }, (_, index) => {
		const line = index === at ? lineDifference(a[index] ?? "", b[index] ?? "")
			: el("code", { class: index > at && at >= 0 ? "muted" : null }, b[index] || "∅");
		return el("li", { class: index === at ? "differs" : null }, line);
	});
	return el("ol", { class: "tool-lines numbered" }, rows);
}

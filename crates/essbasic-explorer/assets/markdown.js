// Safe subset of Markdown as elements: paragraphs, lists, code, bold. Code that is a known name becomes a link.
import { el } from "./dom.js";
import { link } from "./router.js";

/** @typedef {import("../types.js").Catalogue} Catalogue */

/** @type {WeakMap<Catalogue, Set<string>>} */
const names = new WeakMap();

/** Returns all names that have a page. @param {Catalogue} catalogue */
export function known(catalogue) {
	let set = names.get(catalogue);
	if (!set) {
		set = new Set([...catalogue.actions.map((action) => action.name), ...catalogue.objects, ...catalogue.values, ...catalogue.codes]);
		names.set(catalogue, set);
	}
	return set;
}

/** Renders a text. @param {string} text @param {Catalogue} catalogue @returns {HTMLElement[]} */
export function markdown(text, catalogue) {
	/** @type {HTMLElement[]} */
	const blocks = [];
	for (const block of text.replaceAll("\r", "").split(/\n{2,}/)) {
		/** @type {HTMLElement | null} */
		let list = null;
		/** @type {string[]} */
		let lines = [];
		const flush = () => {
			if (lines.length > 0) blocks.push(el("p", null, inline(lines.join(" "), catalogue)));
			lines = [];
		};
		for (const line of block.split("\n")) {
			const item = /^\s*(?:[-*]|(\d+)[.)])\s+(.*)$/.exec(line);
			if (item) {
				flush();
				if (!list) {
					list = el(item[1] ? "ol" : "ul", null);
					blocks.push(list);
				}
				list.append(el("li", null, inline(item[2] ?? "", catalogue)));
			} else if (list && /^\s+\S/.test(line)) {
				list.lastElementChild?.append(" ", ...inline(line.trim(), catalogue));
			} else if (line.trim()) {
				list = null;
				lines.push(line.trim());
			}
		}
		flush();
	}
	return blocks;
}

/** Renders the text of one line. @param {string} text @param {Catalogue} catalogue @returns {(Node | string)[]} */
export function inline(text, catalogue) {
	return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).filter(Boolean).map((part) => {
		if (part.length > 2 && part.startsWith("`")) return code(part.slice(1, -1), catalogue);
		if (part.length > 4 && part.startsWith("**")) return el("strong", null, part.slice(2, -2));
		return part;
	});
}

/** Returns code, as a link if it has a page. @param {string} text @param {Catalogue} catalogue
 * @param {(Node | string)[]} [shown] */
export function code(text, catalogue, shown) {
	const node = el("code", null, shown ?? text);
	return known(catalogue).has(text) ? el("a", { href: link(text) }, node) : node;
}

// Buttons that move between the pages of a list, by the cursor of the server.
import { el } from "./dom.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";

/** Makes the buttons. `open` shows the page that begins after a cursor; "" is the first one. @param {(cursor: string) => void} open */
export function pager(open) {
	/** Cursors of the pages before this one. @type {string[]} */
	let before = [];
	let current = "";
	let following = "";
	/** @param {string} cursor @param {string[]} earlier */
	const move = (cursor, earlier) => {
		before = earlier;
		current = cursor;
		open(cursor);
		window.scrollTo({ top: 0 });
	};
	const first = el("button", { class: "button", "data-testid": "first", onclick: () => move("", []) }, t("pager.first"));
	const previous = el("button", { class: "button", "data-testid": "previous", onclick: () => move(before[before.length - 1] ?? "", before.slice(0, -1)) },
		t("pager.previous"));
	const next = el("button", { class: "button", "data-testid": "next", onclick: () => move(following, [...before, current]) }, t("pager.next"), icon("arrow"));
	const node = el("nav", { class: "row between pager", "aria-label": t("pager.label"), hidden: true }, el("div", { class: "row" }, first, previous), next);
	return {
		node,
		/** Begins at a cursor, without pages before it. @param {string} cursor */
		reset(cursor) {
			before = [];
			current = cursor;
		},
		/** @param {string | null} cursor Cursor of the next page. */
		update(cursor) {
			following = cursor ?? "";
			node.hidden = cursor === null && current === "";
			first.disabled = current === "";
			previous.disabled = before.length === 0;
			next.disabled = cursor === null;
		},
	};
}

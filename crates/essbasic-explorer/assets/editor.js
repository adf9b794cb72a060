// Editor of the request's text: line numbers, colors, and the place of a problem.
import { clear, el } from "./dom.js";

const MAX_COLORED = 100_000;
const TOKEN = /("(?:[^"\\\n]|\\.)*"?)(\s*:)?|(-?\d[\d.eE+-]*)|\b(true|false|null)\b/g;

export class Editor {
	/** @param {string} label @param {string} placeholder @param {(text: string) => void} change */
	constructor(label, placeholder, change) {
		this.change = change;
		this.paint = el("pre", { class: "editor-paint", "aria-hidden": "true" });
		this.area = el("textarea", {
			class: "editor-text",
			"data-testid": "json",
			id: "json",
			"aria-label": label,
			"aria-describedby": "json-problem",
			placeholder,
			spellcheck: "false",
			autocapitalize: "off",
			autocomplete: "off",
			rows: 1,
			oninput: () => this.typed(),
		});
		this.area.addEventListener("keydown", (event) => {
			if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey || event.shiftKey) return;
			const before = this.area.value.slice(0, this.area.selectionStart).split("\n").pop() ?? "";
			const margin = (/^\s*/.exec(before)?.[0] ?? "") + (/[{[]\s*$/.test(before) ? "  " : "");
			if (margin && document.execCommand("insertText", false, `\n${margin}`)) event.preventDefault();
		});
		this.element = el("div", { class: "editor" }, this.paint, this.area);
		this.line = 0;
	}

	get text() {
		return this.area.value;
	}

	/** Replaces the text without a report of a change. @param {string} text */
	setText(text) {
		if (this.area.value !== text) this.area.value = text;
		this.color();
	}

	typed() {
		this.color();
		this.change(this.area.value);
	}

	/** Marks a line, from 1; 0 marks none. @param {number} line */
	mark(line) {
		if (this.line === line) return;
		this.paint.children[this.line - 1]?.classList.remove("bad");
		this.line = line;
		this.paint.children[line - 1]?.classList.add("bad");
		this.area.setAttribute("aria-invalid", String(line > 0));
	}

	/** Selects a range and scrolls to it. @param {number} from @param {number} to */
	select(from, to) {
		this.area.focus({ preventScroll: true });
		this.area.setSelectionRange(from, to);
		const line = this.area.value.slice(0, from).split("\n").length;
		this.paint.children[line - 1]?.scrollIntoView({ block: "center", inline: "nearest" });
	}

	color() {
		const text = this.area.value;
		const isLarge = text.length > MAX_COLORED;
		this.element.classList.toggle("large", isLarge);
		if (isLarge) {
			clear(this.paint);
			return;
		}
		const lines = text.split("\n");
		for (const [index, line] of lines.entries()) {
			const old = /** @type {HTMLElement | undefined} */ (this.paint.children[index]);
			if (old && old.textContent === line) continue;
			const node = el("span", { class: "line" }, colored(line));
			if (index + 1 === this.line) node.classList.add("bad");
			if (old) old.replaceWith(node);
			else this.paint.append(node);
		}
		while (this.paint.childElementCount > lines.length) this.paint.lastElementChild?.remove();
	}
}

/** @param {string} line @returns {(Node | string)[]} */
function colored(line) {
	/** @type {(Node | string)[]} */
	const parts = [];
	let at = 0;
	for (const found of line.matchAll(TOKEN)) {
		if (found.index > at) parts.push(line.slice(at, found.index));
		const [whole, string, colon, number] = found;
		if (string !== undefined) {
			parts.push(el("span", { class: colon ? "tree-key" : "tree-string" }, string), colon ?? "");
		} else {
			parts.push(el("span", { class: number === undefined ? "tree-bool" : "tree-number" }, whole));
		}
		at = found.index + whole.length;
	}
	parts.push(line.slice(at));
	return parts;
}

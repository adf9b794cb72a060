// Long strings, such as files as base64: the editor shows a short name instead of them.
import { size } from "./field.js";
import { JsonNumber } from "./json.js";

const LONG = 20_000;

export class Files {
	constructor() {
		/** Contents by the text that stands for them. @type {Map<string, string>} */
		this.contents = new Map();
		/** Name of the file that was chosen last. */
		this.name = "";
	}

	/** Returns a copy with names instead of long strings. @param {any} value @returns {any} */
	shorten(value) {
		return map(value, (text) => (text.length > LONG ? this.nameOf(text) : text));
	}

	/** Returns a copy with the long strings again. @param {any} value @returns {any} */
	expand(value) {
		if (this.contents.size === 0) return value;
		return map(value, (text) => this.contents.get(text) ?? text);
	}

	/** @param {string} content */
	nameOf(content) {
		for (const [name, known] of this.contents) if (known === content) return name;
		for (let n = 1; ; n += 1) {
			const name = `<${[this.name || "base64", size(content.length), n > 1 ? n : ""].filter(Boolean).join(", ")}>`;
			if (this.contents.has(name)) continue;
			this.contents.set(name, content);
			return name;
		}
	}
}

/** Returns a copy with other strings. @param {any} value @param {(text: string) => string} change @returns {any} */
function map(value, change) {
	if (typeof value === "string") return change(value);
	if (typeof value !== "object" || value === null || value instanceof JsonNumber) return value;
	if (Array.isArray(value)) return value.map((item) => map(item, change));
	const copy = Object.create(null);
	for (const [key, item] of Object.entries(value)) copy[key] = map(item, change);
	return copy;
}

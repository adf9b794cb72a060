// JSON that keeps what was typed: 64-bit integers, digits, and the order of the fields.

/** @typedef {import("../types.js").Json} Json */
/** @typedef {import("../types.js").JsonObject} JsonObject */

/** Number whose digits a JavaScript number would change. */
export class JsonNumber {
	/** @param {string} raw */
	constructor(raw) {
		this.raw = raw;
	}
	valueOf() {
		return Number(this.raw);
	}
	toString() {
		return this.raw;
	}
}

/** Syntax error with its position, both from 1. */
export class JsonError extends Error {
	/** @param {string} reason @param {string} text @param {number} offset */
	constructor(reason, text, offset) {
		super(reason);
		this.reason = reason;
		this.offset = offset;
		const before = text.slice(0, offset).split("\n");
		this.line = before.length;
		this.column = [...(before[before.length - 1] ?? "")].length + 1;
		this.found = [...text.slice(offset, offset + 2)][0] ?? "";
	}
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const SPACE = /[ \t\n\r]*/y;
const MAX_DEPTH = 200;
/** @type {Record<string, string>} */
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

class Parser {
	/** @param {string} text @param {Map<string, [number, number]> | null} spans */
	constructor(text, spans) {
		this.text = text;
		this.at = 0;
		this.spans = spans;
	}

	/** @param {string} reason */
	fail(reason) {
		return new JsonError(this.at >= this.text.length ? "json.end" : reason, this.text, this.at);
	}

	/** @param {RegExp} pattern */
	take(pattern) {
		pattern.lastIndex = this.at;
		const found = pattern.exec(this.text);
		if (!found) return null;
		this.at += found[0].length;
		return found[0];
	}

	space() {
		this.take(SPACE);
	}

	/** @param {string} token */
	accept(token) {
		if (!this.text.startsWith(token, this.at)) return false;
		this.at += token.length;
		return true;
	}

	/** @param {string} path @param {number} depth @returns {Json} */
	value(path, depth) {
		if (depth > MAX_DEPTH) throw this.fail("json.depth");
		const start = this.at;
		const value = this.bare(path, depth);
		this.spans?.set(path, [start, this.at]);
		return value;
	}

	/** @param {string} path @param {number} depth @returns {Json} */
	bare(path, depth) {
		const first = this.text[this.at];
		if (first === "{") return this.object(path, depth);
		if (first === "[") return this.array(path, depth);
		if (first === '"') return this.string();
		if (this.accept("true")) return true;
		if (this.accept("false")) return false;
		if (this.accept("null")) return null;
		const raw = this.take(NUMBER);
		if (raw === null) throw this.fail("json.value");
		return number(raw);
	}

	/** @param {string} path @param {number} depth */
	object(path, depth) {
		/** @type {JsonObject} */
		const object = Object.create(null);
		this.at += 1;
		this.space();
		if (this.accept("}")) return object;
		for (;;) {
			this.space();
			if (this.text[this.at] !== '"') throw this.fail("json.key");
			const start = this.at;
			const key = this.string();
			if (key in object) {
				this.at = start;
				throw this.fail("json.duplicate");
			}
			this.space();
			if (!this.accept(":")) throw this.fail("json.colon");
			this.space();
			object[key] = this.value(path ? `${path}.${key}` : key, depth + 1);
			this.space();
			if (this.accept("}")) return object;
			if (!this.accept(",")) throw this.fail("json.comma");
		}
	}

	/** @param {string} path @param {number} depth */
	array(path, depth) {
		/** @type {Json[]} */
		const array = [];
		this.at += 1;
		this.space();
		if (this.accept("]")) return array;
		for (;;) {
			this.space();
			array.push(this.value(`${path}[${array.length}]`, depth + 1));
			this.space();
			if (this.accept("]")) return array;
			if (!this.accept(",")) throw this.fail("json.comma");
		}
	}

	string() {
		this.at += 1;
		let string = "";
		for (;;) {
			string += this.take(PLAIN) ?? "";
			if (this.accept('"')) return string;
			if (!this.accept("\\")) throw this.fail("json.control");
			const letter = this.text[this.at] ?? "";
			if (letter === "u" && /^[0-9a-fA-F]{4}$/.test(this.text.slice(this.at + 1, this.at + 5))) {
				string += String.fromCharCode(parseInt(this.text.slice(this.at + 1, this.at + 5), 16));
				this.at += 5;
			} else if (Object.hasOwn(ESCAPES, letter)) {
				string += ESCAPES[letter];
				this.at += 1;
			} else {
				throw this.fail("json.escape");
			}
		}
	}
}

/** Returns a JavaScript number if it has the same digits, a `JsonNumber` otherwise. @param {string} raw
 * @returns {number | JsonNumber} */
export function number(raw) {
	const value = Number(raw);
	return String(value) === raw ? value : new JsonNumber(raw);
}

/** Returns whether the text is a JSON number. @param {string} text */
export function isNumber(text) {
	NUMBER.lastIndex = 0;
	return NUMBER.exec(text)?.[0] === text;
}

/** Parses a text; throws a `JsonError`. Objects have no prototype. `spans`, if given, gets the range of each value by its path, such as `Agent.ProxyOperator` or `FlowIds[0]`.
 * @param {string} text @param {Map<string, [number, number]> | null} [spans] @returns {any} */
export function parse(text, spans = null) {
	const parser = new Parser(text, spans);
	parser.space();
	const value = parser.value("", 0);
	parser.space();
	if (parser.at < text.length) throw parser.fail("json.trailing");
	return value;
}

/** Formats a value, with the digits of its numbers. @param {unknown} value @param {number} [indent]
 * @param {string} [margin] @returns {string} */
export function format(value, indent = 2, margin = "") {
	if (value === null || value === undefined) return "null";
	if (value instanceof JsonNumber) return value.raw;
	if (typeof value !== "object") return JSON.stringify(value);
	const inner = margin + " ".repeat(indent);
	const space = indent ? " " : "";
	const open = indent ? `\n${inner}` : "";
	const close = indent ? `\n${margin}` : "";
	if (Array.isArray(value)) {
		if (value.length === 0) return "[]";
		return `[${open}${value.map((item) => format(item, indent, inner)).join(`,${open}`)}${close}]`;
	}
	const entries = Object.entries(value).filter(([, item]) => item !== undefined);
	if (entries.length === 0) return "{}";
	const fields = entries.map(([key, item]) => `${JSON.stringify(key)}:${space}${format(item, indent, inner)}`);
	return `{${open}${fields.join(`,${open}`)}${close}}`;
}

/** Returns whether a value is an object with fields. @param {unknown} value @returns {value is JsonObject} */
export function isObject(value) {
	return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber);
}

/** Finds the first JSON object inside a text, such as a log line. Returns null if there is none, or nothing around it.
 * @param {string} text @returns {{value: JsonObject, text: string} | null} */
export function extract(text) {
	for (let at = text.indexOf("{"), tries = 0; at >= 0 && tries < 20; at = text.indexOf("{", at + 1), tries += 1) {
		const parser = new Parser(text, null);
		parser.at = at;
		try {
			const value = parser.value("", 0);
			if (isObject(value)) return { value, text: text.slice(at, parser.at) };
		} catch {
			// The next brace may begin an object.
		}
	}
	return extractEscaped(text);
}

/** Finds an object in a string of a text, as logs escape them. @param {string} text */
function extractEscaped(text) {
	const at = text.indexOf('"{');
	if (at < 0) return null;
	const parser = new Parser(text, null);
	parser.at = at;
	try {
		const inner = parser.string();
		const value = parse(inner);
		return isObject(value) ? { value, text: inner } : null;
	} catch {
		return null;
	}
}

/** Returns the keys of a path, such as `Agent.ProxyOperator` or `FlowIds[0]`. @param {string} path */
export function parsePath(path) {
	return [...path.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([key, index]) => (index === undefined ? key : Number(index)));
}

/** Returns the path of a field as text, such as `Agent.ProxyOperator` or `FlowIds[0]`.
 * @param {(string | number)[]} path */
export function pathText(path) {
	return path.map((key, index) => (typeof key === "number" ? `[${key}]` : index ? `.${key}` : key)).join("");
}

/** Returns a copy with another value at a path; undefined removes the field or element.
 * @param {Json | undefined} root @param {(string | number)[]} path @param {Json | undefined} value @returns {any} */
export function setAt(root, path, value) {
	const [key, ...rest] = path;
	if (key === undefined) return value;
	if (typeof key === "number") {
		const array = Array.isArray(root) ? [...root] : [];
		const item = setAt(array[key], rest, value);
		if (item === undefined) array.splice(key, 1);
		else array[key] = item;
		return array;
	}
	const object = Object.assign(Object.create(null), isObject(root) ? root : {});
	const field = setAt(object[key], rest, value);
	if (field === undefined) delete object[key];
	else object[key] = field;
	return object;
}

/** Returns the value at a path, or undefined. @param {any} root @param {(string | number)[]} path
 * @returns {Json | undefined} */
export function getAt(root, path) {
	return path.reduce((value, key) => (isObject(value) || Array.isArray(value) ? /** @type {any} */ (value)[key] : undefined), root);
}

// Folding tree of a JSON value.
import { el } from "./dom.js";
import { JsonNumber, isObject } from "./json.js";

/** @typedef {import("../types.js").Json} Json */
/** @typedef {{extra?: (key: string, value: Json, path: string) => import("./dom.js").Child[], open?: number}} TreeOptions */

const LONG = 400;
const MANY = 40;
const MANY_DEPTH = 9;

/** Returns a folding tree of a value. `extra` adds elements behind scalars. What has many leaves starts
 * folded, except above the depth `open`.
 * @param {Json} value @param {TreeOptions} [options] */
export function tree(value, options = {}) {
	return el("div", { class: "tree" }, node("", value, "", 0, options));
}

/** @param {string} key @param {Json} value @param {string} path @param {number} depth @param {TreeOptions} options */
function node(key, value, path, depth, options) {
	const label = key === "" ? null : el("span", { class: "tree-key" }, key);
	if (!Array.isArray(value) && !isObject(value)) {
		return el("div", { class: "tree-leaf" }, label, scalar(value), options.extra?.(key, value, path) ?? []);
	}
	const array = Array.isArray(value);
	const entries = array ? value.map((item, index) => /** @type {[string, Json]} */ ([`${index}`, item])) : Object.entries(value);
	if (entries.length === 0) {
		return el("div", { class: "tree-leaf" }, label, el("span", { class: "tree-null" }, array ? "[]" : "{}"));
	}
	const count = array ? `[${entries.length}]` : `{${entries.length}}`;
	const details = el("details", { class: "tree-node" });
	const summary = el("summary", null, label, el("span", { class: "tree-count" }, count));
	details.append(summary);
	const fill = () => {
		if (details.childElementCount > 1) return;
		details.append(el("div", { class: "tree-children" }, entries.map(([name, item]) =>
			node(name, item, array ? `${path}[${name}]` : path ? `${path}.${name}` : name, depth + 1, options))));
	};
	details.addEventListener("toggle", fill);
	if (depth < MANY_DEPTH && entries.length <= 100 && (depth < (options.open ?? 3) || leaves(value, MANY) < MANY)) {
		details.open = true;
		fill();
	}
	return details;
}

/** @param {Json} value */
function scalar(value) {
	if (value === null) return el("span", { class: "tree-null" }, "null");
	if (typeof value === "string") {
		if (value.length > LONG) {
			return el("details", { class: "tree-long" },
				el("summary", { class: "tree-string" }, JSON.stringify(value.slice(0, LONG)), "…"),
				el("span", { class: "tree-string" }, value));
		}
		return el("span", { class: "tree-string" }, JSON.stringify(value));
	}
	if (value instanceof JsonNumber || typeof value === "number") return el("span", { class: "tree-number" }, String(value));
	return el("span", { class: "tree-bool" }, String(value));
}

/** Counts the leaves of a value up to a maximum. @param {Json} value @param {number} max @returns {number} */
function leaves(value, max) {
	if (!Array.isArray(value) && !isObject(value)) return 1;
	let sum = 0;
	for (const item of Object.values(value)) {
		sum += leaves(item, max - sum);
		if (sum >= max) break;
	}
	return sum;
}

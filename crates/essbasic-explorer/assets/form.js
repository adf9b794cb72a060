// Form of a request: the fields of an object, nested ones included, as the JSON has them.
import { clear, el, uniqueId } from "./dom.js";
import { count } from "./i18n.js";
import { icon } from "./icons.js";
import { format, getAt, isObject, pathText, setAt } from "./json.js";
import { isTime, jsonType, scalar } from "./field.js";
import { innermost, limits, typeName } from "./describe.js";
import { inline } from "./markdown.js";
import { nextWeek } from "./prefill.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Field} Field */
/** @typedef {import("../types.js").FieldType} FieldType */
/** @typedef {import("../types.js").Item} Item */
/** @typedef {import("../types.js").Json} Json */
/** @typedef {import("../types.js").JsonObject} JsonObject */
/** @typedef {(string | number)[]} Path */

export class RequestForm {
	/** @param {Context} context @param {Item} item @param {(value: JsonObject) => void} change
	 * @param {import("./files.js").Files} files */
	constructor(context, item, change, files) {
		this.context = context;
		this.item = item;
		this.change = change;
		this.files = files;
		this.element = el("div", { class: "form", "data-testid": "form", role: "group", "aria-label": context.t("build.form") });
		/** @type {JsonObject} */
		this.value = Object.create(null);
		/** @type {Set<string>} */
		this.closed = new Set();
		/** Paths that were edited; their problems are shown. @type {Set<string>} */
		this.touched = new Set();
		/** @type {Map<string, string[]>} */
		this.problems = new Map();
		this.showsAll = false;
		if (context.session.agent) this.closed.add("Agent");
	}

	/** @param {JsonObject} value */
	update(value) {
		this.value = value;
		const focused = document.activeElement instanceof HTMLElement && this.element.contains(document.activeElement)
			? document.activeElement.dataset.path : undefined;
		const request = this.item.objects[this.item.request];
		clear(this.element, request ? this.fields(request.fields, value, []) : null);
		this.mark();
		if (focused !== undefined) this.find(focused)?.focus({ preventScroll: true });
	}

	/** Shows the problems of edited fields, or of all. @param {Map<string, string[]>} problems */
	showProblems(problems) {
		this.problems = problems;
		this.mark();
	}

	/** Shows the problems of all fields, whether edited or not. */
	showAll() {
		this.showsAll = true;
		this.mark();
	}

	mark() {
		for (const place of /** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll("[data-problem]"))) {
			const path = place.dataset.problem ?? "";
			const messages = this.showsAll || this.touched.has(path) ? this.problems.get(path) ?? [] : [];
			if (place.textContent !== messages.join("\n")) place.textContent = messages.join("\n");
			const control = this.find(path);
			if (messages.length > 0) control?.setAttribute("aria-invalid", "true");
			else control?.removeAttribute("aria-invalid");
		}
	}

	/** Returns the input of a path. @param {string} path @returns {HTMLElement | null} */
	find(path) {
		return this.element.querySelector(`[data-path="${CSS.escape(path)}"]`);
	}

	/** Moves to the input of a path, or of what contains it. @param {string} path */
	focus(path) {
		let at = path;
		for (;;) {
			const control = this.find(at);
			if (control) {
				for (let around = control.closest("details"); around; around = around.parentElement?.closest("details") ?? null) around.open = true;
				control.scrollIntoView({ block: "center" });
				control.focus({ preventScroll: true });
				return true;
			}
			if (!at) return false;
			at = at.replace(/(\.[^.[\]]*|\[\d+\]|^[^.[\]]*)$/, "");
		}
	}

	/** @param {Path} path @param {Json | undefined} value @param {boolean} structural */
	set(path, value, structural) {
		this.value = setAt(this.value, path, value);
		this.touched.add(pathText(path));
		if (structural) this.update(this.value);
		this.change(this.value);
	}

	/** @param {Field[]} fields @param {JsonObject} value @param {Path} path @returns {import("./dom.js").Child[]} */
	fields(fields, value, path) {
		const names = new Set(fields.map((field) => field.name));
		const shown = fields.filter((field) => field.name in value || (field.required && !field.deprecated && !field.internal));
		const absent = fields.filter((field) => !shown.includes(field));
		const unknown = Object.keys(value).filter((name) => !names.has(name));
		return [
			...shown.map((field) => this.row(field, value[field.name], [...path, field.name])),
			unknown.length > 0 ? this.unknown(unknown, value, path) : null,
			absent.length > 0 ? this.adder(absent, path) : null,
		];
	}

	/** @param {string[]} names @param {JsonObject} value @param {Path} path */
	unknown(names, value, path) {
		const { t } = this.context;
		return el("div", { class: "unknown" }, el("p", { class: "label" }, t("build.unknown")), names.map((name) => {
			const place = pathText([...path, name]);
			return el("div", { class: "unknown-row" },
				el("div", null, el("code", null, `${name}: ${format(value[name], 0).slice(0, 300)}`), this.problem(place)),
				this.tool("close", t("build.remove", { name }), () => this.set([...path, name], undefined, true), place));
		}));
	}

	/** @param {Field[]} absent @param {Path} path */
	adder(absent, path) {
		const { t } = this.context;
		const select = el("select", {
			class: "adder",
			"aria-label": t("build.add.field"),
			onchange: () => {
				const field = absent.find((one) => one.name === select.value);
				if (!field) return;
				this.set([...path, field.name], this.initial(field, field.type), true);
				this.focus(pathText([...path, field.name]));
			},
		}, el("option", { value: "" }, `+ ${t("build.add.field.n", { n: count(absent.length) })}`),
		[...absent].sort((a, b) => Number(rare(a)) - Number(rare(b))).map((field) => el("option", { value: field.name },
			field.name + (field.deprecated ? ` (${t("field.deprecated")})` : field.internal ? ` (${t("field.internal")})` : ""))));
		return el("p", null, select);
	}

	/** Returns the first value of a field that is added. @param {Field} field @param {FieldType} type @returns {Json} */
	initial(field, type) {
		if (type.kind === "array") {
			return type.items ? [this.initial(field, type.items)] : [];
		}
		if (type.kind === "object") {
			if (type.object === "Agent" && this.context.session.agent) return this.context.session.agent;
			/** @type {JsonObject} */
			const object = Object.create(null);
			for (const inner of this.item.objects[type.object ?? ""]?.fields ?? []) {
				if (inner.required && !inner.deprecated) object[inner.name] = this.initial(inner, inner.type);
			}
			return object;
		}
		if (type.kind === "bool") return true;
		if (isTime(field, type.kind)) return nextWeek();
		if (type.kind !== "string") return 0;
		return "";
	}

	/** @param {Field} field @param {Json | undefined} value @param {Path} path */
	row(field, value, path) {
		const { t, catalogue } = this.context;
		const place = pathText(path);
		const help = uniqueId("help");
		const isNested = field.type.kind === "object" || field.type.kind === "array";
		const doc = (field.doc ?? "").split(/\n\n/)[0] ?? "";
		const short = doc.split(/(?<=[.。])\s/)[0] ?? "";
		const row = el("div", { class: isNested ? "form-row nested" : "form-row" },
			el("div", { class: "form-label" },
				el("span", { class: "form-name" }, el("code", null, field.name),
					field.required ? el("span", { class: "required-mark", title: t("field.required") }, "*", el("span", { class: "visually-hidden" }, t("field.required"))) : null),
				el("span", { class: "field-type" }, typeName(field.type, this.context), limits(field, t).map((text) => ` · ${text}`)),
				value === undefined || (field.required && !field.deprecated)
					? null
					: this.tool("close", t("build.remove", { name: field.name }), () => this.set(path, undefined, true))),
			short ? el("p", { class: "form-help", id: help, title: short === doc ? null : doc.replaceAll("`", "") }, inline(short, catalogue)) : null,
			el("div", { class: "form-value" }, value === undefined ? this.missing(field, path) : this.editor(field, field.type, value, path, help)),
			this.problem(place));
		return row;
	}

	/** Returns the input of a required field that the JSON lacks. @param {Field} field @param {Path} path */
	missing(field, path) {
		const { t } = this.context;
		return el("button", {
			class: "button small",
			"data-path": pathText(path),
			onclick: () => {
				this.set(path, this.initial(field, field.type), true);
				this.focus(pathText(path));
			},
		}, icon("plus"), `${t("build.add")} ${field.name}`);
	}

	/** @param {string} path */
	problem(path) {
		return el("p", { class: "problem", "data-problem": path, id: problemId(path), "aria-live": "polite" });
	}

	/** @param {Field} field @param {FieldType} type @param {Json} value @param {Path} path @param {string} help */
	editor(field, type, value, path, help) {
		if (type.kind === "array" && Array.isArray(value)) return this.array(field, type.items ?? { kind: "string" }, value, path, help);
		if (type.kind === "object" && isObject(value)) return this.object(field, type, value, path);
		const isScalar = value === null || typeof value !== "object" || !(Array.isArray(value) || isObject(value));
		if (type.kind === "array" || type.kind === "object" || !isScalar) {
			return el("p", { class: "note warning small", tabindex: 0, "data-path": pathText(path) },
				this.context.t("build.type", { found: jsonType(value), type: type.object ?? type.kind }));
		}
		const sets = this.item.values;
		const name = path[path.length - 1];
		return scalar({
			field,
			kind: type.kind,
			value,
			label: pathText(path),
			path: pathText(path),
			describedby: `${help} ${problemId(pathText(path))}`,
			values: field.values && !Array.isArray(sets) ? sets?.[field.values]?.values ?? null : null,
			t: this.context.t,
			set: (next) => this.set(path, next, false),
			file: (fileName, content) => {
				this.files.name = fileName;
				const sibling = [...path.slice(0, -1), "FileName"];
				if (name === "FileBody" && path.length > 1) this.value = setAt(this.value, sibling, fileName);
				this.set(path, content, true);
			},
		});
	}

	/** @param {Field} field @param {FieldType} type @param {JsonObject} value @param {Path} path */
	object(field, type, value, path) {
		const object = this.item.objects[type.object ?? innermost(field.type).object ?? ""];
		const place = pathText(path);
		const body = el("div", { class: "nested-body" }, this.fields(object?.fields ?? [], value, path));
		const details = el("details", { class: "nested-object", open: !this.closed.has(place) },
			el("summary", { "data-path": place }, el("code", null, typeof path[path.length - 1] === "number" ? `[${path[path.length - 1]}]` : type.object ?? ""),
				el("span", { class: "muted small" }, brief(value))), body);
		details.addEventListener("toggle", () => {
			if (details.open) this.closed.delete(place);
			else this.closed.add(place);
		});
		return details;
	}

	/** @param {Field} field @param {FieldType} items @param {Json[]} value @param {Path} path @param {string} help */
	array(field, items, value, path, help) {
		const { t } = this.context;
		const place = pathText(path);
		/** @type {HTMLElement[]} */
		const rows = value.map((item, index) => {
			const at = [...path, index];
			const name = pathText([field.name, index]);
			/** @param {number} to */
			const move = (to) => {
				const now = getAt(this.value, path);
				const next = Array.isArray(now) ? [...now] : [];
				next.splice(to, 0, ...next.splice(index, 1));
				this.set(path, next, true);
				this.focus(pathText([...path, to]));
			};
			return el("li", { class: "item" },
				el("div", { class: "item-value" }, this.editor(field, items, item, at, help), items.kind === "object" ? null : this.problem(pathText(at))),
				el("div", { class: "item-tools" },
					index > 0 ? this.tool("up", t("build.up", { name }), () => move(index - 1)) : null,
					index < value.length - 1 ? this.tool("down", t("build.down", { name }), () => move(index + 1)) : null,
					this.tool("close", t("build.remove", { name }), () => {
						this.set(at, undefined, true);
						this.focus(pathText([...path, Math.max(0, index - 1)]));
					})));
		});
		const list = el("ol", { class: "items" }, rows);
		return el("div", null, value.length > 0 ? list : null,
			el("button", {
				class: "button small",
				"data-path": place,
				onclick: () => {
					this.set([...path, value.length], this.initial(field, items), true);
					this.focus(pathText([...path, value.length]));
				},
			}, icon("plus"), t("build.add.item")));
	}

	/** @param {string} symbol @param {string} label @param {() => void} action @param {string} [path] */
	tool(symbol, label, action, path) {
		return el("button", { class: "tool", "aria-label": label, title: label, "data-path": path, onclick: action }, icon(symbol));
	}
}

/** @param {string} path */
function problemId(path) {
	return `problem-${encodeURIComponent(path)}`;
}

/** @param {Field} field */
function rare(field) {
	return Boolean(field.deprecated) || field.internal;
}

/** @param {JsonObject} value */
function brief(value) {
	const texts = Object.values(value).filter((item) => typeof item === "string" && item && item.length < 40);
	return texts.slice(0, 2).join(", ");
}


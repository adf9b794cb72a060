// Reference of an action: documentation, fields with limits and values, rules, errors, related actions.
import { breakable, el } from "./dom.js";
import { count } from "./i18n.js";
import { format } from "./json.js";
import { code, inline, known, markdown } from "./markdown.js";
import { link } from "./router.js";
import { icon } from "./icons.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Field} Field */
/** @typedef {import("../types.js").Item} Item */
/** @typedef {import("../types.js").ObjectItem} ObjectItem */
/** @typedef {import("./dom.js").Child} Child */

const MANY = 40;

/** Fills the reference of an action. @param {HTMLElement} container @param {Context} context @param {Item} item */
export function describe(container, context, item) {
	const { t, catalogue } = context;
	const request = item.objects[item.request];
	const response = item.objects[item.response];
	const sections = [
		request ? objectFields(request, item, context, t("describe.request")) : null,
		response ? objectFields(response, item, context, t("describe.response")) : null,
		Object.keys(item.example ?? {}).length > 0
			? section("example", t("describe.example"), el("pre", { class: "code", tabindex: 0 }, format(item.example)))
			: null,
		errors(item, context),
		nameList(t("describe.related"), item.related ?? [], context),
	];
	const shown = /** @type {HTMLElement[]} */ (sections.filter(Boolean));
	for (const [index, node] of shown.entries()) node.id = `section-${index}`;
	container.append(el("div", { class: "reference" },
		el("div", { class: "stack reference-main" },
			el("div", { class: "doc" }, markdown(item.doc ?? "", catalogue)),
			el("p", null, el("a", { class: "button primary", href: link(item.name, { tab: "call" }) }, t("describe.build"), icon("arrow"))),
			shown),
		el("nav", { class: "contents", "aria-label": t("describe.contents") },
			el("p", { class: "side-title" }, t("describe.contents")),
			shown.map((node) => el("button", {
				class: "contents-link",
				onclick: () => {
					node.scrollIntoView({ block: "start" });
					node.querySelector("h2")?.focus({ preventScroll: true });
				},
			}, node.querySelector("h2")?.textContent ?? "")))));
}

/** @param {string} name @param {string} title @param {...Child} children */
function section(name, title, ...children) {
	return el("section", { class: "stack section", "data-section": name }, el("h2", { tabindex: -1 }, title), children);
}

/** Returns a section with the fields and rules of an object. @param {ObjectItem} object @param {Item} item
 * @param {Context} context @param {string} title */
export function objectFields(object, item, context, title) {
	const { t } = context;
	return section("fields", title,
		object.fields.length === 0 ? el("p", { class: "muted" }, t("describe.nofields")) : fieldList(object, item, context, [object.name]),
		rules(object, context));
}

/** @param {ObjectItem} object @param {Context} context */
function rules(object, { t, catalogue }) {
	if (!object.rules?.length) return null;
	return el("div", { class: "rules" }, el("h3", null, t("describe.rules")),
		el("ul", null, object.rules.map((rule) => el("li", null, inline(rule, catalogue)))));
}

/** @param {ObjectItem} object @param {Item} item @param {Context} context @param {string[]} within @returns {HTMLElement} */
function fieldList(object, item, context, within) {
	return el("dl", { class: "fields" }, object.fields.map((field) => fieldEntry(field, item, context, within)));
}

/** @param {Field} field @param {Item} item @param {Context} context @param {string[]} within @returns {HTMLElement} */
function fieldEntry(field, item, context, within) {
	const { t, catalogue } = context;
	const name = innermost(field.type).object;
	const nested = name && !within.includes(name) ? item.objects[name] : undefined;
	const set = field.values && !Array.isArray(item.values) ? item.values?.[field.values] : undefined;
	return el("div", { class: field.deprecated || field.internal ? "fields-entry faded" : "fields-entry" },
		el("dt", null,
			el("code", { class: "field-name" }, field.name),
			el("span", { class: "field-type" }, typeName(field.type, context)),
			field.required ? el("span", { class: "field-flag required" }, t("field.required")) : null,
			field.internal ? el("span", { class: "field-flag" }, t("field.internal")) : null,
			field.sensitive ? el("span", { class: "field-flag" }, t("field.sensitive")) : null,
			field.base64 ? el("span", { class: "field-flag" }, "base64") : null,
			field.deprecated ? el("span", { class: "field-flag danger" }, t("field.deprecated")) : null,
			limits(field, t).map((text) => el("span", { class: "field-flag" }, text))),
		el("dd", { class: "doc" },
			markdown(field.doc ?? "", catalogue),
			field.deprecated ? el("p", { class: "small" }, el("strong", null, t("field.deprecated")), " ", inline(field.deprecated, catalogue)) : null,
			set ? folded(el("span", null, t("describe.values"), " ", el("code", null, set.name), " ", countOf(set.values.length)), set.values.length <= 6,
				() => [valueTable(set.values, context)]) : null,
			nested ? folded(el("span", null, el("code", null, nested.name), " ", countOf(nested.fields.length)), false,
				() => [fieldList(nested, item, context, [...within, nested.name]), rules(nested, context)]) : null));
}

/** @param {number} n */
function countOf(n) {
	return el("span", { class: "count" }, count(n));
}

/** Returns a folding part that is filled when it is opened. @param {Child} title @param {boolean} open
 * @param {() => Child[]} content */
function folded(title, open, content) {
	const body = el("div", { class: "fold-body" });
	const details = el("details", { class: "fold", open }, el("summary", null, title), body);
	const fill = () => {
		if (details.open && !body.hasChildNodes()) body.append(.../** @type {Node[]} */ (content().filter(Boolean)));
	};
	details.addEventListener("toggle", fill);
	fill();
	return details;
}

/** @param {import("../types.js").FieldType} type */
export function innermost(type) {
	let inner = type;
	while (inner.items) inner = inner.items;
	return inner;
}

/** Returns the name of a type; objects are links. @param {import("../types.js").FieldType} type
 * @param {Context} context @returns {Child[]} */
export function typeName(type, context) {
	if (type.kind === "array" && type.items) {
		const [before = "", after = ""] = context.t("field.array").split("{type}");
		return [before, ...typeName(type.items, context), after];
	}
	if (type.object) return [code(type.object, context.catalogue)];
	return [type.kind];
}

/** Returns the limits of a field as short texts. @param {Field} field @param {Context["t"]} t @returns {string[]} */
export function limits(field, t) {
	const { min_items, max_items, min_chars, max_chars, max_bytes, min, max } = field.limits ?? {};
	const texts = [];
	const items = range(min_items, max_items, t);
	if (items) texts.push(t("limit.items", { range: items, n: last(max_items, min_items) }));
	const chars = range(min_chars, max_chars, t);
	if (chars) texts.push(t("limit.chars", { range: chars, n: last(max_chars, min_chars) }));
	if (max_bytes !== undefined) texts.push(t("limit.max_bytes", { n: count(Number(max_bytes)) }));
	const value = range(min, max, t);
	if (value) texts.push(t("limit.value", { range: value }));
	return texts;
}

/** Returns the number before the unit. @param {number | undefined} max @param {number | undefined} min */
function last(max, min) {
	return Number(max ?? min);
}

/** @param {number | undefined} from @param {number | undefined} to @param {Context["t"]} t */
function range(from, to, t) {
	if (from === undefined && to === undefined) return "";
	if (from === undefined || (Number(from) === 0 && to !== undefined)) return t("limit.atmost", { n: count(Number(to)) });
	if (to === undefined) return t("limit.atleast", { n: count(Number(from)) });
	if (Number(from) === Number(to)) return t("limit.exactly", { n: count(Number(to)) });
	return t("limit.between", { min: count(Number(from)), max: count(Number(to)) });
}

/** @param {import("../types.js").ValueSet["values"]} values @param {Context} context */
export function valueTable(values, context) {
	return el("dl", { class: "values" }, values.map((value) => el("div", null,
		el("dt", null, el("code", null, String(value.wire))),
		el("dd", null, inline(value.doc ?? "", context.catalogue)))));
}

/** @param {Item} item @param {Context} context */
function errors(item, context) {
	const { t, catalogue } = context;
	if (!item.errors?.length) return null;
	const rows = item.errors.map((error) => el("div", { class: "error-row" },
		el("dt", null, code(error.code, catalogue, breakable(error.code))),
		el("dd", null,
			el("p", null, inline(error.doc ?? "", catalogue)),
			error.hint ? el("p", { class: "muted small" }, inline(error.hint, catalogue)) : null)));
	const filter = el("input", {
		class: "input",
		type: "search",
		"aria-label": t("describe.errors.filter"),
		placeholder: t("describe.errors.filter"),
		oninput: () => {
			const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
			for (const row of rows) {
				const text = (row.textContent ?? "").toLowerCase();
				row.hidden = !words.every((word) => text.includes(word));
			}
		},
	});
	return section("errors", `${t("describe.errors")} (${count(rows.length)})`, rows.length > 8 ? filter : null, el("dl", { class: "errors" }, rows));
}

/** Returns a section with links; more than a few fold. @param {string} title @param {string[]} names
 * @param {Context} context */
export function nameList(title, names, context) {
	if (names.length === 0) return null;
	const links = names.map((name) => {
		const target = known(context.catalogue).has(name) ? name : name.split(".")[0] ?? "";
		const text = el("code", null, breakable(name));
		return el("li", null, known(context.catalogue).has(target)
			? el("a", { href: link(target), class: "name-link" }, text, actionTitle(name, context))
			: text);
	});
	const list = el("ul", { class: "names" }, links.slice(0, MANY));
	const more = names.length > MANY
		? el("button", { class: "button small", onclick: () => {
			list.append(...links.slice(MANY));
			more?.remove();
		} }, context.t("describe.more", { n: count(names.length) }))
		: null;
	return section("names", title, list, more);
}

/** @param {string} name @param {Context} context */
function actionTitle(name, { catalogue, lang }) {
	const action = catalogue.actions.find((one) => one.name === name);
	if (!action) return null;
	return el("span", { class: "muted small" }, (lang === "zh" ? action.title : action.title_en || action.title).replaceAll("`", ""));
}

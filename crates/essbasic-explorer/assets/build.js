// Request of an action: form and JSON side by side, checked while typing.
import { ask, clear, debounce, el, tabs } from "./dom.js";
import { count } from "./i18n.js";
import { JsonError, extract, format, getAt, isObject, parse } from "./json.js";
import { Editor } from "./editor.js";
import { RequestForm } from "./form.js";
import { isPlaceholder } from "./field.js";
import { callPanel } from "./call.js";
import { prefill } from "./prefill.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Check} Check */
/** @typedef {import("../types.js").JsonObject} JsonObject */

const CHECK_DELAY = 220;
const LONG = 20_000;

/** @param {HTMLElement} container @param {Context} context */
export async function render(container, context) {
	const { t, session } = context;
	const name = context.route.path;
	const item = await context.describe(name);
	const builder = new Builder(context, item);
	const given = fromAddress(context);
	const draft = given ? "" : session.draft(name);
	const text = draft || format(builder.prefilled(Object.assign(await skeleton(context, "required"), given)));
	if (given) context.navigate(name, { tab: "call" }, { replace: true, quiet: true });
	const start = el("span", { class: "row start" }, el("span", { class: "muted small" }, t("build.start")),
		["required", "all"].map((fields) => el("button", {
			class: "button ghost small",
			"data-testid": `fill-${fields}`,
			onclick: async () => void builder.replace(builder.prefilled(await skeleton(context, fields))),
		}, t(`build.${fields}`))),
		Object.keys(item.example ?? {}).length > 0
			? el("button", { class: "button ghost small", "data-testid": "fill-example",
				onclick: () => void builder.replace(builder.prefilled(item.example)) }, t("build.example"))
			: null);
	const panes = el("div", { class: "panes", "data-view": "form" },
		el("section", { class: "pane form-pane", id: "pane-form" }, builder.stale, builder.form.element),
		el("section", { class: "pane json-pane", id: "pane-json" },
			builder.editor.element,
			el("div", { class: "row between json-foot" }, builder.problem,
				el("button", { class: "button ghost small", onclick: () => builder.tidy() }, t("build.format")))));
	const views = tabs({
		label: t("build.views"),
		selected: "form",
		tabs: [{ id: "form", label: t("build.form") }, { id: "json", label: t("build.json") }],
		select: (view) => {
			panes.dataset.view = view;
		},
	});
	views.classList.add("views");
	container.append(el("div", { class: "row between build-bar" }, start, builder.status), builder.summary, views, panes,
		callPanel(context, item, builder));
	builder.load(text);
	if (item.deprecated === true || typeof item.deprecated === "string") container.prepend(el("p", { class: "note warning" }, t("describe.deprecated")));
	return () => builder.dispose();
}

/** @param {Context} context @param {string} fields */
async function skeleton(context, fields) {
	return /** @type {JsonObject} */ (await context.api.get(`api/skeleton/${context.route.path}?fields=${fields}`));
}

/** Takes the fields that a link to this page gives, once: coming back shows what has been typed since.
 * @param {Context} context @returns {JsonObject | null} */
function fromAddress({ route }) {
	const text = route.query.get("request") ?? "null";
	route.query.delete("request");
	try {
		const value = parse(text);
		return isObject(value) ? value : null;
	} catch {
		return null;
	}
}

/** Request that is being built: its text, and its value if the text has one. */
export class Builder {
	/** @param {Context} context @param {import("../types.js").Item} item */
	constructor(context, item) {
		const { t } = context;
		this.context = context;
		this.item = item;
		this.dirty = false;
		this.files = context.session.files;
		/** Text of the request, with names instead of files. */
		this.source = "";
		/** @type {JsonObject} */
		this.value = Object.create(null);
		this.request = "";
		/** @type {Map<string, [number, number]>} */
		this.spans = new Map();
		/** @type {(() => void)[]} */
		this.listeners = [];
		this.form = new RequestForm(context, item, (value) => this.fromForm(value), this.files);
		this.editor = new Editor(t("build.json"), t("build.paste"), (text) => this.fromText(text));
		this.status = el("p", { class: "build-status", role: "status" });
		this.summary = el("div", { class: "summary", id: "summary", "data-testid": "violations", hidden: true });
		this.problem = el("p", { class: "problem", id: "json-problem", "aria-live": "polite" });
		this.stale = el("p", { class: "note warning small", hidden: true }, t("build.stale"));
		/** @type {AbortController | null} */
		this.checking = null;
		this.later = debounce(CHECK_DELAY, () => void this.check());
	}

	dispose() {
		this.later.cancel();
		this.checking?.abort();
	}

	/** @param {() => void} listener */
	onChange(listener) {
		this.listeners.push(listener);
	}

	/** @param {JsonObject} value */
	prefilled(value) {
		return prefill(value, this.item, this.context);
	}

	/** @param {string} text */
	load(text) {
		const { value } = extract(text) ?? {};
		this.editor.setText(value && text.length > LONG ? this.short(value) : text);
		this.read(this.editor.text);
		this.dirty = false;
		void this.check();
	}

	/** Returns the text of a value, with names instead of files. @param {JsonObject} value */
	short(value) {
		return format(this.files.shorten(value));
	}

	/** @param {JsonObject} value */
	async replace(value) {
		const { t } = this.context;
		const text = format(value);
		if (this.dirty && text !== this.editor.text) {
			const answer = await ask(t("build.replace"), (close) => [
				el("h2", null, t("build.replace")),
				el("p", null, t("build.replace.text")),
				el("div", { class: "row" },
					el("button", { class: "button primary", onclick: () => close(true) }, t("build.replace.yes")),
					el("button", { class: "button", onclick: () => close(null) }, t("build.cancel"))),
			]);
			if (!answer) return;
		}
		this.form.touched.clear();
		this.form.showsAll = false;
		this.load(text);
		this.changed();
	}

	/** Formats the text, or keeps only the request of a log line. */
	tidy() {
		if (!isObject(this.value) || this.request === "") return;
		this.editor.setText(this.short(this.value));
		this.read(this.editor.text);
		this.changed();
	}

	/** @param {JsonObject} value */
	fromForm(value) {
		this.value = value;
		const text = this.short(value);
		this.editor.setText(text);
		this.read(text, true);
		this.dirty = true;
		this.changed();
	}

	/** @param {string} text */
	fromText(text) {
		this.dirty = true;
		this.form.showsAll = true;
		this.read(text);
		this.changed();
	}

	/** Text to send: the request, or what was typed if that has none. */
	get text() {
		return this.request || this.editor.text;
	}

	changed() {
		this.context.session.setDraft(this.item.name, this.source || this.editor.text);
		this.rememberAgent();
		this.later();
		for (const listener of this.listeners) listener();
	}

	rememberAgent() {
		const agent = this.value.Agent;
		if (!isObject(agent) || Object.keys(agent).length === 0) return;
		const texts = [agent.AppId, agent.ProxyOrganizationOpenId, getAt(agent, ["ProxyOperator", "OpenId"])];
		if (texts.some((text) => text === "" || isPlaceholder(text)) || !agent.AppId) return;
		this.context.session.agent = agent;
	}

	/** Reads the text into the value; a syntax error keeps the last value. @param {string} text
	 * @param {boolean} [isFromForm] */
	read(text, isFromForm = false) {
		const { t } = this.context;
		let error = null;
		let within = null;
		try {
			const spans = new Map();
			const value = parse(text, spans);
			if (!isObject(value)) throw new JsonError("json.object", text, 0);
			this.value = this.files.expand(value);
			this.spans = spans;
			this.source = text;
			this.request = this.value === value ? text : format(this.value);
		} catch (caught) {
			if (!(caught instanceof JsonError)) throw caught;
			error = caught;
			within = extract(text);
			if (within) {
				this.value = within.value;
				this.source = within.text;
				this.request = within.text;
				this.spans = new Map();
			} else {
				this.source = "";
				this.request = "";
			}
		}
		const isStale = this.request === "";
		if (!isFromForm && !isStale) this.form.update(this.value);
		this.form.element.toggleAttribute("inert", isStale);
		this.stale.hidden = !isStale;
		this.editor.mark(error && !within ? error.line : 0);
		if (within) {
			clear(this.problem, t("build.extracted"), " ",
				el("button", { class: "button small", "data-testid": "extract", onclick: () => this.tidy() }, t("build.extract")));
		} else if (error) {
			const offset = error.offset;
			clear(this.problem, el("button", { class: "problem-link", onclick: () => this.editor.select(offset, offset + 1) },
				t("build.syntax", { line: error.line, column: error.column, reason: t(error.reason) })));
		} else {
			clear(this.problem);
		}
		this.problem.classList.toggle("info", within !== null);
	}

	/** Asks the server for the problems of the text. */
	async check() {
		this.checking?.abort();
		const mine = new AbortController();
		this.checking = mine;
		const { t, api } = this.context;
		try {
			const check = /** @type {Check} */ (await api.post(`api/check/${this.item.name}`, this.text, {}, mine.signal));
			if (!mine.signal.aborted) this.show(check);
		} catch (error) {
			if (mine.signal.aborted) return;
			clear(this.status, el("span", { class: "badge danger" }, error instanceof api.ApiError && error.message ? error.message : t("error.unreachable")));
		}
	}

	/** @param {Check} check */
	show(check) {
		const { t } = this.context;
		const violations = check.violations ?? [];
		const problems = new Map();
		for (const violation of violations) violation.path = violation.path.replace(/\.(\d+)(?=\.|$)/g, "[$1]");
		for (const { path, message } of violations) problems.set(path, [...(problems.get(path) ?? []), message]);
		this.form.showProblems(problems);
		const n = Math.max(violations.length, check.ok ? 0 : 1);
		const label = t("build.invalid", { n: count(n) });
		clear(this.status, n === 0
			? el("span", { class: "badge success" }, t("build.valid"))
			: el("button", {
				class: "badge warning status-button",
				"aria-expanded": String(!this.summary.hidden),
				"aria-controls": "summary",
				onclick: () => {
					this.summary.hidden = !this.summary.hidden;
					this.form.showAll();
					this.status.querySelector("button")?.setAttribute("aria-expanded", String(!this.summary.hidden));
				},
			}, label));
		if (n === 0) this.summary.hidden = true;
		clear(this.summary, el("ul", null, violations.map(({ path, message }) => el("li", null,
			el("button", { class: "problem-link", onclick: () => this.goTo(path) },
				path ? el("code", null, path) : null, path ? " " : null, message)))));
	}

	/** Moves to the place of a problem, in the view that is shown. @param {string} path */
	goTo(path) {
		this.form.showAll();
		const isFormShown = this.form.element.offsetParent !== null && !this.form.element.hasAttribute("inert");
		if (isFormShown && this.form.focus(path)) return;
		const span = this.spans.get(path) ?? this.spans.get("");
		if (span) this.editor.select(span[0], Math.min(span[1], span[0] + 200));
		else this.editor.area.focus();
	}
}

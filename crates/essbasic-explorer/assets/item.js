// Page of one name: an action with its tabs, an object, a value set or an error code.
import { append, breakable, clear, el, tabs } from "./dom.js";
import { navigate } from "./router.js";
import { groupTitle } from "./side.js";
import { inline, markdown } from "./markdown.js";
import { describe, nameList, objectFields, valueTable } from "./describe.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Item} Item */

/** @param {HTMLElement} container @param {Context} context */
export async function render(container, context) {
	const item = await context.describe(context.route.path);
	if (item.kind === "action") return action(container, context, item);
	const { t } = context;
	const linked = (/** @type {string} */ text) => markdown(text, context.catalogue);
	container.classList.add("narrow");
	container.append(el("header", { class: "page-head stack" },
		el("p", { class: "eyebrow" }, t(`kind.${item.kind}`)),
		el("h1", { class: "mono", "data-title": item.name }, breakable(item.name)),
		el("div", { class: "doc" }, linked(item.doc ?? ""))));
	if (item.kind === "object") {
		const object = item.objects?.[item.name];
		if (object) container.append(objectFields(object, item, context, t("describe.fields")));
	}
	if (item.kind === "values") {
		const values = Array.isArray(item.values) ? item.values : item.values?.[item.name]?.values ?? [];
		container.append(el("section", { class: "card" }, valueTable(values, context)));
	}
	if (item.kind === "code" && item.hint) {
		container.append(el("div", { class: "note" }, el("strong", null, t("error.hint")), el("div", { class: "hint" }, linked(item.hint))));
	}
	append(container, [
		nameList(t("describe.used_in"), item.used_in ?? [], context),
		nameList(t("describe.returned_by"), item.returned_by ?? [], context),
	]);
	return undefined;
}

/** @param {HTMLElement} container @param {Context} context @param {Item} item */
async function action(container, context, item) {
	const { t, route } = context;
	const wanted = route.query.get("tab") ?? "";
	const selected = ["call", "code"].includes(wanted) ? wanted : "describe";
	const panel = el("div", { id: "tab-panel", role: "tabpanel", "aria-labelledby": `tab-${selected}` });
	/** @type {(() => void) | void} */
	let dispose;
	let turn = 0;
	/** @param {string} tab */
	const show = async (tab) => {
		turn += 1;
		const mine = turn;
		const next = el("div", { class: "stack tab-page" });
		/** @type {(() => void) | void} */
		let ended = undefined;
		if (tab === "call") ended = await (await import("./build.js")).render(next, context);
		else if (tab === "code") ended = await (await import("./code.js")).render(next, context);
		else describe(next, context, item);
		if (mine !== turn) {
			ended?.();
			return;
		}
		dispose?.();
		dispose = ended;
		panel.setAttribute("aria-labelledby", `tab-${tab}`);
		clear(panel, next);
	};
	const title = context.lang === "zh" ? item.title : summary(context, item.name)?.title_en || item.title;
	container.append(
		el("header", { class: "page-head" },
			el("p", { class: "eyebrow row" }, groupTitle(item.group ?? "")),
			el("h1", { class: "mono", "data-title": item.name }, breakable(item.name)),
			el("p", { class: "lead" }, inline(title ?? "", context.catalogue)),
			el("p", { class: "row badges" }, badges(item, context))),
		tabs({
			label: t("item.tabs"),
			selected,
			controls: "tab-panel",
			tabs: [
				{ id: "describe", label: t("item.describe") },
				{ id: "call", label: t("item.call"), testid: "tab-call" },
				{ id: "code", label: t("item.code"), testid: "tab-code" },
			],
			select: (tab) => {
				navigate(item.name, tab === "describe" ? {} : { tab }, { replace: true, quiet: true });
				void show(tab);
			},
		}),
		panel);
	await show(selected);
	return () => {
		turn += 1;
		dispose?.();
	};
}

/** @param {Context} context @param {string} name */
function summary(context, name) {
	return context.catalogue.actions.find((action) => action.name === name);
}

/** @param {Item} item @param {Context} context */
function badges(item, { t }) {
	return [
		el("span", { class: `badge ${item.effect}`, title: t(`effect.${item.effect}.doc`) }, t(`effect.${item.effect}`)),
		el("span", { class: "badge", title: t(item.idempotent ? "describe.idempotent.doc" : "describe.not_idempotent.doc") },
			t(item.idempotent ? "describe.idempotent" : "describe.not_idempotent")),
		item.rate_limit ? el("span", { class: "badge" }, t("describe.rate", { n: Number(item.rate_limit) })) : null,
		item.host ? el("span", { class: "badge" }, el("code", null, item.host)) : null,
		item.pages ? el("span", { class: "badge" }, t("describe.pages")) : null,
		item.deprecated ? el("span", { class: "badge danger" }, t("describe.deprecated")) : null,
		item.feature ? el("span", { class: "badge", title: t("describe.feature") }, el("code", null, item.feature)) : null,
	];
}


// First page: how to start, and all actions by group.
import { breakable, el } from "./dom.js";
import { count } from "./i18n.js";
import { icon } from "./icons.js";
import { inline } from "./markdown.js";
import { link } from "./router.js";
import { groupTitle } from "./side.js";

/** @typedef {import("../types.js").Context} Context */

/** Actions of the usual way of a contract. */
const STEPS = ["UploadFiles", "ChannelCreateFlowByFiles", "CreateSignUrls", "DescribeFlowDetailInfo", "DescribeResourceUrlsByFlows"];
/** The same in an emulator, which has templates and signs by itself. */
const EMULATOR = ["DescribeTemplates", "CreateFlowsByTemplates", "emulator", "DescribeFlowDetailInfo", "DescribeResourceUrlsByFlows"];

/** @param {HTMLElement} container @param {Context} context */
export async function render(container, context) {
	const { catalogue, t } = context;
	const known = new Set(catalogue.actions.map((action) => action.name));
	container.append(
		el("header", { class: "hero stack" },
			el("h1", null, t("home.title")),
			el("p", { class: "lead" }, t("home.lead", { n: count(catalogue.actions.length) })),
			el("p", { class: "row" },
				el("span", { class: "badge accent" }, t(`mode.${catalogue.mode}`)),
				el("code", { class: "muted" }, catalogue.endpoint),
				el("span", { class: "muted small" }, t(mode(catalogue))))),
		el("section", { class: "stack" },
			el("h2", null, t(catalogue.has_emulator ? "home.way.emulator" : "home.way")),
			el("ol", { class: "way" }, (catalogue.has_emulator ? EMULATOR : STEPS).filter((name) => name === "emulator" || known.has(name)).map((name, index) =>
				el("li", null, el("a", { class: "way-step", href: name === "emulator" ? link(name) : link(name, { tab: "call" }) },
					el("span", { class: "way-number", "aria-hidden": "true" }, index + 1),
					el("span", null, el("span", { class: "way-text" }, t(`home.step.${name}`)), name === "emulator" ? null : el("code", null, breakable(name)))))))),
		el("section", { class: "stack" },
			el("h2", null, t("home.groups")),
			el("div", { class: "groups" }, catalogue.groups.map((group) => {
				const actions = catalogue.actions.filter((action) => action.group === group);
				return el("section", { class: "card group", id: `group-${group}` },
					el("h3", null, groupTitle(group)),
					el("ul", null, actions.map((action) => el("li", null,
						el("a", { href: link(action.name), class: action.deprecated ? "deprecated" : null },
							el("code", null, breakable(action.name))),
						el("span", { class: "group-title" }, inline(context.lang === "zh" ? action.title : action.title_en || action.title, catalogue))))));
			}))),
		el("p", { class: "muted small row" }, icon("key"), t("home.private")));
}

/** @param {import("../types.js").Catalogue} catalogue */
function mode(catalogue) {
	if (catalogue.mode === "emulator") return "home.mode.emulator";
	if (catalogue.mode === "offline") return "home.mode.offline";
	if (catalogue.allow_writes) return "home.mode.writes";
	return catalogue.is_mounted ? "home.mode.reads.mounted" : "home.mode.reads";
}

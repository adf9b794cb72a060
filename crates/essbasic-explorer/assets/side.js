// Navigation at the side: tools, and the actions by group.
import { breakable, byId, clear, el } from "./dom.js";
import { count, maybe, t } from "./i18n.js";
import { icon } from "./icons.js";
import { link } from "./router.js";

/** @type {Record<string, string>} */
const ICONS = { signature: "key", callback: "bell", emulator: "server", history: "clock" };
const OPEN = "essbasic-explorer-group";

/** Returns the title of a group of actions. @param {string} group */
export function groupTitle(group) {
	return maybe(`group.${group}`) ?? group.replaceAll("_", " ");
}

/** @param {import("../types.js").Catalogue} catalogue @param {string[]} tools */
export function fillSide(catalogue, tools) {
	const shown = tools.filter((tool) => tool !== "emulator" || catalogue.has_emulator);
	const open = sessionStorage.getItem(OPEN);
	clear(byId("side"),
		sideLink("", "home", t("shell.home")),
		shown.map((tool) => sideLink(tool, ICONS[tool] ?? "", t(`tool.${tool}`))),
		el("p", { class: "side-title" }, t("shell.actions", { n: count(catalogue.actions.length) })),
		catalogue.groups.map((group) => {
			const actions = catalogue.actions.filter((action) => action.group === group);
			const details = el("details", { class: "side-group", "data-group": group, open: open === group },
				el("summary", null, groupTitle(group), el("span", { class: "count" }, count(actions.length))),
				actions.map((action) => el("a", { class: "side-link", href: link(action.name), "data-path": action.name, title: action.title }, el("span", null, breakable(action.name)))));
			details.addEventListener("toggle", () => {
				if (details.open) sessionStorage.setItem(OPEN, group);
			});
			return details;
		}));
}

/** @param {string} path @param {string} symbol @param {string} text */
function sideLink(path, symbol, text) {
	return el("a", { class: "side-link", href: link(path), "data-path": path }, icon(symbol), text);
}

/** Marks the link of the page that is open. @param {string} path */
export function markCurrent(path) {
	for (const node of byId("side").querySelectorAll("a")) {
		if (node.dataset.path === path) {
			node.setAttribute("aria-current", "page");
			const group = node.closest("details");
			if (group) group.open = true;
			node.scrollIntoView({ block: "nearest" });
		} else {
			node.removeAttribute("aria-current");
		}
	}
}

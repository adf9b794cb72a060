// Navigation at the side.
import { byId, clear, el } from "./dom.js";
import { count, t } from "./i18n.js";
import { icon } from "./icons.js";
import { link } from "./router.js";
import { server } from "./status.js";

/** Pages with their icons. */
const PAGES = /** @type {const} */ ([["", "home"], ["contracts", "file"], ["messages", "bell"], ["forwards", "arrow"], ["add", "plus"]]);
/** Pages of one value, by the page of the list. @type {Record<string, string>} */
const LISTS = { contract: "contracts", message: "messages" };

export function fillSide() {
	clear(byId("side"), PAGES.map(([path, symbol]) => el("a", { class: "side-link", href: link(path), "data-path": path, id: `side-${path || "home"}` },
		icon(symbol), el("span", null, t(`side.${path || "home"}`)), path === "contracts" ? el("span", { class: "side-count", id: "dead-count" }) : null)),
	el("p", { class: "side-foot", id: "version" }));
	updateSide();
}

/** Shows the number of dead contracts and the version, and hides the page that adds contracts if nothing may be changed. */
export function updateSide() {
	const { status } = server;
	const dead = status?.contracts.dead ?? 0;
	const badge = byId("dead-count");
	badge.textContent = dead > 0 ? count(dead) : "";
	badge.title = dead > 0 ? t("side.dead", { n: count(dead) }) : "";
	badge.hidden = dead === 0;
	const add = byId("side").querySelector('[data-path="add"]');
	if (add instanceof HTMLElement) add.hidden = !server.writable;
	byId("version").textContent = status ? `${t("side.version", { version: status.version })} · ${t(`store.${status.store}`)}${status.writable ? "" : ` · ${t("side.readonly")}`}` : "";
}

/** Marks the link of the page that is open. @param {string} path */
export function markCurrent(path) {
	for (const node of byId("side").querySelectorAll("a")) {
		if (node.dataset.path === (LISTS[path] ?? path)) node.setAttribute("aria-current", "page");
		else node.removeAttribute("aria-current");
	}
}

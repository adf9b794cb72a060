// Shell of the page: loads the catalogue, shows the mode, and opens pages.
import * as api from "./api.js";
import { byId, clear, el, stylesheet } from "./dom.js";
import { applyLang, lang, setLang, t } from "./i18n.js";
import { icon } from "./icons.js";
import { navigate, restore, route, start } from "./router.js";
import { session } from "./session.js";
import { fillSide, markCurrent } from "./side.js";
import { startSearch } from "./search.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Item} Item */

const TOOLS = ["signature", "callback", "emulator", "history"];
/** @type {import("../types.js").Catalogue | null} */
let catalogue = null;
/** @type {Map<string, Promise<Item>>} */
const items = new Map();
/** @type {(() => void) | null} */
let dispose = null;
let turn = 0;

/** Returns the description of a name, cached. @param {string} name @returns {Promise<Item>} */
function describe(name) {
	const key = `${lang()} ${name}`;
	let found = items.get(key);
	if (!found) {
		found = api.get(`api/items/${encodeURIComponent(name)}?lang=${lang()}`);
		found.catch(() => items.delete(key));
		items.set(key, found);
	}
	return found;
}

/** Renders the page of a route. @param {import("../types.js").Route} target
 * @param {import("./router.js").Position | null} position */
async function open(target, position) {
	turn += 1;
	const mine = turn;
	if (!catalogue) return;
	/** @type {Context} */
	const context = { api, catalogue, route: target, lang: lang(), t, navigate, session, describe };
	const page = el("div", { class: "page" });
	closeMenu();
	for (const dialog of document.querySelectorAll("dialog")) dialog.close();
	markCurrent(target.path);
	/** @type {(() => void) | void} */
	let ended = undefined;
	try {
		const module = await load(target.path);
		ended = await module.render(page, context);
		await stylesheet("build.css");
	} catch (error) {
		clear(page, failure(error));
	}
	if (mine !== turn) {
		ended?.();
		return;
	}
	dispose?.();
	dispose = ended ?? null;
	clear(byId("main"), page);
	const heading = page.querySelector("h1");
	title(target.path === "" ? "" : heading?.dataset.title ?? heading?.textContent ?? target.path);
	if (mine === 1 && !position) return;
	if (heading) heading.tabIndex = -1;
	restore(position ?? { scroll: 0, focus: null }, heading ?? byId("main"));
}

/** @param {string} path @returns {Promise<{render: import("../types.js").Render}>} */
function load(path) {
	if (path === "") return import("./home.js");
	if (path === "signature") return import("./signature.js");
	if (path === "callback") return import("./callback.js");
	if (path === "emulator") return import("./emulator.js");
	if (path === "history") return import("./history.js");
	return import("./item.js");
}

/** Returns an element that explains an error. @param {unknown} error */
function failure(error) {
	if (!(error instanceof api.ApiError)) console.error(error);
	const known = error instanceof api.ApiError ? error : null;
	const heading = known?.code === "unreachable" ? t("error.unreachable")
		: known?.code === "unauthorized" ? t("error.unauthorized")
		: known?.code === "not_found" ? t("error.not_found") : t("error.page");
	return el("div", { class: "empty stack" },
		el("h1", null, heading),
		el("p", null, known?.message || (known ? t(`error.${known.code}.hint`) : String(error))),
		known?.hint ? el("p", null, known.hint) : null,
		el("p", null, el("a", { href: "#/" }, t("error.home"))));
}

/** @param {string} page */
function title(page) {
	const mode = catalogue ? t(`mode.${catalogue.mode}`) : "";
	document.title = `${page ? `${page} · ` : ""}essbasic explorer${mode ? ` · ${mode}` : ""}`;
}

/** Shows the mode in badge, color and icon. */
function showMode() {
	if (!catalogue) return;
	const { mode, endpoint } = catalogue;
	document.documentElement.dataset.mode = mode;
	const badge = clear(byId("mode"), t(`mode.${mode}`));
	badge.title = endpoint;
	const fill = { emulator: "0b6b63", test: "8a5300", production: "b3261e", offline: "62625d" }[mode];
	const svg = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><rect width='16' height='16' rx='4' fill='%23${fill}'/>`
		+ "<path d='M4 5.5h8M4 10.5h8' stroke='white' stroke-width='2'/></svg>";
	document.querySelector("link[rel=icon]")?.setAttribute("href", `data:image/svg+xml,${svg}`);
}

function closeMenu() {
	byId("side").classList.remove("open");
	byId("menu").setAttribute("aria-expanded", "false");
}

/** Fills the texts of the shell. */
function fillShell() {
	applyLang();
	for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.getAttribute("data-t") ?? "");
	const search = byId("search");
	search.setAttribute("placeholder", t("search.placeholder"));
	search.setAttribute("aria-label", t("search.label"));
	byId("brand").setAttribute("aria-label", `essbasic – ${t("shell.home")}`);
	byId("side").setAttribute("aria-label", t("shell.navigation"));
	clear(byId("menu"), icon("menu")).setAttribute("aria-label", t("shell.menu"));
	const admin = clear(byId("admin"), icon("home"), el("span", null, t("shell.admin")));
	admin.setAttribute("aria-label", t("shell.admin"));
	admin.setAttribute("href", "../");
	admin.hidden = !catalogue?.is_mounted;
	const language = clear(byId("language"), lang() === "zh" ? "EN" : "中文");
	language.setAttribute("aria-label", `${language.textContent} – ${t("shell.language")}`);
	language.setAttribute("lang", lang() === "zh" ? "en" : "zh-CN");
	showMode();
	if (catalogue) fillSide(catalogue, TOOLS);
}

async function main() {
	api.takeToken();
	document.querySelector(".search-icon")?.replaceChildren(icon("search"));
	fillShell();
	byId("language").addEventListener("click", () => {
		setLang(lang() === "zh" ? "en" : "zh");
		fillShell();
		void open(route(), { scroll: window.scrollY, focus: "#language" });
	});
	byId("menu").addEventListener("click", () => {
		const opened = byId("side").classList.toggle("open");
		byId("menu").setAttribute("aria-expanded", String(opened));
		if (opened) byId("side").querySelector("a")?.focus();
	});
	document.addEventListener("keydown", (event) => {
		if (event.key === "Escape" && byId("side").classList.contains("open")) {
			closeMenu();
			byId("menu").focus();
		}
	});
	byId("main").addEventListener("click", closeMenu);
	// The parts that the page needs next, while the catalogue is on its way.
	void stylesheet("build.css");
	load(route().path).catch(() => {});
	try {
		const loaded = /** @type {import("../types.js").Catalogue} */ (await api.get("api/catalogue"));
		catalogue = loaded;
		session.start(loaded.agent);
		fillShell();
		startSearch();
		start(open);
	} catch (error) {
		clear(byId("main"), failure(error));
	}
}

void main();

// Shell of the admin page: state of the server, search by ID, and the pages.
import * as api from "./api.js";
import { byId, clear, el } from "./dom.js";
import { applyLang, lang, setLang, t } from "./i18n.js";
import { icon } from "./icons.js";
import { explained } from "./parts.js";
import { navigate, restore, route, start } from "./router.js";
import { fillSide, markCurrent, updateSide } from "./side.js";
import { onStatus, server, startStatus } from "./status.js";
import { ago, startTimes } from "./times.js";

/** Colors of the icon by state; all others are red. @type {Record<string, string>} */
const COLORS = { "": "62625d", ready: "1a6e3c", degraded: "8a5300", draining: "8a5300" };
/** @type {(() => void) | null} */
let dispose = null;
let turn = 0;
let isStarted = false;

/** Renders the page of a route. @param {import("../types.js").Route} target
 * @param {import("./router.js").Position | null} position */
async function open(target, position) {
	turn += 1;
	const mine = turn;
	const page = el("div", { class: "page" });
	closeMenu();
	for (const dialog of document.querySelectorAll("dialog")) dialog.close();
	markCurrent(target.path);
	/** @type {(() => void) | undefined} */
	let ended;
	try {
		const module = await load(target.path);
		ended = await module.render(page, { api, route: target, lang: lang(), t, navigate });
	} catch (error) {
		clear(page, failure(error, el("p", null, el("a", { href: "#/" }, t("error.home")))));
	}
	if (mine !== turn) {
		ended?.();
		return;
	}
	dispose?.();
	dispose = ended ?? null;
	clear(byId("main"), page);
	const heading = page.querySelector("h1");
	title(heading?.dataset.title ?? heading?.textContent ?? "");
	if (mine === 1 && !position) return;
	if (heading) heading.tabIndex = -1;
	restore(position ?? { scroll: 0, focus: null }, heading ?? byId("main"));
}

/** @param {string} path @returns {Promise<{render: import("../types.js").Render}>} */
function load(path) {
	if (path === "") return import("./overview.js");
	if (path === "contracts") return import("./contracts.js");
	if (path === "contract") return import("./contract.js");
	if (path === "messages") return import("./messages.js");
	if (path === "message") return import("./message.js");
	if (path === "forwards") return import("./forwards.js");
	if (path === "add") return import("./add.js");
	return Promise.reject(new api.ApiError(404, "not_found", "", null, null));
}

/** Returns an element that explains why a page is not shown. @param {unknown} error @param {import("./dom.js").Child} [more] */
function failure(error, more) {
	if (!(error instanceof api.ApiError)) console.error(error);
	const [heading, hint] = error instanceof api.ApiError ? explained(error) : [t("error.page"), String(error)];
	return el("div", { class: "empty stack" }, el("h1", null, heading), hint ? el("p", null, hint) : null, more);
}

/** @param {string} page */
function title(page) {
	document.title = `${page ? `${page} · ` : ""}essbasic server`;
}

/** Returns the name of the state of the server. */
function health() {
	const { status, problem } = server;
	if (problem) return problem instanceof api.ApiError && problem.code !== "unreachable" ? "error" : "unreachable";
	if (!status) return "";
	if (status.draining) return "draining";
	if (!status.ready) return "unready";
	return status.paused.length > 0 ? "degraded" : "ready";
}

/** Shows the state of the server in badge, color and icon, and that it does not respond. */
function showHealth() {
	const name = health();
	document.documentElement.dataset.health = name;
	const badge = byId("mode");
	const text = name ? t(`mode.${name}`) : "";
	if (badge.textContent !== text) badge.textContent = text;
	const fill = COLORS[name] ?? "b3261e";
	const svg = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><rect width='16' height='16' rx='4' fill='%23${fill}'/>`
		+ "<path d='M4 5.5h8M4 10.5h8' stroke='white' stroke-width='2'/></svg>";
	const image = `data:image/svg+xml,${svg}`;
	const shown = document.querySelector("link[rel=icon]");
	if (shown?.getAttribute("href") !== image) shown?.setAttribute("href", image);
	showAlarm();
	updateSide();
	const explorer = byId("explorer");
	explorer.hidden = !server.status?.explorer;
	explorer.setAttribute("href", (server.status?.explorer ?? "").replace(/^\//, "") || "#/");
}

/** Shows above every page that the server does not respond, with the age of what is shown. */
function showAlarm() {
	const { problem, status } = server;
	const alarm = byId("alarm");
	const key = problem ? `${lang()} ${problem}${problem instanceof api.ApiError ? problem.code : ""}` : "";
	if (alarm.dataset.shown === key) return;
	alarm.dataset.shown = key;
	if (!problem || !isStarted) {
		clear(alarm);
		return;
	}
	const [heading, hint] = problem instanceof api.ApiError ? explained(problem) : [t("error.page"), String(problem)];
	clear(alarm, el("strong", null, heading), hint ? el("span", null, hint) : null,
		status ? el("span", null, t("alarm.age"), " ", ago(status.now)) : null);
}

/** Opens the first page once the server has responded; until then shows why it does not. */
function begin() {
	showHealth();
	if (isStarted) return;
	if (server.status) {
		isStarted = true;
		start(open);
	} else if (server.problem) {
		clear(byId("main"), failure(server.problem));
		title(t("error.title"));
	}
}

/** Opens the contract with a prefix, or the list if there are several. @param {string} prefix */
async function find(prefix) {
	try {
		const { contracts } = await api.get(`api/contracts?limit=2&prefix=${encodeURIComponent(prefix)}`);
		if (contracts.length === 1) {
			navigate("contract", { id: contracts[0].flow_id });
			return;
		}
	} catch {
		// The list shows the error.
	}
	navigate("contracts", { prefix });
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
	byId("brand").setAttribute("aria-label", `essbasic – ${t("side.home")}`);
	byId("side").setAttribute("aria-label", t("shell.navigation"));
	clear(byId("menu"), icon("menu")).setAttribute("aria-label", t("shell.menu"));
	clear(byId("explorer"), icon("link"), el("span", null, t("shell.explorer"))).setAttribute("aria-label", t("shell.explorer"));
	const language = clear(byId("language"), lang() === "zh" ? "EN" : "中文");
	language.setAttribute("aria-label", `${language.textContent} – ${t("shell.language")}`);
	language.setAttribute("lang", lang() === "zh" ? "en" : "zh-CN");
	fillSide();
	showHealth();
}

/** Connects the search by ID. */
function startSearch() {
	const input = /** @type {HTMLInputElement} */ (byId("search"));
	document.querySelector(".search-icon")?.replaceChildren(icon("search"));
	byId("search-box").addEventListener("submit", (event) => {
		event.preventDefault();
		const prefix = input.value.trim();
		if (!prefix || !isStarted) return;
		input.value = "";
		void find(prefix);
	});
	document.addEventListener("keydown", (event) => {
		const isTyping = event.target instanceof Element && event.target.closest("input, textarea, select");
		if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping || document.querySelector("dialog[open]")) return;
		event.preventDefault();
		input.focus();
	});
}

function main() {
	api.takeToken();
	fillShell();
	startSearch();
	startTimes();
	byId("language").addEventListener("click", () => {
		setLang(lang() === "zh" ? "en" : "zh");
		fillShell();
		if (isStarted) void open(route(), { scroll: window.scrollY, focus: "#language" });
		else begin();
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
	// The parts that the page needs next, while the state is on its way.
	load(route().path).catch(() => {});
	onStatus(begin);
	void startStatus();
}

main();

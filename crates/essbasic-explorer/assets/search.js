// Search box: results while typing, in a listbox that the keyboard moves through.
import * as api from "./api.js";
import { byId, clear, el } from "./dom.js";
import { count, lang, t } from "./i18n.js";
import { link, navigate } from "./router.js";

/** @typedef {import("../types.js").Hit} Hit */
/** @typedef {import("../types.js").SearchResult} SearchResult */

const LIMIT = 60;
const ALL = 500;
/** @type {AbortController | null} */
let running = null;
/** @type {SearchResult | null} */
let result = null;
let kind = "";
let selected = 0;
/** @type {Hit[]} */
let hits = [];

const input = /** @type {HTMLInputElement} */ (byId("search"));
const panel = byId("search-panel");

/** Starts to listen to the box and to `/`. */
export function startSearch() {
	input.addEventListener("input", () => void search());
	input.addEventListener("focus", () => {
		if (input.value.trim()) void search();
	});
	input.addEventListener("keydown", onKey);
	document.addEventListener("keydown", (event) => {
		const target = /** @type {HTMLElement} */ (event.target);
		const typing = target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
		const wanted = (event.key === "/" && !typing) || (event.key === "k" && (event.ctrlKey || event.metaKey));
		if (!wanted || document.querySelector("dialog[open]")) return;
		event.preventDefault();
		input.focus();
		input.select();
	});
	document.addEventListener("pointerdown", (event) => {
		if (event.target instanceof Node && !byId("search-box").contains(event.target)) close();
	});
	byId("search-box").addEventListener("focusout", (event) => {
		if (event.relatedTarget instanceof Node && !byId("search-box").contains(event.relatedTarget)) close();
	});
}

function close() {
	running?.abort();
	panel.hidden = true;
	input.setAttribute("aria-expanded", "false");
	input.removeAttribute("aria-activedescendant");
}

/** Asks the server; an older request is cancelled, and its late response ignored. */
async function search(opens = false) {
	running?.abort();
	const query = input.value.trim();
	if (!query) {
		result = null;
		close();
		return;
	}
	const mine = new AbortController();
	running = mine;
	try {
		const path = `api/search?q=${encodeURIComponent(query)}&lang=${lang()}&limit=${kind ? ALL : LIMIT}`;
		const found = /** @type {SearchResult} */ (await api.get(path, mine.signal));
		if (running !== mine || mine.signal.aborted) return;
		result = found;
		if (kind && !found.groups.some((group) => group.kind === kind && group.total > 0)) kind = "";
		selected = 0;
		show();
		if (opens) open(0);
	} catch (error) {
		if (mine.signal.aborted) return;
		clear(panel, el("p", { class: "search-empty" }, error instanceof api.ApiError ? error.message || t("error.unreachable") : String(error)));
		panel.hidden = false;
	}
}

/** Fills the panel from the last result. */
function show() {
	if (!result) return;
	const found = result;
	hits = found.hits.filter((hit) => !kind || hit.kind === kind);
	const filters = [{ kind: "", total: found.total }, ...found.groups.filter((group) => group.total > 0)];
	clear(panel,
		el("div", { class: "search-filters", role: "group", "aria-label": t("search.filter") }, filters.map((group) =>
			el("button", {
				class: "search-filter",
				"aria-pressed": String(group.kind === kind),
				onclick: () => {
					kind = group.kind;
					void search();
					input.focus();
				},
			}, el("span", null, t(`kind.${group.kind || "all"}`)), el("span", { class: "count" }, count(group.total))))),
		el("div", { class: "search-results" },
			el("ul", { id: "results", "data-testid": "results", role: "listbox", "aria-label": t("search.results") }, hits.map(option)),
			hits.length === 0 ? el("p", { class: "search-empty" }, t("search.none", { query: found.query })) : null,
			hits.length > 0 && hits.length < total() ? el("p", { class: "search-more muted" }, t("search.more", { shown: count(hits.length), n: count(total()) })) : null),
		el("p", { class: "search-foot" },
			el("span", null, el("kbd", null, "↑"), el("kbd", null, "↓"), " ", t("search.move")),
			el("span", null, el("kbd", null, "Enter"), " ", t("search.open")),
			el("span", null, el("kbd", null, "Esc"), " ", t("search.clear")),
			el("span", { class: "visually-hidden", role: "status" }, t("search.count", { n: count(found.total) }))));
	panel.hidden = false;
	input.setAttribute("aria-expanded", "true");
	select(selected);
}

function total() {
	return (kind ? result?.groups.find((group) => group.kind === kind)?.total : result?.total) ?? 0;
}

/** @param {Hit} hit @param {number} index */
function option(hit, index) {
	return el("li", {
		id: `result-${index}`,
		role: "option",
		class: "search-option",
		"aria-selected": "false",
		onpointermove: () => selected !== index && select(index),
		onclick: () => open(index),
	},
	el("span", { class: `search-kind kind-${hit.kind}` }, t(`kind.${hit.kind}`)),
	el("span", { class: "search-name" }, marked(hit.name), hit.title ? el("span", { class: "search-title" }, marked(hit.title)) : null),
	el("span", { class: "search-text" }, marked((hit.text ?? "").replaceAll("`", ""))));
}

/** Returns the text with the words of the query marked. @param {string} text */
function marked(text) {
	const words = (result?.query ?? "").split(/\s+/).filter(Boolean).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
	if (words.length === 0) return [text];
	return text.split(new RegExp(`(${words.join("|")})`, "gi")).map((part, index) => (index % 2 ? el("mark", null, part) : part));
}

/** @param {number} index */
function select(index) {
	selected = index;
	for (const [at, node] of [...panel.querySelectorAll("[role=option]")].entries()) {
		node.setAttribute("aria-selected", String(at === index));
		if (at === index) {
			input.setAttribute("aria-activedescendant", node.id);
			node.scrollIntoView({ block: "nearest" });
		}
	}
	if (hits.length === 0) input.removeAttribute("aria-activedescendant");
}

/** @param {number} index */
function open(index) {
	const hit = hits[index];
	if (!hit) return;
	close();
	input.blur();
	navigate(hit.target);
}

/** @param {KeyboardEvent} event */
function onKey(event) {
	if (event.isComposing) return;
	const shown = !panel.hidden;
	if (event.key === "Escape") {
		event.preventDefault();
		if (input.value) {
			input.value = "";
			void search();
		} else {
			close();
			input.blur();
		}
	} else if (shown && hits.length > 0 && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
		event.preventDefault();
		select((selected + (event.key === "ArrowDown" ? 1 : hits.length - 1)) % hits.length);
	} else if (event.key === "Enter") {
		event.preventDefault();
		if (shown && hits.length > 0 && result?.query.trim() === input.value.trim()) {
			if (event.ctrlKey || event.metaKey) window.open(link(hits[selected]?.target ?? ""), "_blank");
			else open(selected);
		} else {
			void search(true);
		}
	}
}

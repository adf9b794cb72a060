// Pages by the fragment `#/PATH?QUERY`; back and forward restore scroll position and focus.

/** @typedef {import("../types.js").Route} Route */
/** @typedef {{scroll: number, focus: string | null}} Position */

const KEY = "essbasic-page-positions";
const MAX_POSITIONS = 100;
/** @type {Map<string, Position>} */
const positions = new Map();
let current = "";
/** @type {(route: Route, restore: Position | null) => Promise<void>} */
let show = async () => {};

/** @returns {Route} */
export function route() {
	const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
	let name = path;
	try {
		name = decodeURIComponent(path);
	} catch {
		// A malformed escape stays as it is.
	}
	return { path: name, query: new URLSearchParams(query) };
}

/** Returns the link to a page. @param {string} path @param {Record<string, string>} [query] */
export function link(path, query) {
	const parameters = new URLSearchParams(query ?? {}).toString();
	return `#/${encodeURIComponent(path)}${parameters ? `?${parameters}` : ""}`;
}

/** Opens a page. @param {string} path @param {Record<string, string>} [query]
 * @param {{replace?: boolean, quiet?: boolean}} [options] */
export function navigate(path, query, options = {}) {
	go(link(path, query), options);
}

/** @param {string} href @param {{replace?: boolean, quiet?: boolean}} options */
function go(href, options) {
	remember();
	if (options.replace || href === location.hash) {
		history.replaceState({ key: current }, "", href);
	} else {
		current = key();
		history.pushState({ key: current }, "", href);
	}
	if (!options.quiet) void show(route(), null);
}

function key() {
	return `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
}

/** Keeps scroll position and focus of the current entry. */
function remember() {
	const active = document.activeElement;
	let focus = null;
	if (active instanceof HTMLElement && active !== document.body) {
		const href = active.getAttribute("href");
		if (active.id) focus = `#${CSS.escape(active.id)}`;
		else if (href) focus = `main a[href="${CSS.escape(href)}"]`;
	}
	positions.delete(current);
	positions.set(current, { scroll: window.scrollY, focus });
	const oldest = positions.keys().next().value;
	if (positions.size > MAX_POSITIONS && oldest !== undefined) positions.delete(oldest);
}

/** Restores a position after its page has been rendered; `first` gets the focus if nothing else had it.
 * @param {Position} position @param {HTMLElement} first */
export function restore(position, first) {
	const target = position.focus ? document.querySelector(position.focus) : null;
	(target instanceof HTMLElement ? target : first).focus({ preventScroll: true });
	window.scrollTo(0, position.scroll);
}

/** Starts to follow links and the browser's history.
 * @param {(route: Route, restore: Position | null) => Promise<void>} render */
export function start(render) {
	show = render;
	history.scrollRestoration = "manual";
	try {
		for (const [name, position] of JSON.parse(sessionStorage.getItem(KEY) ?? "[]")) positions.set(name, position);
	} catch {
		sessionStorage.removeItem(KEY);
	}
	current = history.state?.key ?? key();
	history.replaceState({ key: current }, "", location.hash || "#/");
	let waiting = false;
	const later = () => {
		if (waiting) return;
		waiting = true;
		setTimeout(() => {
			waiting = false;
			if (history.state?.key === current) remember();
		}, 120);
	};
	addEventListener("scroll", later, { passive: true });
	addEventListener("focusin", later);
	addEventListener("pagehide", () => {
		remember();
		sessionStorage.setItem(KEY, JSON.stringify([...positions]));
	});
	addEventListener("popstate", () => {
		if (!location.hash.startsWith("#/")) return;
		current = history.state?.key ?? key();
		if (!history.state?.key) history.replaceState({ key: current }, "", location.hash);
		void show(route(), positions.get(current) ?? null);
	});
	document.addEventListener("click", (event) => {
		if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
		const anchor = event.target instanceof Element ? event.target.closest("a[href^='#/']") : null;
		if (!anchor) return;
		event.preventDefault();
		go(anchor.getAttribute("href") ?? "#/", {});
	});
	void show(route(), positions.get(current) ?? null);
}

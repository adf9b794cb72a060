// Values that change: repeated requests while the tab is visible, and elements that keep focus when they are replaced.
import { clear } from "./dom.js";

/** Repeats an action until it is stopped. It pauses while the tab is hidden and runs at once when it is shown again.
 * @param {number} interval Milliseconds between the end of a run and the next one. @param {() => Promise<void>} action */
export function repeat(interval, action) {
	/** @type {number | undefined} */
	let timer;
	let stopped = false;
	/** @type {Promise<void> | null} */
	let running = null;
	const run = () => {
		window.clearTimeout(timer);
		if (stopped || document.hidden) return Promise.resolve();
		running ??= action().finally(() => {
			running = null;
			window.clearTimeout(timer);
			if (!stopped) timer = window.setTimeout(run, interval);
		});
		return running;
	};
	const shown = () => {
		if (!document.hidden) void run();
	};
	document.addEventListener("visibilitychange", shown);
	return {
		/** Runs now; a run in flight is awaited first, because it may have read an older state. */
		now: async () => {
			if (running) await running;
			await run();
		},
		stop: () => {
			stopped = true;
			window.clearTimeout(timer);
			document.removeEventListener("visibilitychange", shown);
		},
	};
}

/** Returns a selector of the focused element within a node, by its `data-focus`, id or address. @param {Element} node */
function focused(node) {
	const active = document.activeElement;
	if (!(active instanceof HTMLElement) || !node.contains(active)) return null;
	if (active.dataset.focus) return `[data-focus="${CSS.escape(active.dataset.focus)}"]`;
	if (active.id) return `#${CSS.escape(active.id)}`;
	const href = active.getAttribute("href");
	return href ? `a[href="${CSS.escape(href)}"]` : "button, a";
}

/** Changes the content of a node by `change`, and gives the focus back to the element that replaces the focused one.
 * @param {HTMLElement} node @param {() => void} change */
function keepFocus(node, change) {
	const selector = focused(node);
	change();
	if (!selector || node.contains(document.activeElement)) return;
	const target = node.querySelector(selector);
	if (target instanceof HTMLElement) target.focus({ preventScroll: true });
}

/** Returns a function that fills a node by `build` whenever a value differs from the last one.
 * @template V @param {HTMLElement} node @param {(value: V) => (Node | string | null | false)[]} build */
export function filled(node, build) {
	let last = "";
	return (/** @type {V} */ value) => {
		const text = JSON.stringify(value);
		if (text === last) return;
		last = text;
		keepFocus(node, () => void clear(node, build(value)));
	};
}

/** Returns a function that shows a list of values: only the elements of changed values are replaced.
 * @template V @param {HTMLElement} list @param {(value: V) => string} key @param {(value: V) => HTMLElement} build */
export function keyed(list, key, build) {
	/** @type {Map<string, {node: HTMLElement, shown: string}>} */
	const rows = new Map();
	return (/** @type {V[]} */ values) => keepFocus(list, () => {
		const present = new Set(values.map(key));
		for (const [name, row] of rows) {
			if (present.has(name)) continue;
			row.node.remove();
			rows.delete(name);
		}
		values.forEach((value, index) => {
			const name = key(value);
			const shown = JSON.stringify(value);
			const old = rows.get(name);
			let node = old?.node;
			if (!node || old?.shown !== shown) {
				node = build(value);
				old?.node.replaceWith(node);
				rows.set(name, { node, shown });
			}
			if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
		});
	});
}

// Elements without markup strings: everything that comes from a service becomes a text node.

/** @typedef {Node | string | number | null | undefined | false} Child */

/** Creates an element. Attributes that begin with `on` are listeners; `false`, null and undefined leave one out.
 * @template {keyof HTMLElementTagNameMap} T @param {T} tag @param {Record<string, unknown> | null} [attributes]
 * @param {...(Child | Child[])} children @returns {HTMLElementTagNameMap[T]} */
export function el(tag, attributes, ...children) {
	const node = document.createElement(tag);
	if (node instanceof HTMLButtonElement) node.type = "button";
	for (const [name, value] of Object.entries(attributes ?? {})) {
		if (value === false || value === null || value === undefined) continue;
		if (name.startsWith("on") && typeof value === "function") {
			node.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
		} else {
			node.setAttribute(name, value === true ? "" : String(value));
		}
	}
	append(node, children);
	return node;
}

/** Appends children; numbers and strings become text, empty ones are skipped. @param {Node} node
 * @param {(Child | Child[])[]} children */
export function append(node, children) {
	for (const child of children.flat()) {
		if (child === null || child === undefined || child === false) continue;
		node.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
	}
}

/** Removes all children and appends new ones. @template {Element} N @param {N} node
 * @param {...(Child | Child[])} children @returns {N} */
export function clear(node, ...children) {
	node.replaceChildren();
	append(node, children);
	return node;
}

/** Returns the element of the shell with this id. @param {string} id */
export function byId(id) {
	const node = document.getElementById(id);
	if (!node) throw new Error(`no element #${id}`);
	return node;
}

/** Returns a name with break opportunities between its words. @param {string} name @returns {(Node | string)[]} */
export function breakable(name) {
	return name.split(/(?<=[a-z0-9])(?=[A-Z])|(?<=[._])/).flatMap((part, index) => (index ? [el("wbr"), part] : [part]));
}

let ids = 0;

/** Returns an id that no other element has. @param {string} prefix */
export function uniqueId(prefix) {
	ids += 1;
	return `${prefix}-${ids}`;
}

/** @type {Map<string, Promise<void>>} */
const sheets = new Map();

/** Loads a style sheet of `assets` once. @param {string} name */
export function stylesheet(name) {
	let loading = sheets.get(name);
	if (!loading) {
		loading = new Promise((resolve) => {
			const done = () => resolve();
			document.head.append(el("link", { rel: "stylesheet", href: `assets/${name}`, onload: done, onerror: done }));
		});
		sheets.set(name, loading);
	}
	return loading;
}

/** Delays a function until it has not been called for some milliseconds. @param {number} milliseconds
 * @param {() => void} action */
export function debounce(milliseconds, action) {
	/** @type {number | undefined} */
	let timer;
	const later = () => {
		clearTimeout(timer);
		timer = window.setTimeout(action, milliseconds);
	};
	later.cancel = () => clearTimeout(timer);
	return later;
}

/** Shows a short message at the lower edge, and reads it to screen readers. @param {string} text */
export function toast(text) {
	const note = el("p", { class: "toast" }, text);
	byId("toasts").append(note);
	window.setTimeout(() => note.remove(), 4000);
}

/** Asks in a modal dialog. `fill` builds its content and gets the function that closes it with a result.
 * @template R @param {string} label @param {(close: (result: R | null) => void) => Child[]} fill
 * @returns {Promise<R | null>} */
export function ask(label, fill) {
	return new Promise((resolve) => {
		/** @type {R | null} */
		let result = null;
		const opener = document.activeElement;
		const dialog = el("dialog", { class: "dialog", "aria-label": label });
		append(dialog, fill((value) => {
			result = value;
			dialog.close();
		}));
		dialog.addEventListener("close", () => {
			dialog.remove();
			if (opener instanceof HTMLElement) opener.focus();
			resolve(result);
		});
		document.body.append(dialog);
		dialog.showModal();
	});
}

/** Copies text to the clipboard. @param {string} text @param {string} done */
export async function copy(text, done) {
	try {
		await navigator.clipboard.writeText(text);
	} catch {
		const area = el("textarea", { class: "visually-hidden", readonly: true });
		area.value = text;
		document.body.append(area);
		area.select();
		document.execCommand("copy");
		area.remove();
	}
	toast(done);
}

/** Makes a row of tabs of buttons; the arrow keys move between them.
 * @param {{label: string, tabs: {id: string, label: Child, testid?: string}[], selected: string, select: (id: string) => void, controls?: string}} options */
export function tabs(options) {
	const buttons = options.tabs.map((tab) =>
		el("button", {
			role: "tab",
			class: "tab",
			id: `tab-${tab.id}`,
			"data-tab": tab.id,
			"data-testid": tab.testid,
			"aria-selected": String(tab.id === options.selected),
			"aria-controls": options.controls,
			tabindex: tab.id === options.selected ? 0 : -1,
			onclick: () => choose(tab.id),
		}, tab.label));
	/** @param {string} id */
	const choose = (id) => {
		for (const button of buttons) {
			const selected = button.dataset.tab === id;
			button.setAttribute("aria-selected", String(selected));
			button.tabIndex = selected ? 0 : -1;
		}
		options.select(id);
	};
	const list = el("div", { class: "tabs", role: "tablist", "aria-label": options.label }, buttons);
	list.addEventListener("keydown", (event) => {
		const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
		const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
		let next = step === undefined ? undefined : buttons[(at + step + buttons.length) % buttons.length];
		if (event.key === "Home") next = buttons[0];
		if (event.key === "End") next = buttons[buttons.length - 1];
		if (!next || at < 0) return;
		event.preventDefault();
		next.focus();
		choose(next.dataset.tab ?? "");
	});
	return list;
}

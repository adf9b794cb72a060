// Code: the request of an action as programs in five languages.
import { clear, debounce, el, stylesheet, tabs } from "./dom.js";
import { copyButton, failure } from "./tool.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {{language: string, label: string, file: string, code: string}} Snippet */

const KEY = "essbasic-explorer-code";

/** @param {HTMLElement} container @param {Context} context */
export async function render(container, context) {
	const { api, route, session, t } = context;
	const action = route.path;
	await stylesheet("tools.css");
	const panel = el("div", { id: "code-panel", role: "tabpanel", class: "stack" });
	const bar = el("div");
	const warnings = el("div", { "aria-live": "polite" });
	/** @type {Snippet[]} */
	let snippets = [];
	let selected = localStorage.getItem(KEY) ?? "";
	let turn = 0;

	const show = () => {
		const snippet = snippets.find(({ language }) => language === selected) ?? snippets[0];
		if (!snippet) return;
		panel.setAttribute("aria-labelledby", `tab-${snippet.language}`);
		clear(panel, el("figure", { class: "tool-code" },
			el("figcaption", { class: "row between" }, el("code", null, snippet.file), copyButton(() => snippet.code, snippet.label)),
			el("pre", { class: "code", tabindex: 0, "aria-label": snippet.label, "data-testid": "snippet" }, highlighted(snippet.code, snippet.language))));
	};
	const update = async () => {
		turn += 1;
		const mine = turn;
		const path = encodeURIComponent(action);
		try {
			const body = session.draft(action) || await api.get(`api/skeleton/${path}?fields=required`);
			const result = await api.post(`api/snippet/${path}`, body);
			if (mine !== turn) return;
			const first = snippets.length === 0;
			snippets = result.snippets;
			if (!snippets.some(({ language }) => language === selected)) selected = snippets[0]?.language ?? "";
			if (first) {
				clear(bar, tabs({
					label: t("code.languages"), selected, controls: panel.id,
					tabs: snippets.map(({ language, label }) => ({ id: language, label, testid: `code-${language}` })),
					select: (language) => {
						selected = language;
						localStorage.setItem(KEY, language);
						show();
					},
				}));
			}
			clear(warnings, (result.warnings ?? []).map((/** @type {string} */ text) => el("p", { class: "note warning" }, text)));
			show();
		} catch (error) {
			if (mine === turn) clear(warnings, failure(error));
		}
	};
	const later = debounce(200, () => void update());
	const stop = session.on("draft", later);
	container.append(
		el("p", { class: "muted" }, t("code.lead")),
		warnings, bar, panel,
		el("p", { class: "note small" }, t("code.keys")),
		...(context.catalogue.mode === "emulator" ? [
			el("p", { class: "small" }, t("code.emulator")),
			el("pre", { class: "code", tabindex: 0, "aria-label": t("code.emulator") }, `export ESSBASIC_ENDPOINT=${context.catalogue.endpoint}\nexport TENCENTCLOUD_SECRET_ID=AKIDEMULATOR TENCENTCLOUD_SECRET_KEY=EMULATORSECRETKEY`),
		] : []));
	await update();
	return () => {
		turn += 1;
		later.cancel();
		stop();
	};
}

const RUST = /(\/\/[^\n]*)|r#"[\s\S]*?"#|"(?:\\.|[^"\\])*"/g;
const OTHERS = /(#[^\n]*)|"""[\s\S]*?"""|"(?:\\.|[^"\\])*"|'[^']*'/g;

/** Returns the code with its comments and strings in spans. @param {string} code @param {string} language */
function highlighted(code, language) {
	const pattern = language.startsWith("rust") ? RUST : OTHERS;
	/** @type {Node[]} */
	const nodes = [];
	let at = 0;
	for (const match of code.matchAll(pattern)) {
		if (match.index > at) nodes.push(document.createTextNode(code.slice(at, match.index)));
		nodes.push(el("span", { class: match[1] === undefined ? "code-string" : "code-comment" }, match[0]));
		at = match.index + match[0].length;
	}
	nodes.push(document.createTextNode(code.slice(at)));
	return nodes;
}

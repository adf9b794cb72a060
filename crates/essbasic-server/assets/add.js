// Adds contracts by their IDs, and shows the result of each one.
import { clear, el, uniqueId } from "./dom.js";
import { count, t } from "./i18n.js";
import { badge } from "./labels.js";
import { failure, head, nothing, row, table } from "./parts.js";
import { link } from "./router.js";
import { refreshStatus, server } from "./status.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Selected} Selected */

/** IDs of one request. */
const BATCH = 1000;
/** Results that are listed. */
const MAX_ROWS = 500;
const ORDER = ["invalid", "added", "known"];

/** IDs that the server accepts. */
const ID = /^(?!\.)[A-Za-z0-9_.-]{1,128}$/;
/** Characters of an invalid line that are shown. */
const MAX_SHOWN = 80;
/** Invalid lines that are listed. */
const MAX_INVALID = 10;

/** Returns the different IDs of a text, one or several between commas per line, and the lines that are something else. @param {string} text */
export function idsOf(text) {
	/** @type {Set<string>} */
	const ids = new Set();
	/** @type {{line: number, text: string}[]} */
	const invalid = [];
	text.split("\n").forEach((whole, index) => {
		const words = whole.split(/[,，;；、]/).map((word) => word.trim().replace(/^(["'])(.*)\1$/, "$2")).filter(Boolean);
		if (words.every((word) => ID.test(word))) for (const word of words) ids.add(word);
		else invalid.push({ line: index + 1, text: whole.trim() });
	});
	return { ids: [...ids], invalid };
}

/** @param {HTMLElement} container @param {Context} context */
export async function render(container, { api }) {
	if (!server.writable) {
		container.append(head(t("add.title")), nothing(t("error.read_only"), el("p", null, t("error.read_only.hint"))));
		return undefined;
	}
	const id = uniqueId("ids");
	const input = el("textarea", {
		id, rows: 10, class: "input mono", spellcheck: "false", autocomplete: "off", autocapitalize: "off", "data-testid": "ids",
		placeholder: "yDwivUUckpor6wtoUuPq…\nyDwivUUckpor6wu9Uh2K…", "aria-describedby": `${id}-help`,
	});
	const number = el("span", { class: "muted small", "aria-live": "polite" });
	const button = el("button", { class: "button primary", "data-testid": "add" }, t("add.button"));
	const output = el("div", { class: "stack", "aria-live": "polite", "data-testid": "results" });
	const faults = el("div", { "aria-live": "polite", "data-testid": "invalid" });
	const counted = () => {
		const { ids, invalid } = idsOf(input.value);
		number.textContent = ids.length > 0 ? t("add.count", { n: count(ids.length) }) : "";
		button.disabled = ids.length === 0 || invalid.length > 0;
		input.setAttribute("aria-invalid", String(invalid.length > 0));
		clear(faults, invalid.length === 0 ? null : el("div", { class: "note danger" },
			el("strong", null, t("add.invalid", { n: count(invalid.length) })), el("span", { class: "hint" }, t("add.invalid.hint")),
			el("ul", { class: "faults" }, invalid.slice(0, MAX_INVALID).map(({ line, text }) => el("li", { "data-line": line },
				t("add.line", { line }), " ", el("code", null, text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text)))),
			invalid.length > MAX_INVALID ? t("add.more", { n: count(invalid.length - MAX_INVALID) }) : null));
		return ids;
	};
	input.addEventListener("input", counted);
	counted();
	button.addEventListener("click", async () => {
		const ids = counted();
		/** @type {Selected[]} */
		const results = [];
		button.disabled = true;
		input.readOnly = true;
		try {
			for (let at = 0; at < ids.length; at += BATCH) {
				if (ids.length > BATCH) clear(output, el("p", { class: "muted" }, t("add.progress", { done: count(at), n: count(ids.length) })));
				results.push(...(await api.post("api/contracts", { flow_ids: ids.slice(at, at + BATCH) })).results);
			}
			clear(output, shown(results));
		} catch (error) {
			clear(output, failure(error), results.length > 0 ? shown(results) : null);
		} finally {
			input.readOnly = false;
			button.disabled = false;
		}
		await refreshStatus();
	});
	container.append(head(t("add.title"), t("add.lead")),
		el("div", { class: "card stack" },
			el("div", { class: "field" }, el("label", { for: id }, t("add.label")), input, el("p", { id: `${id}-help`, class: "muted small" }, t("add.help"))),
			faults,
			el("div", { class: "row" }, button, number)),
		output);
	return undefined;
}

/** @param {Selected[]} results */
function shown(results) {
	const summary = ORDER.map((code) => ({ code, n: results.filter(({ result }) => result === code).length })).filter(({ n }) => n > 0);
	const sorted = [...results].sort((one, other) => ORDER.indexOf(one.result) - ORDER.indexOf(other.result));
	const body = el("tbody", null, sorted.slice(0, MAX_ROWS).map(({ flow_id, result }) => row({ "data-result": result }, [
		[t("contract.id"), result === "invalid" ? el("code", null, flow_id) : el("a", { class: "mono", href: link("contract", { id: flow_id }) }, flow_id), "main-cell"],
		[t("add.result"), badge("result", result)],
	])));
	return el("section", { class: "stack tight" },
		el("h2", null, t("add.results")),
		el("p", { class: "row" }, summary.map(({ code, n }) => el("span", { "data-summary": code }, badge("result", code), " ", count(n)))),
		table(t("add.results"), [t("contract.id"), t("add.result")], body),
		results.length > MAX_ROWS ? el("p", { class: "muted small" }, t("add.more", { n: count(results.length - MAX_ROWS) })) : null);
}

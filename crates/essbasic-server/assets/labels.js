// Codes of the server in the language of the page.
import { el } from "./dom.js";
import { count, lang, maybe, t } from "./i18n.js";

/** @typedef {import("../types.js").Contract} Contract */
/** @typedef {import("./dom.js").Child} Child */

/** @type {Record<string, string>} */
const TONES = {
	claimed: "accent", dead: "danger", archived: "success", ok: "success", failing: "danger", ready: "success",
	added: "success", invalid: "danger", known: "accent", delivered: "success", pending: "warning",
};

/** Returns the text of a code in a group of texts, or the code if it is new. @param {string} group @param {string} code */
export function label(group, code) {
	return maybe(`${group}.${code}`) ?? code;
}

/** Returns a label in the color of its code. @param {string} group @param {string} code */
export function badge(group, code) {
	return el("span", { class: `badge ${TONES[code] ?? ""}`, title: code, "data-code": code }, label(group, code));
}

/** Returns the state of a contract; of finished ones, the result. @param {Contract} contract */
export function stateBadge(contract) {
	return badge("state", contract.state === "done" && contract.result ? contract.result : contract.state);
}

/** Returns the status that the service reported. @param {string} status */
export function statusText(status) {
	return status === "" ? t("flow.none") : label("flow", status);
}

/** Returns the next step after a failure: in Chinese only for known reasons, otherwise the text of the server.
 * @param {string} reason @param {string | null} hint @returns {Child} */
export function hintText(reason, hint) {
	const own = maybe(`hint.${reason}`);
	if (own || !hint) return own;
	return foreign(sentence(hint));
}

/** Returns a text of the server, which is English. @param {string} text */
export function foreign(text) {
	return el("span", { lang: lang() === "en" ? null : "en" }, text);
}

/** Returns a text that begins with a capital and ends with a period. @param {string} text */
export function sentence(text) {
	const first = text.charAt(0).toUpperCase() + text.slice(1);
	return /[.!?]$/.test(first) ? first : `${first}.`;
}

/** Returns a number; large ones in few characters, with the exact one as title. @param {number} value */
export function amount(value) {
	if (value < 1_000_000) return el("span", null, count(value));
	const short = new Intl.NumberFormat(lang() === "zh" ? "zh-CN" : "en", { notation: "compact", maximumSignificantDigits: 4 });
	return el("span", { title: count(value) }, short.format(value));
}

/** Formats a size. @param {number} size */
export function bytes(size) {
	const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
	const power = Math.min(units.length - 1, size < 1000 ? 0 : Math.floor(Math.log10(size) / 3));
	return new Intl.NumberFormat(lang() === "zh" ? "zh-CN" : "en", {
		style: "unit", unit: units[power], unitDisplay: power === 0 ? "long" : "short", maximumFractionDigits: power === 0 ? 0 : 1,
	}).format(size / 1000 ** power);
}

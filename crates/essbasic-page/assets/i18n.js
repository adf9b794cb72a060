// Texts of the page in English and Chinese. Each page has the two tables.
import { en } from "./i18n-en.js";
import { zh } from "./i18n-zh.js";

/** @typedef {import("../types.js").Language} Language */

const KEY = "essbasic-page-language";
/** @type {Record<Language, Record<string, string>>} */
const tables = { en, zh };
/** @type {Language} */
let language = initial();

/** @returns {Language} */
function initial() {
	const chosen = localStorage.getItem(KEY);
	if (chosen === "en" || chosen === "zh") return chosen;
	return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** Returns the language in use. */
export function lang() {
	return language;
}

/** Chooses a language and remembers it. @param {Language} chosen */
export function setLang(chosen) {
	language = chosen;
	localStorage.setItem(KEY, chosen);
	applyLang();
}

/** Sets the language of the document. */
export function applyLang() {
	document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
}

/** Returns the text of a key; `{name}` stands for a parameter. If `n` is 1, the key with `.one` takes precedence. @param {string} key
 * @param {Record<string, string | number>} [parameters] */
export function t(key, parameters) {
	const table = tables[language];
	const text = (String(parameters?.n) === "1" ? table[`${key}.one`] : undefined) ?? table[key] ?? key;
	return parameters ? text.replace(/\{(\w+)\}/g, (whole, name) => String(parameters[name] ?? whole)) : text;
}

/** Returns the text of a key, or null if the tables have none. @param {string} key @returns {string | null} */
export function maybe(key) {
	return tables[language][key] ?? null;
}

/** Formats a number in the language in use. @param {number} value */
export function count(value) {
	return new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en").format(value);
}

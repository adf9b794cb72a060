// Parts that the pages of the tools share.
import { ApiError } from "./api.js";
import { clear, copy, el, uniqueId } from "./dom.js";
import { t } from "./i18n.js";
import { icon } from "./icons.js";

/** @typedef {import("./dom.js").Child} Child */
/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */

/** Returns a labeled control. @param {string} label @param {Control} control @param {string} [help] */
export function field(label, control, help) {
	control.id ||= uniqueId("tool");
	const id = help ? `${control.id}-help` : null;
	if (id) control.setAttribute("aria-describedby", id);
	return el("div", { class: "field" },
		el("label", { for: control.id }, label), control, id ? el("p", { id, class: "muted small" }, help) : null);
}

/** Puts a button behind a control. @param {HTMLElement} control @param {HTMLElement} button */
export function withButton(control, button) {
	const row = el("div", { class: "tool-secret" });
	control.replaceWith(row);
	row.append(control, button);
}

/** Returns a labeled input of a secret, with a button that shows it. It is never stored.
 * @param {string} label @param {string} [help] */
export function secretField(label, help) {
	const input = el("input", { type: "password", autocomplete: "off", spellcheck: "false", class: "mono" });
	const toggle = el("button", { class: "button small", onclick: () => {
		input.type = input.type === "password" ? "text" : "password";
		name();
	} });
	const name = () => {
		toggle.textContent = t(input.type === "password" ? "tool.show" : "tool.hide");
		toggle.setAttribute("aria-label", `${toggle.textContent}: ${label}`);
	};
	name();
	const node = field(label, input, help);
	withButton(input, toggle);
	return { node, input };
}

/** Returns a text area for code. @param {number} rows @param {string} [placeholder] */
export function codeArea(rows, placeholder) {
	return el("textarea", {
		rows, placeholder, class: "mono", spellcheck: "false", autocomplete: "off", autocapitalize: "off",
	});
}

/** Returns a checkbox with its label behind it. @param {string} label @param {HTMLInputElement} input */
export function checkbox(label, input) {
	return el("label", { class: "tool-check" }, input, label);
}

/** Returns a button that copies a text. @param {() => string} text @param {string} name */
export function copyButton(text, name) {
	return el("button", {
		class: "button ghost small", "aria-label": `${t("tool.copy")}: ${name}`,
		onclick: () => void copy(text(), t("tool.copied")),
	}, icon("copy"), t("tool.copy"));
}

/** Returns an element that explains an error. @param {unknown} error */
export function failure(error) {
	const known = error instanceof ApiError ? error : null;
	if (!known) return el("div", { class: "note danger", role: "alert" }, String(error));
	return el("div", { class: "note danger", role: "alert" },
		el("strong", null, known.message || t(`error.${known.code}`)),
		known.hint ? el("span", { class: "hint" }, known.hint) : null);
}

/** Runs an action of a button: the button is disabled meanwhile, and an error is shown in `output`.
 * @param {HTMLButtonElement} button @param {Element} output @param {() => Promise<void>} action */
export async function run(button, output, action) {
	button.disabled = true;
	try {
		await action();
	} catch (error) {
		clear(output, failure(error));
	} finally {
		button.disabled = false;
	}
}

/** Returns a time with its date, in the language and time zone of the browser. `seconds` count from the Unix epoch.
 * @param {number} seconds @param {string} lang @param {"short" | "medium"} [timeStyle] */
export function time(seconds, lang, timeStyle = "medium") {
	const format = new Intl.DateTimeFormat(lang === "zh" ? "zh-CN" : "en-GB", { dateStyle: "medium", timeStyle });
	return format.format(new Date(seconds * 1000));
}

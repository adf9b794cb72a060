// Questions before a change.
import { ask, el, uniqueId } from "./dom.js";
import { t } from "./i18n.js";

/** Asks before a change. With `typed`, the button works once this text has been typed.
 * @param {{title: string, text: string, button: string, isDanger?: boolean, typed?: string}} question
 * @returns {Promise<boolean>} */
export async function confirm({ title, text, button, isDanger, typed }) {
	const answer = await ask(title, (close) => {
		const id = uniqueId("confirm");
		const input = el("input", { id, class: "input mono", autocomplete: "off", autocapitalize: "off", spellcheck: "false", "data-testid": "confirm-text" });
		const accept = el("button", { type: "submit", class: `button ${isDanger ? "danger" : "primary"}`, "data-testid": "confirm" }, button);
		const matches = () => typed === undefined || input.value.trim() === typed;
		accept.type = "submit";
		accept.disabled = !matches();
		input.addEventListener("input", () => {
			accept.disabled = !matches();
		});
		return [
			el("h2", null, title),
			el("p", null, text),
			el("form", { class: "stack", autocomplete: "off", onsubmit: (/** @type {Event} */ event) => {
				event.preventDefault();
				if (matches()) close(true);
			} },
			typed === undefined ? null : el("div", { class: "field" }, el("label", { for: id }, t("confirm.type"), " ", el("code", { class: "typed" }, typed)), input),
			el("div", { class: "row end" }, el("button", { class: "button", onclick: () => close(null) }, t("confirm.cancel")), accept)),
		];
	});
	return answer === true;
}

// Callback: verifies, decrypts and types a pasted message. Token and key are not stored.
import { clear, el, stylesheet } from "./dom.js";
import { parseRequest } from "./paste.js";
import { codeArea, copyButton, field, run, secretField } from "./tool.js";
import { format } from "./json.js";
import { tree } from "./tree.js";

/** @typedef {import("../types.js").Context} Context */

/** Sample of the service's documentation, with its published key. */
const SAMPLE = {
	key: "CC23FB38AE1D47B09D939CFBAE64195F",
	token: "test-token",
	signature: "sha256=ca6e1640307c6768055cd5a2817a95be14f756b54d3febde65b0a0cf86676937",
	body: '{"encrypt":"VV/zit1H66SsjoJ/yy6ezfESfFGjaoMCDElrlnnPf75bD6yWyRYnvLs+DJh8nR1+DOhtRKClQeLM69rBScm2nlS6NcxqAHm9aIlvl4dbp+OxVOmEwWb9nRV4l889u89RwV6BHtNpiwQN5x/e7f3Q1X6feX+zK78Sh3sP81KSIn7kEyrZSXlShJoY/mauraMiOldmMDzZ1AtiJ8nQ3S8L9W/WLoqgfeR8QnbsPkVYecuTdQAuA991C5ohw3OGTkaW5NiEVrRZ+EVi8OmacM6HuPZ0AWArQ1CE30d1PnWBwKXqLHdxqI8Jzk4DVC8ICDSjvuGiHJbupiFjo/f8IDHoJn96GPIed5mNBsZtFoHTqcTgn82nfzYBTZ4ExjFF4ONhgou2uvgXUwaT+2a/rVKRkYGQnoaB1R1kMEsUD8pYxcE="}',
};

/** @param {HTMLElement} container @param {Context} context */
export async function render(container, context) {
	const { api, t } = context;
	await stylesheet("tools.css");
	const body = codeArea(9, '{"encrypt":"…"}');
	const signature = el("input", { class: "mono", placeholder: "sha256=…", spellcheck: "false", autocomplete: "off" });
	const token = secretField(t("callback.token"), t("callback.token.help"));
	const key = secretField(t("callback.key"), t("callback.key.help"));
	const output = el("div", { class: "stack", "aria-live": "polite", "data-testid": "callback-result" });
	const button = el("button", { type: "submit", class: "button primary" }, t("callback.check"));
	clear(output, el("p", { class: "muted" }, t("callback.empty")));

	const check = () => run(button, output, async () => {
		// A whole request may be pasted: its headers are taken out of the body.
		const pasted = body.value.trimStart().startsWith("{") ? null : parseRequest(body.value);
		if (pasted) {
			signature.value = pasted.headers["content-signature"] ?? signature.value;
			body.value = pasted.body;
		}
		const result = await api.post("api/callback/verify", {
			body: body.value, signature: signature.value.trim() || undefined,
			token: token.input.value || undefined, key: key.input.value || undefined,
		});
		clear(output, show(result, t));
	});
	const sample = () => {
		body.value = SAMPLE.body;
		signature.value = SAMPLE.signature;
		token.input.value = SAMPLE.token;
		key.input.value = SAMPLE.key;
		void check();
	};
	container.append(
		el("header", { class: "page-head" }, el("h1", null, t("tool.callback")), el("p", { class: "lead" }, t("callback.lead"))),
		el("div", { class: "tool-columns" },
			el("form", { class: "card stack tool-inputs", autocomplete: "off", onsubmit: (/** @type {Event} */ event) => {
				event.preventDefault();
				void check();
			} },
			field(t("callback.body"), body, t("callback.body.help")),
			field("Content-Signature", signature),
			token.node, key.node,
			el("p", { class: "muted small" }, t("callback.private")),
			el("div", { class: "row" }, button, el("button", { class: "button", onclick: sample }, t("callback.sample")))),
			el("div", { class: "stack tool-output" }, output)));
	return () => {
		token.input.value = "";
		key.input.value = "";
		body.value = "";
	};
}

/** @param {any} result @param {Context["t"]} t */
function show(result, t) {
	const state = String(result.signature);
	const tone = { valid: "success", invalid: "danger" }[state] ?? "warning";
	const data = result.data ?? result.message;
	const type = result.type ?? result.msg_type;
	return [
		el("div", { class: `note ${result.verified ? "success" : result.message ? "warning" : "danger"}` },
			el("strong", null, t(result.verified ? "callback.verified" : result.message ? "callback.read" : "callback.failed")),
			result.reason ? el("span", { class: "hint" }, String(result.reason)) : null,
			result.hint ? el("span", { class: "hint" }, String(result.hint)) : null),
		el("p", { class: "row" },
			el("span", { class: `badge ${tone}` }, t(`callback.signature.${state}`)),
			el("span", { class: "badge" }, t(result.encrypted ? "callback.encrypted" : "callback.plain")),
			type ? el("span", { class: "badge accent" }, String(type)) : null),
		result.message ? el("section", { class: "card stack" },
			el("div", { class: "row between" },
				el("h2", null, type ? String(type) : t("callback.message")),
				copyButton(() => format(result.message), t("callback.message"))),
			result.msg_id ? el("p", { class: "muted small" }, "MsgId ", el("code", null, String(result.msg_id))) : null,
			result.type ? el("p", { class: "muted small" }, t("callback.typed", { type: String(result.type) }))
				: result.msg_type ? el("p", { class: "muted small" }, t("callback.untyped")) : null,
			tree(data, { open: 3 }),
			result.data ? el("details", { class: "fold" }, el("summary", null, t("callback.whole")),
				el("div", { class: "tool-fold" }, tree(result.message, { open: 1 }))) : null) : null,
	];
}

// The difference of a signature to the expected one, with its reason.
import { el } from "./dom.js";
import { lineDifference, textDifference } from "./difference.js";
import { codeArea, copyButton, field } from "./tool.js";

/** @typedef {import("../types.js").Context} Context */

/** Returns the inputs of a comparison. @param {Context["t"]} t */
export function explain(t) {
	const authorization = codeArea(4, "TC3-HMAC-SHA256 Credential=…/…/…/tc3_request, SignedHeaders=content-type;host, Signature=…");
	const canonical = codeArea(6);
	const toSign = codeArea(4);
	const node = el("div", { class: "card stack" },
		field(t("signature.authorization"), authorization, t("signature.authorization.help")),
		el("details", { class: "fold" }, el("summary", null, t("signature.own")),
			el("div", { class: "stack tool-fold" },
				field(t("signature.own.canonical"), canonical, t("signature.own.help")), field(t("signature.own.to_sign"), toSign))));
	/** @param {HTMLTextAreaElement} area */
	const text = (area) => (area.value.trim() === "" ? undefined : area.value);
	return {
		node,
		authorization,
		values: () => ({ authorization: text(authorization), canonical_request: text(canonical), string_to_sign: text(toSign) }),
	};
}

/** Shows the result of `api/verify`. @param {any} result
 * @param {{canonical_request?: string, string_to_sign?: string}} own @param {Context["t"]} t */
export function explainResult(result, own, t) {
	const hint = result.hint ? el("span", { class: "hint" }, String(result.hint)) : null;
	if (result.matches) return [el("div", { class: "note success" }, el("strong", null, t("signature.matches")), hint)];
	const departs = String(result.departs ?? "signature");
	const whole = departs === "canonical_request" ? own.canonical_request : departs === "string_to_sign" ? own.string_to_sign : undefined;
	const expected = String(result[departs] ?? "");
	const line = result.difference;
	return [
		el("div", { class: "note danger" },
			el("strong", null, t(`signature.departs.${departs}`)),
			result.reason ? el("span", { class: "hint" }, String(result.reason)) : null,
			hint),
		whole !== undefined && expected ? [
			el("div", { class: "row between" },
				el("h3", null, t("signature.lines")), copyButton(() => expected, t("signature.expected"))),
			textDifference(whole, expected),
		] : line ? [
			line.line ? el("h3", null, t("signature.at_line", { line: Number(line.line) })) : null,
			lineDifference(String(line.given ?? ""), String(line.expected ?? "")),
		] : null,
		whole === undefined && result.canonical_request ? el("details", { class: "fold", open: departs === "signature" },
			el("summary", null, t("signature.expected.request")),
			el("div", { class: "stack tool-fold" },
				el("div", { class: "row between" }, el("p", { class: "muted small" }, t("signature.expected.help")),
					copyButton(() => String(result.canonical_request), t("signature.expected.request"))),
				el("pre", { class: "code wrap" }, String(result.canonical_request)))) : null,
	].flat();
}

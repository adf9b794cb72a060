// Inputs of single values: text, numbers, open value sets, times, files.
import { append, el, uniqueId } from "./dom.js";
import { count } from "./i18n.js";
import { icon } from "./icons.js";
import { JsonNumber, isNumber, number } from "./json.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Field} Field */
/** @typedef {import("../types.js").Json} Json */
/**
 * @typedef {object} Slot
 * @property {Field} field
 * @property {string} kind
 * @property {Json} value
 * @property {string} label
 * @property {string} path
 * @property {string} describedby
 * @property {import("../types.js").ValueSet["values"] | null} values
 * @property {Context["t"]} t
 * @property {(value: Json) => void} set
 * @property {(name: string, content: string) => void} file
 */

const PLACEHOLDER = /^<[^<>]+>$/;
const LONG = 120;
const SHORT_FILE = 80;
const DAY = 86400;

/** Returns whether a value is a placeholder of a skeleton, such as `<FlowName>`. @param {unknown} value */
export function isPlaceholder(value) {
	return typeof value === "string" && PLACEHOLDER.test(value);
}

/** Returns the input of a value. @param {Slot} slot */
export function scalar(slot) {
	if (slot.kind === "bool" && typeof slot.value === "boolean") return bool(slot);
	if (slot.field.base64 && slot.kind === "string") return file(slot);
	if (slot.values) return choice(slot, slot.values);
	if (isTime(slot.field, slot.kind)) return time(slot);
	return text(slot);
}

/** Returns whether a field is a Unix timestamp in seconds. @param {Field} field @param {string} kind */
export function isTime(field, kind) {
	return /int64/.test(kind) && /unix time|timestamp|时间戳/i.test(field.doc ?? "") && !/milli|毫秒/i.test(field.doc ?? "");
}

/** @param {string} kind */
function isNumeric(kind) {
	return kind === "int64" || kind === "uint64" || kind === "float";
}

/** Returns what a typed text means: a number if the field is one and the text is; otherwise the text, which validation then reports.
 * @param {string} typed @param {string} kind @returns {Json} */
function typedValue(typed, kind) {
	const trimmed = typed.trim();
	if (isNumeric(kind) && isNumber(trimmed)) return number(trimmed);
	if (kind === "bool" && (trimmed === "true" || trimmed === "false")) return trimmed === "true";
	return typed;
}

/** @param {Json} value */
function shown(value) {
	if (value === null) return "";
	return isPlaceholder(value) ? "" : String(value);
}

/** @param {Slot} slot */
function attributes(slot) {
	return {
		class: "input",
		"data-path": slot.path,
		"aria-label": slot.label,
		"aria-describedby": slot.describedby,
		placeholder: isPlaceholder(slot.value) ? String(slot.value).slice(1, -1) : null,
		autocomplete: "off",
		spellcheck: "false",
	};
}

/** @param {Slot} slot */
function text(slot) {
	const value = shown(slot.value);
	const max = Number(slot.field.limits?.max_chars ?? 0);
	if (slot.kind === "string" && (value.length > LONG || value.includes("\n") || max >= 500)) {
		const area = el("textarea", { ...attributes(slot), rows: 3, oninput: () => slot.set(typedValue(area.value, slot.kind)) });
		area.value = value;
		return area;
	}
	const input = el("input", {
		...attributes(slot),
		type: "text",
		inputmode: isNumeric(slot.kind) ? "decimal" : null,
		oninput: () => slot.set(typedValue(input.value, slot.kind)),
	});
	input.value = value;
	return input;
}

/** @param {Slot} slot */
function bool(slot) {
	const box = el("input", {
		type: "checkbox",
		"data-path": slot.path,
		"aria-label": slot.label,
		"aria-describedby": slot.describedby,
		onchange: () => {
			slot.set(box.checked);
			word.textContent = slot.t(box.checked ? "build.true" : "build.false");
		},
	});
	box.checked = slot.value === true;
	const word = el("code", null, slot.t(box.checked ? "build.true" : "build.false"));
	return el("label", { class: "switch" }, box, word);
}

/** Returns a list of the known values, with room for another one. @param {Slot} slot
 * @param {import("../types.js").ValueSet["values"]} values */
function choice(slot, values) {
	const current = shown(slot.value);
	const isKnown = values.some((value) => String(value.wire) === current);
	const free = el("input", {
		...attributes(slot),
		"data-path": null,
		type: "text",
		oninput: () => slot.set(typedValue(free.value, slot.kind)),
	});
	free.value = current;
	free.hidden = isKnown || current === "";
	const doc = el("p", { class: "small muted value-doc" });
	const select = el("select", {
		class: "input",
		"data-path": slot.path,
		"aria-label": slot.label,
		"aria-describedby": slot.describedby,
		onchange: () => {
			free.hidden = select.value !== "*";
			if (select.value === "*") {
				free.value = "";
				free.focus();
			} else {
				slot.set(typedValue(values[Number(select.value)] ? String(values[Number(select.value)]?.wire) : "", slot.kind));
			}
			describe();
		},
	},
	isKnown ? null : el("option", { value: "", disabled: true }, slot.t("build.choose")),
	values.map((value, index) => el("option", { value: index }, `${value.wire}${value.doc ? ` – ${brief(value.doc)}` : ""}`)),
	el("option", { value: "*" }, slot.t("build.custom")));
	select.value = isKnown ? String(values.findIndex((value) => String(value.wire) === current)) : current === "" ? "" : "*";
	const describe = () => {
		const full = values[Number(select.value)]?.doc ?? "";
		doc.textContent = full.length > brief(full).length ? full.replaceAll("`", "") : "";
	};
	describe();
	return el("div", { class: "choice" }, select, free, doc);
}

/** @param {string} doc */
function brief(doc) {
	const plain = doc.replaceAll("`", "").split("\n")[0] ?? "";
	return plain.length > 70 ? `${plain.slice(0, 68)}…` : plain;
}

/** @param {Slot} slot */
function time(slot) {
	const input = /** @type {HTMLInputElement} */ (text(slot));
	const local = el("input", {
		type: "datetime-local",
		class: "input",
		"aria-label": `${slot.label}: ${slot.t("build.time")}`,
		oninput: () => {
			const seconds = Math.floor(new Date(local.value).getTime() / 1000);
			if (Number.isFinite(seconds)) put(seconds, false);
		},
	});
	/** @param {number} seconds @param {boolean} both */
	const put = (seconds, both) => {
		input.value = String(seconds);
		slot.set(seconds);
		if (both) follow();
	};
	const follow = () => {
		const seconds = Number(input.value);
		const inRange = input.value.trim() !== "" && Number.isInteger(seconds) && seconds > 0 && seconds < 1e11;
		local.value = inRange ? localTime(seconds) : "";
	};
	input.addEventListener("input", follow);
	follow();
	return el("div", { class: "time" }, input, local,
		[1, 7, 30].map((days) => el("button", {
			class: "button ghost small",
			onclick: () => put(Math.floor(Date.now() / 1000) + days * DAY, true),
		}, slot.t("build.days", { n: days }))));
}

/** @param {number} seconds */
function localTime(seconds) {
	const date = new Date(seconds * 1000);
	return new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

/** Formats a size in bytes. @param {number} bytes */
export function size(bytes) {
	if (bytes < 1024) return `${count(bytes)} B`;
	if (bytes < 1024 * 1024) return `${count(Math.round(bytes / 102.4) / 10)} KiB`;
	return `${count(Math.round(bytes / 104857.6) / 10)} MiB`;
}

/** @param {Slot} slot */
function file(slot) {
	const { t } = slot;
	const value = shown(slot.value);
	const id = uniqueId("file");
	const status = el("span", { class: "small", role: "status" }, value.length > SHORT_FILE ? t("build.file.size", { size: size(value.length) }) : "");
	const base64 = el("input", { ...attributes(slot), type: "text", hidden: value.length > SHORT_FILE, oninput: () => slot.set(base64.value) });
	if (value.length <= SHORT_FILE) base64.value = value;
	/** @param {File | undefined} chosen */
	const take = async (chosen) => {
		if (!chosen) return;
		try {
			const encoded = await encode(chosen);
			slot.file(chosen.name, encoded);
		} catch {
			status.textContent = t("build.file.failed");
		}
	};
	const picker = el("input", {
		type: "file",
		id,
		class: "visually-hidden",
		"aria-label": `${slot.label}: ${t("build.file.choose")}`,
		onchange: () => void take(picker.files?.[0]),
	});
	const zone = el("div", { class: "drop" }, icon("file"),
		el("span", { class: "small" }, t("build.file.drop"), " "), picker, el("label", { for: id, class: "drop-link" }, t("build.file.choose")), status);
	for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
		zone.addEventListener(name, (event) => {
			event.preventDefault();
			zone.classList.toggle("over", name === "dragenter" || name === "dragover");
			if (name === "drop") void take(/** @type {DragEvent} */ (event).dataTransfer?.files[0]);
		});
	}
	const all = el("div", { class: "file" });
	append(all, [zone, base64]);
	return all;
}

/** Returns the content of a file as base64. @param {Blob} blob @returns {Promise<string>} */
function encode(blob) {
	return new Promise((resolve, reject) => {
		const reader = new FileReader();
		reader.addEventListener("load", () => resolve(String(reader.result).replace(/^[^,]*,/, "")));
		reader.addEventListener("error", () => reject(reader.error));
		reader.readAsDataURL(blob);
	});
}

/** Returns the name of the JSON type of a value. @param {Json} value */
export function jsonType(value) {
	if (value === null) return "null";
	if (Array.isArray(value)) return "array";
	return value instanceof JsonNumber ? "number" : typeof value;
}

// Call of an action: show the request, confirm a write, send, show the response; and save the request.
import { ask, clear, copy, el } from "./dom.js";
import { icon } from "./icons.js";
import { parse } from "./json.js";
import { clip, copyButton, errorNote, headerTable, responseView } from "./response.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Call} Call */
/** @typedef {import("../types.js").Preview} Preview */
/** @typedef {import("./build.js").Builder} Builder */

/** Last response of each action, until the page is loaded again. @type {Map<string, Call>} */
const responses = new Map();

/** Returns the part of the page that sends the request. @param {Context} context
 * @param {import("../types.js").Item} item @param {Builder} builder */
export function callPanel(context, item, builder) {
	const { t, api, catalogue } = context;
	const blocked = catalogue.mode === "offline" || !catalogue.has_credential ? t("call.offline")
		: item.effect === "write" && catalogue.mode !== "emulator" && !catalogue.allow_writes
			? t(catalogue.is_mounted ? "call.readonly.mounted" : "call.readonly") : "";
	const body = el("div", { class: "preview-body" });
	const preview = el("details", { class: "preview", "data-testid": "preview" },
		el("summary", { class: "button", "data-testid": "preview-button" }, t("call.preview")), body);
	const response = el("section", { class: "response stack", "data-testid": "response", "aria-live": "polite", "aria-label": t("call.response"), hidden: true });
	const note = el("div", { class: "call-note" }, blocked ? el("p", { class: "note warning" }, blocked) : null);
	const send = el("button", {
		class: "button primary",
		"data-testid": "send",
		disabled: Boolean(blocked),
		onclick: () => void run(),
	}, t("call.send"));

	/** @param {unknown} error */
	const failed = (error) => {
		if (!(error instanceof api.ApiError)) return errorNote({ code: "", message: error instanceof Error ? t(error.message) : String(error) }, context);
		return errorNote({ code: error.code, message: error.message || t("error.unreachable"), hint: error.hint }, context);
	};

	const fillPreview = async () => {
		builder.form.showAll();
		try {
			const shown = /** @type {Preview} */ (await api.post(`api/preview/${item.name}`, builder.text));
			context.session.lastPreview = shown;
			clear(body, ...previewView(shown, context));
		} catch (error) {
			clear(body, failed(error));
		}
	};
	preview.addEventListener("toggle", () => {
		if (preview.open) void fillPreview();
	});
	builder.onChange(() => {
		if (preview.open) preview.open = false;
		response.classList.add("outdated");
	});

	const run = async () => {
		builder.form.showAll();
		/** @type {Record<string, string>} */
		const headers = {};
		if (item.effect === "write") {
			if (!(await confirm(item.name, context))) return;
			headers["x-confirm-action"] = item.name;
		}
		send.disabled = true;
		send.textContent = t("call.sending");
		response.setAttribute("aria-busy", "true");
		try {
			show(/** @type {Call} */ (await api.post(`api/call/${item.name}`, builder.text, headers)));
		} catch (error) {
			const call = error instanceof api.ApiError ? error.body?.call : null;
			if (call) show(call);
			else clear(response, failed(error));
		} finally {
			send.disabled = Boolean(blocked);
			send.textContent = t("call.send");
			response.removeAttribute("aria-busy");
			response.hidden = false;
			response.classList.remove("outdated");
			response.scrollIntoView({ block: "nearest" });
		}
	};
	/** @param {Call} call */
	const show = (call) => {
		responses.set(item.name, call);
		clear(response, ...responseView(call, context));
		response.hidden = false;
	};
	const last = responses.get(item.name);
	if (last) show(last);

	return el("div", { class: "stack" }, note,
		el("div", { class: "row call" }, preview, send, el("button", {
			class: "button",
			"data-testid": "save",
			onclick: () => void save(item.name, builder, context),
		}, icon("save"), t("save.save"))),
		response);
}

/** @param {Preview} shown @param {Context} context */
function previewView(shown, context) {
	const { t } = context;
	return [
		el("p", { class: "row" }, el("span", { class: "badge accent" }, shown.method), el("code", null, shown.url), copyButton("URL", () => shown.url, context)),
		headerTable(shown.headers),
		el("p", { class: "muted small" }, t("call.preview.masked")),
		el("div", { class: "row between" }, el("h2", null, t("call.body")), copyButton(t("call.body"), () => shown.body, context)),
		el("pre", { class: "code wrap limited", tabindex: 0 }, clip(shown.body)),
	];
}

/** Asks for the action's name before a write. @param {string} action @param {Context} context */
function confirm(action, { t, catalogue }) {
	return ask(t("call.confirm"), (/** @type {(result: true | null) => void} */ close) => {
		const send = el("button", { class: "button primary", "data-testid": "confirm-send", disabled: true, onclick: () => close(true) }, t("call.send"));
		const name = el("input", {
			class: "input mono",
			"data-testid": "confirm",
			id: "confirm-name",
			autocomplete: "off",
			spellcheck: "false",
			autofocus: true,
			placeholder: action,
			oninput: () => {
				send.disabled = name.value.trim() !== action;
			},
			onkeydown: (/** @type {KeyboardEvent} */ event) => {
				if (event.key !== "Enter") return;
				event.preventDefault();
				if (!send.disabled) close(true);
			},
		});
		return [
			el("h2", null, t("call.confirm")),
			el("p", null, t("call.confirm.text", { action, mode: t(`mode.${catalogue.mode}`) })),
			el("div", { class: "field" }, el("label", { for: "confirm-name" }, t("call.confirm.label")), name),
			el("div", { class: "row" }, send, el("button", { class: "button", onclick: () => close(null) }, t("build.cancel"))),
		];
	});
}

/** Saves the request to a file of the server's folder. @param {string} action @param {Builder} builder
 * @param {Context} context */
async function save(action, builder, context) {
	const { t, api } = context;
	await ask(t("save.title"), (close) => {
		const result = el("div", { class: "stack", "aria-live": "polite" });
		const name = el("input", { class: "input", id: "save-name", placeholder: action, autocomplete: "off", autofocus: true });
		const store = el("button", {
			class: "button primary",
			"data-testid": "save-confirm",
			disabled: !context.catalogue.can_save,
			onclick: async () => {
				try {
					const given = name.value.trim();
					const body = parse(builder.text);
					const saved = await api.post("api/saved", given ? { action, name: given, body } : { action, body });
					clear(result,
						el("p", { class: "note success" }, t("save.done", { name: saved.name })),
						el("p", { class: "small" }, t("save.command")),
						el("div", { class: "row nowrap" }, el("pre", { class: "code wrap grow" }, saved.command),
							el("button", { class: "button small", onclick: () => void copy(saved.command, t("call.copied")) }, t("call.copy"))));
				} catch (error) {
					clear(result, el("p", { class: "note danger" }, error instanceof Error ? error.message : String(error)));
				}
			},
		}, t("save.save"));
		return [
			el("h2", null, t("save.title")),
			context.catalogue.can_save ? el("div", { class: "field" }, el("label", { for: "save-name" }, t("save.name")), name) : el("p", null, t("save.off")),
			result,
			el("div", { class: "row" }, store, el("button", { class: "button", onclick: () => close(null) }, t("save.close"))),
		];
	});
}

// Signature: the four steps of TC3-HMAC-SHA256, and the first difference of a wrong one.
import { clear, debounce, el, stylesheet, tabs } from "./dom.js";
import { explain, explainResult } from "./explain.js";
import { parseRequest } from "./paste.js";
import { checkbox, codeArea, copyButton, failure, field, secretField, time } from "./tool.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Preview} Preview */

/**
 * Inputs of a signature, kept while the page is open; the keys are not.
 * @typedef {object} Inputs
 * @property {string} method
 * @property {string} host
 * @property {string} path
 * @property {string} query
 * @property {string} content_type
 * @property {string} action
 * @property {string} timestamp
 * @property {string} service
 * @property {string} payload
 */

const FIELDS = /** @type {const} */ (["action", "timestamp", "host", "content_type", "method", "path", "query", "service"]);
const DEFAULT_ACTION = "DescribeFlowDetailInfo";

/** @type {Inputs | null} */
let kept = null;

function now() {
	return String(Math.floor(Date.now() / 1000));
}

/** Returns the inputs of a request that was shown. @param {Preview} preview @returns {Partial<Inputs>} */
function fromPreview(preview) {
	const url = new URL(preview.url);
	/** @param {string} name */
	const header = (name) => preview.headers.find(([known]) => known.toLowerCase() === name)?.[1] ?? "";
	return {
		method: preview.method, host: header("host") || url.host, path: url.pathname, query: url.search.slice(1),
		content_type: header("content-type"), action: header("x-tc-action"), timestamp: header("x-tc-timestamp") || now(),
		payload: preview.body,
	};
}

/** Returns the shown request of an action: its draft, or its skeleton. @param {Context} context
 * @param {string} action */
async function preview(context, action) {
	const { api, session } = context;
	const body = session.draft(action) || await api.get(`/api/skeleton/${encodeURIComponent(action)}?fields=required`);
	return /** @type {Promise<Preview>} */ (api.post(`/api/preview/${encodeURIComponent(action)}`, body));
}

/** @param {HTMLElement} container @param {Context} context */
export async function render(container, context) {
	const { api, catalogue, route, t } = context;
	const styled = stylesheet("tools.css");
	const action = route.query.get("action");
	if (!kept || action) {
		kept = {
			method: "POST", host: hostOf(catalogue.endpoint), path: "/", query: "", content_type: "application/json",
			action: action ?? DEFAULT_ACTION, timestamp: now(), service: catalogue.service, payload: "{}",
		};
		try {
			Object.assign(kept, fromPreview(await preview(context, kept.action)));
		} catch {
			// Without a credential there is no preview: the inputs are those of an empty request.
		}
	}
	await styled;
	const inputs = kept;
	const controls = Object.fromEntries(FIELDS.map((name) => [name, el("input", {
		value: inputs[name], class: "mono", spellcheck: "false", autocomplete: "off",
		inputmode: name === "timestamp" ? "numeric" : null,
	})]));
	const payload = codeArea(6);
	payload.value = inputs.payload;
	const twoHeaders = el("input", { type: "checkbox" });
	const unsigned = el("input", { type: "checkbox" });
	const secretId = el("input", { class: "mono", spellcheck: "false", autocomplete: "off" });
	const secretKey = secretField("SecretKey", t("signature.keys.help"));
	const date = el("p", { class: "muted small" });
	const steps = el("div", { class: "stack", "aria-live": "off" });
	const own = explain(t);
	const difference = el("div", { class: "stack", "data-testid": "signature-diff", "aria-live": "polite" });

	/** Returns the body of the request to the server. */
	const body = () => {
		for (const name of FIELDS) inputs[name] = (controls[name]?.value ?? "").trim();
		inputs.payload = payload.value;
		const timestamp = /^\d+$/.test(inputs.timestamp) ? Number(inputs.timestamp) : undefined;
		return {
			...inputs, timestamp, action: inputs.action || undefined, host: inputs.host || undefined,
			content_type: inputs.content_type || undefined, two_headers: twoHeaders.checked, unsigned_payload: unsigned.checked,
			secret_id: secretId.value.trim() || undefined, secret_key: secretKey.input.value || undefined,
		};
	};
	let turn = 0;
	let comparing = route.query.get("tab") === "compare";
	const update = async () => {
		turn += 1;
		const mine = turn;
		const request = body();
		date.textContent = request.timestamp === undefined ? t("signature.timestamp.invalid")
			: `${time(request.timestamp, context.lang)} · ${t("signature.day", { day: utcDay(request.timestamp) })}`;
		const output = comparing ? difference : steps;
		if (comparing && !own.authorization.value.trim()) {
			clear(difference, el("p", { class: "muted" }, t("signature.compare.empty")));
			return;
		}
		try {
			const result = comparing ? await api.post("/api/verify", { ...request, ...own.values() })
				: await api.post("/api/sign", request);
			if (mine !== turn) return;
			clear(output, comparing ? explainResult(result, own.values(), t) : stepList(result, context));
		} catch (error) {
			if (mine === turn) clear(output, failure(error));
		}
	};
	const later = debounce(180, () => void update());
	/** @param {Partial<Inputs>} values */
	const fill = (values) => {
		for (const name of FIELDS) {
			const value = values[name];
			const control = controls[name];
			if (control && value !== undefined) control.value = value;
		}
		if (values.payload !== undefined) payload.value = values.payload;
		void update();
	};

	const pasted = codeArea(5, "POST / HTTP/1.1\nHost: essbasic.tencentcloudapi.com\nAuthorization: TC3-HMAC-SHA256 …\n\n{…}");
	const pasteNote = el("div", { role: "status" });
	const paste = el("details", { class: "fold" }, el("summary", null, t("signature.paste")),
		el("div", { class: "stack tool-fold" }, field(t("signature.paste.label"), pasted),
			el("div", { class: "row" }, el("button", { class: "button", onclick: () => {
				const found = parseRequest(pasted.value);
				if (!found) {
					clear(pasteNote, el("p", { class: "note warning" }, t("signature.paste.none")));
					return;
				}
				clear(pasteNote);
				const { headers } = found;
				if (headers.authorization) own.authorization.value = headers.authorization;
				fill({
					method: found.method, host: headers.host, path: found.path, query: found.query, payload: found.body || undefined,
					content_type: headers["content-type"], action: headers["x-tc-action"], timestamp: headers["x-tc-timestamp"],
				});
				paste.open = false;
				if (headers.authorization) select("compare");
			} }, t("signature.paste.fill"))), pasteNote));
	const stepsPanel = el("div", { class: "stack" }, steps);
	const comparePanel = el("div", { class: "stack" }, own.node, difference);
	const panel = el("div", { id: "signature-panel", role: "tabpanel" });
	/** @param {string} id */
	const show = (id) => {
		comparing = id === "compare";
		panel.setAttribute("aria-labelledby", `tab-${id}`);
		clear(panel, comparing ? comparePanel : stepsPanel);
		void update();
	};
	const bar = tabs({
		label: t("tool.signature"), selected: comparing ? "compare" : "steps", select: show, controls: panel.id,
		tabs: [{ id: "steps", label: t("signature.steps") }, { id: "compare", label: t("signature.compare"), testid: "tab-compare" }],
	});
	/** @param {string} id */
	const select = (id) => bar.querySelector(`#tab-${id}`)?.dispatchEvent(new MouseEvent("click"));
	const last = () => context.session.lastPreview ?? null;

	container.append(
		el("header", { class: "page-head" }, el("h1", null, t("tool.signature")), el("p", { class: "lead" }, t("signature.lead"))),
		el("div", { class: "tool-columns" },
			el("form", { class: "card stack tool-inputs", oninput: later, onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
				el("div", { class: "row between" }, el("h2", null, t("signature.request")),
					last() ? el("button", { class: "button small", onclick: () => {
						const shown = last();
						if (shown) fill(fromPreview(shown));
					} }, t("signature.last")) : null),
				paste,
				controlFields(controls, date, t, () => fill({ timestamp: now() })),
				field(t("signature.payload"), payload),
				el("details", { class: "fold" }, el("summary", null, t("signature.more")),
					el("div", { class: "stack tool-fold" }, moreFields(controls, t),
						checkbox(t("signature.two_headers"), twoHeaders), checkbox(t("signature.unsigned"), unsigned))),
				el("details", { class: "fold" }, el("summary", null, t("signature.keys")),
					el("div", { class: "stack tool-fold" }, field("SecretId", secretId), secretKey.node))),
			el("div", { class: "stack tool-output" }, bar, panel)));
	own.node.addEventListener("input", later);
	show(comparing ? "compare" : "steps");
	return () => {
		turn += 1;
		later.cancel();
		secretId.value = "";
		secretKey.input.value = "";
	};
}

/** @param {string} endpoint */
function hostOf(endpoint) {
	try {
		return new URL(endpoint).host;
	} catch {
		return "essbasic.tencentcloudapi.com";
	}
}

/** @param {number} seconds */
function utcDay(seconds) {
	return seconds < 253402300800 ? new Date(seconds * 1000).toISOString().slice(0, 10) : "";
}

/** @param {Record<string, HTMLInputElement>} controls @param {HTMLElement} date @param {Context["t"]} t
 * @param {() => void} setNow */
function controlFields(controls, date, t, setNow) {
	const { action, timestamp, host, content_type: type } = controls;
	if (!action || !timestamp || !host || !type) return [];
	const stamp = field(t("signature.timestamp"), timestamp);
	const row = el("div", { class: "tool-secret" });
	timestamp.replaceWith(row);
	row.append(timestamp, el("button", { class: "button small", onclick: setNow }, t("signature.now")));
	stamp.append(date);
	return [field(t("signature.action"), action), stamp, el("div", { class: "tool-pair" },
		field(t("signature.host"), host), field("Content-Type", type))];
}

/** @param {Record<string, HTMLInputElement>} controls @param {Context["t"]} t */
function moreFields(controls, t) {
	return el("div", { class: "tool-pair" }, (/** @type {const} */ (["method", "path", "query", "service"])).map((name) => {
		const control = controls[name];
		return control ? field(t(`signature.${name}`), control) : null;
	}));
}

/** Shows the four steps. @param {any} result @param {Context} context */
function stepList(result, { t }) {
	const canonical = String(result.canonical_request);
	const lines = canonical.split("\n");
	const headers = lines.length - 6;
	/** @param {number} index */
	const name = (index) => ["method", "path", "query"][index]
		?? (index < 3 + headers ? "header" : index === 3 + headers ? "blank" : index === 4 + headers ? "signed_headers" : "payload_hash");
	const masked = result.signature === "***";
	const toSign = String(result.string_to_sign).split("\n");
	const authorization = String(result.authorization);
	return el("ol", { class: "tool-steps" }, [
		step(t("signature.step1"), t("signature.step1.doc"), canonical,
			labeled(lines.map((line, index) => [t(`signature.line.${name(index)}`), line]))),
		step(t("signature.step2"), t("signature.step2.doc"), String(result.string_to_sign),
			labeled(toSign.map((line, index) => [t(`signature.line.${["algorithm", "timestamp", "scope", "hash"][index] ?? "header"}`), line]))),
		step(t("signature.step3"), t("signature.step3.doc"), String(result.signature),
			el("div", { class: "stack" }, el("pre", { class: "code wrap" }, String(result.signature)),
				masked ? el("p", { class: "note small" }, t("signature.masked")) : null)),
		step(t("signature.step4"), t("signature.step4.doc"), authorization,
			labeled(parts(authorization).map(([part, value]) => [part, value]))),
	]);
}

/** Splits an `Authorization` into its parts. @param {string} text @returns {[string, string][]} */
function parts(text) {
	const [algorithm = "", ...rest] = text.split(" ");
	return [["", algorithm], ...rest.join(" ").split(", ").map((part) => /** @type {[string, string]} */ ([
		part.slice(0, Math.max(part.indexOf("="), 0)), part.slice(part.indexOf("=") + 1),
	]))];
}

/** @param {string} title @param {string} doc @param {string} text @param {HTMLElement} content */
function step(title, doc, text, content) {
	return el("li", { class: "card tool-step" },
		el("div", { class: "row between" }, el("h3", null, title), copyButton(() => text, title)),
		el("p", { class: "muted small" }, doc), content);
}

/** @param {[string, string][]} lines */
function labeled(lines) {
	return el("dl", { class: "tool-labeled" }, lines.map(([label, line]) => el("div", null,
		el("dt", null, label), el("dd", null, line === "" ? el("span", { class: "muted" }, "∅") : el("code", null, line)))));
}

// Signature: the four steps of TC3-HMAC-SHA256, and the first difference of a wrong one.
import { clear, debounce, el, stylesheet, tabs } from "./dom.js";
import { explain, explainResult } from "./explain.js";
import { parseRequest } from "./paste.js";
import { checkbox, codeArea, copyButton, failure, field, secretField, time, withButton } from "./tool.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Preview} Preview */
/** @typedef {Record<string, string | undefined>} Inputs */

const MORE = ["method", "path", "query", "service"];

/** Inputs of the last visit, without keys. @type {Inputs | null} */
let kept = null;

const now = () => String(Math.floor(Date.now() / 1000));

/** Returns the inputs of a request that was shown. @param {Preview} preview @returns {Inputs} */
function fromPreview({ method, url, headers, body }) {
	const { host, pathname, search } = new URL(url);
	const header = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
	return { method, path: pathname, query: search.slice(1), payload: body, ...fromHeaders({ host, ...header }) };
}

/** @param {Record<string, string>} headers @returns {Inputs} */
function fromHeaders(headers) {
	return {
		host: headers.host, content_type: headers["content-type"], action: headers["x-tc-action"],
		timestamp: headers["x-tc-timestamp"],
	};
}

/** Returns the shown request of an action: its draft, or its skeleton. @param {Context} context @param {string} action */
async function preview({ api, session }, action) {
	const path = encodeURIComponent(action);
	const body = session.draft(action) || await api.get(`api/skeleton/${path}?fields=required`);
	return fromPreview(await api.post(`api/preview/${path}`, body));
}

/** @param {HTMLElement} container @param {Context} context */
export async function render(container, context) {
	const { api, catalogue, route, session, t } = context;
	const styled = stylesheet("tools.css");
	const action = route.query.get("action");
	/** @type {Inputs} */
	const start = kept && !action ? kept : {
		action: action ?? "DescribeFlowDetailInfo", timestamp: now(), host: "essbasic.tencentcloudapi.com",
		content_type: "application/json", method: "POST", path: "/", query: "", service: catalogue.service, payload: "{}",
		// Without a credential there is no preview: the inputs are those of an empty request.
		...await preview(context, action ?? "DescribeFlowDetailInfo").catch(() => ({})),
	};
	await styled;
	/** @type {Record<string, HTMLInputElement | HTMLTextAreaElement>} */
	const controls = { payload: codeArea(6) };
	for (const name of ["action", "timestamp", "host", "content_type", ...MORE]) {
		controls[name] = el("input", { class: "mono", spellcheck: "false", autocomplete: "off" });
	}
	/** @param {string} name */
	const input = (name) => field(name === "content_type" ? "Content-Type" : t(`signature.${name}`), controls[name] ?? codeArea(1));
	const twoHeaders = el("input", { type: "checkbox" });
	const unsigned = el("input", { type: "checkbox" });
	const secretId = el("input", { class: "mono", spellcheck: "false", autocomplete: "off" });
	const secretKey = secretField("SecretKey", t("signature.keys.help"));
	const date = el("p", { class: "muted small" });
	const steps = el("div", { class: "stack" });
	const own = explain(t);
	const difference = el("div", { class: "stack", "data-testid": "signature-diff", "aria-live": "polite" });
	let turn = 0;
	let comparing = route.query.get("tab") === "compare";

	const values = () => Object.fromEntries(Object.entries(controls).map(([name, control]) =>
		[name, name === "payload" ? control.value : control.value.trim()]));
	const update = async () => {
		turn += 1;
		const mine = turn;
		const inputs = values();
		const timestamp = /^\d{1,12}$/.test(inputs.timestamp ?? "") ? Number(inputs.timestamp) : undefined;
		date.textContent = timestamp === undefined ? t("signature.timestamp.invalid")
			: `${time(timestamp, context.lang)} · ${t("signature.day", { day: new Date(timestamp * 1000).toISOString().slice(0, 10) })}`;
		const output = comparing ? difference : steps;
		const given = own.values();
		if (comparing && !Object.values(given).some(Boolean)) {
			clear(difference, el("p", { class: "muted" }, t("signature.compare.empty")));
			return;
		}
		try {
			const result = await api.post(comparing ? "api/verify" : "api/sign", {
				...inputs, action: inputs.action || undefined, host: inputs.host || undefined,
				content_type: inputs.content_type || undefined, timestamp, two_headers: twoHeaders.checked,
				unsigned_payload: unsigned.checked, secret_id: secretId.value.trim() || undefined,
				secret_key: secretKey.input.value || undefined, ...comparing && given,
			});
			if (mine === turn) clear(output, comparing ? explainResult(result, given, t) : stepList(result, t));
		} catch (error) {
			if (mine === turn) clear(output, failure(error));
		}
	};
	const later = debounce(180, () => void update());
	/** @param {Inputs} changes */
	const fill = (changes) => {
		for (const [name, value] of Object.entries(changes)) {
			const control = controls[name];
			if (control && value !== undefined) control.value = value;
		}
		void update();
	};

	const pasted = codeArea(5, "POST / HTTP/1.1");
	const pasteNote = el("div", { role: "status" });
	const paste = el("details", { class: "fold" }, el("summary", null, t("signature.paste")),
		el("div", { class: "stack tool-fold" }, field(t("signature.paste.label"), pasted),
			el("div", { class: "row" }, el("button", { class: "button", onclick: () => {
				const found = parseRequest(pasted.value);
				clear(pasteNote, found ? null : el("p", { class: "note warning" }, t("signature.paste.none")));
				if (!found) return;
				const { method, path, query, headers, body } = found;
				paste.open = false;
				fill({ method, path, query, payload: body || undefined, ...fromHeaders(headers) });
				if (!headers.authorization) return;
				own.authorization.value = headers.authorization;
				bar.querySelector("#tab-compare")?.dispatchEvent(new MouseEvent("click"));
			} }, t("signature.paste.fill"))), pasteNote));
	const panel = el("div", { id: "signature-panel", role: "tabpanel", class: "stack" });
	/** @param {string} id */
	const show = (id) => {
		comparing = id === "compare";
		panel.setAttribute("aria-labelledby", `tab-${id}`);
		clear(panel, comparing ? [own.node, difference] : steps);
		void update();
	};
	const selected = comparing ? "compare" : "steps";
	const bar = tabs({
		label: t("tool.signature"), selected, select: show, controls: panel.id,
		tabs: ["steps", "compare"].map((id) => ({ id, label: t(`signature.${id}`), testid: `tab-${id}` })),
	});
	const { lastPreview } = session;
	const stamp = input("timestamp");
	if (controls.timestamp) withButton(controls.timestamp, el("button", { class: "button small", onclick: () => fill({ timestamp: now() }) }, t("signature.now")));
	stamp.append(date);

	container.append(
		el("header", { class: "page-head" }, el("h1", null, t("tool.signature")), el("p", { class: "lead" }, t("signature.lead"))),
		el("div", { class: "tool-columns" },
			el("form", { class: "card stack tool-inputs", oninput: later, onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
				el("div", { class: "row between" }, el("h2", null, t("signature.request")),
					lastPreview ? el("button", { class: "button small", onclick: () => fill(fromPreview(lastPreview)) }, t("signature.last")) : null),
				paste, input("action"), stamp, el("div", { class: "tool-pair" }, input("host"), input("content_type")), input("payload"),
				el("details", { class: "fold" }, el("summary", null, t("signature.more")),
					el("div", { class: "stack tool-fold" }, el("div", { class: "tool-pair" }, MORE.map(input)),
						checkbox(t("signature.two_headers"), twoHeaders), checkbox(t("signature.unsigned"), unsigned))),
				el("details", { class: "fold" }, el("summary", null, t("signature.keys")),
					el("div", { class: "stack tool-fold" }, field("SecretId", secretId), secretKey.node))),
			el("div", { class: "stack tool-output" }, bar, panel)));
	own.node.addEventListener("input", later);
	fill(start);
	show(selected);
	return () => {
		turn += 1;
		later.cancel();
		kept = values();
		secretId.value = "";
		secretKey.input.value = "";
	};
}

/** Shows the four steps. @param {any} result @param {Context["t"]} t */
function stepList({ canonical_request: canonical, string_to_sign: toSign, signature, authorization }, t) {
	const lines = String(canonical).split("\n");
	const names = ["method", "path", "query", ...lines.slice(6).map(() => "header"), "blank", "signed_headers", "payload_hash"];
	const [algorithm, ...parts] = String(authorization).split(/, | (?=Credential)/);
	/** @type {[string, [string, string][]][]} */
	const steps = [
		[canonical, lines.map((line, index) => [t(`signature.line.${names[index]}`), line])],
		[toSign, String(toSign).split("\n").map((line, index) => [t(`signature.line.${["algorithm", "timestamp", "scope", "hash"][index]}`), line])],
		[signature, [["HMAC-SHA256", signature]]],
		[authorization, [[t("signature.line.algorithm"), algorithm ?? ""], ...parts.map((part) => /** @type {[string, string]} */ (part.split(/=(.*)/)))]],
	];
	return el("ol", { class: "tool-steps" }, steps.map(([text, rows], index) => {
		const title = t(`signature.step${index + 1}`);
		return el("li", { class: "card tool-step" },
			el("div", { class: "row between" }, el("h3", null, title), copyButton(() => text, title)),
			el("p", { class: "muted small" }, t(`signature.step${index + 1}.doc`)),
			el("dl", { class: "tool-labeled" }, rows.map(([label, line]) =>
				el("div", null, el("dt", null, label), el("dd", null, el("code", null, line || "∅"))))),
			text === "***" ? el("p", { class: "note small" }, t("signature.masked")) : null);
	}));
}

// Next steps from the values of a response: actions that take an id, and files to open.
import { el, toast } from "./dom.js";
import { isPlaceholder } from "./field.js";
import { format, getAt, isObject, parsePath, setAt } from "./json.js";
import { fromTemplate, prefill } from "./prefill.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Json} Json */
/** @typedef {(string | number)[]} Path */
/** @typedef {{label: string, file: boolean, run: () => Promise<void>}} Step */

const MAX_ROWS = 4;
const MAX_STEPS = 4;

/** Actions that take an id of a response, with the place where they take it. @type {Record<string, [string, Path][]>} */
const STEPS = {
	FlowId: [
		["DescribeFlowDetailInfo", ["FlowIds", 0]],
		["DescribeResourceUrlsByFlows", ["FlowIds", 0]],
		["CreateSignUrls", ["FlowIds", 0]],
		["ChannelCreateFlowReminds", ["FlowIds", 0]],
		["ChannelCancelFlow", ["FlowId"]],
		["ChannelVerifyPdf", ["FlowId"]],
		["CreateChannelFlowEvidenceReport", ["FlowId"]],
	],
	FileId: [
		["ChannelCreateFlowByFiles", ["FileIds", 0]],
		["ChannelCreateConvertTaskApi", ["ResourceId"]],
	],
	FlowGroupId: [["DescribeFlowDetailInfo", ["FlowGroupId"]], ["CreateSignUrls", ["FlowGroupId"]]],
	TemplateId: [["CreateFlowsByTemplates", ["FlowInfos", 0, "TemplateId"]], ["DescribeTemplates", ["TemplateId"]], ["OperateTemplate", ["TemplateId"]]],
	ReportId: [["DescribeChannelFlowEvidenceReport", ["ReportId"]]],
	TaskId: [["ChannelGetTaskResultApi", ["TaskId"]], ["DescribeCancelFlowsTask", ["TaskId"]]],
	SealId: [["ChannelDescribeOrganizationSeals", ["SealId"]]],
};
const PDF = /^https?:\/\//;
/** @type {Set<string>} */
const urls = new Set();

/** Returns the next steps of a value of a response, as elements behind it. @param {string} key @param {Json} value
 * @param {string} path @param {Context} context @param {{action: string, response: Json}} call
 * @returns {import("./dom.js").Child[]} */
export function nextSteps(key, value, path, context, { action, response }) {
	const steps = stepsOf(key, value, path, context, action, response);
	if (steps.length === 0) return [];
	if (steps[0]?.file) return [button(steps[0], "button small step")];
	const menu = el("details", { class: "menu step" },
		el("summary", { class: "button small ghost" }, context.t("call.use"), " …"),
		el("div", { class: "menu-items" }, steps.map((step) => button(step, "menu-item"))));
	menu.addEventListener("focusout", (event) => {
		if (!(event.relatedTarget instanceof Node && menu.contains(event.relatedTarget))) menu.open = false;
	});
	menu.addEventListener("keydown", (event) => {
		if (event.key !== "Escape") return;
		menu.open = false;
		menu.querySelector("summary")?.focus();
	});
	return [menu];
}

/** Returns the next steps of a whole response: of the first value of each kind. @param {import("../types.js").Call} call
 * @param {Context} context */
export function nextStrip(call, context) {
	/** @type {Map<string, HTMLElement>} */
	const rows = new Map();
	let left = 2000;
	/** @param {string} key @param {Json} value @param {string} path */
	const visit = (key, value, path) => {
		left -= 1;
		if (left < 0 || rows.size >= MAX_ROWS) return;
		if (Array.isArray(value)) {
			for (const [index, item] of value.entries()) visit(`${index}`, item, `${path}[${index}]`);
		} else if (isObject(value)) {
			for (const [name, item] of Object.entries(value)) visit(name, item, `${path}.${name}`);
		} else {
			const steps = stepsOf(key, value, path, context, call.action, call.response);
			const name = idName(key, path);
			if (steps.length === 0 || rows.has(name)) return;
			rows.set(name, el("li", { class: "row" }, el("code", null, name),
				steps[0]?.file ? null : el("code", { class: "muted" }, String(value)),
				steps.slice(0, MAX_STEPS).map((step) => button(step, "button small"))));
		}
	};
	visit("", call.response, "");
	return rows.size === 0 ? null : el("div", { class: "next" }, el("p", { class: "label" }, context.t("call.next")), el("ul", null, [...rows.values()]));
}

/** @param {Step} step @param {string} style */
function button(step, style) {
	return el("button", { class: style, "data-testid": step.file ? "pdf" : null, onclick: () => void step.run() }, step.label);
}

/** @param {string} key @param {Json} value @param {string} path @param {Context} context @param {string} action
 * @param {Json} response @returns {Step[]} */
function stepsOf(key, value, path, context, action, response) {
	if (typeof value !== "string" || value === "" || value.length > 4096 || isPlaceholder(value)) return [];
	const { t, catalogue, navigate } = context;
	if (PDF.test(value)) {
		return isFile(path, value, action) ? [{ label: t("call.open_pdf"), file: true, run: () => openFile(value, context) }] : [];
	}
	const name = idName(key, path);
	const known = new Set(catalogue.actions.map((one) => one.name));
	const steps = (Object.hasOwn(STEPS, name) ? STEPS[name] ?? [] : []).filter(([step]) => known.has(step) && step !== action)
		.map(([step, place]) => ({ label: step, file: false, run: () => use(step, place, value, context, template(path, response)) }));
	if (name === "FlowId" && catalogue.has_emulator) {
		steps.unshift({ label: t("call.sign"), file: false, run: async () => navigate("emulator") });
	}
	return steps;
}

/** Returns the object around a value. @param {string} path @param {Json} response */
function template(path, response) {
	return getAt(response, parsePath(path).slice(0, -1));
}

/** Returns the name of an id: that of its array without the plural. @param {string} key @param {string} path */
function idName(key, path) {
	return /^\d+$/.test(key) ? (/(\w+)\[\d+\]$/.exec(path)?.[1] ?? "").replace(/s$/, "") : key;
}

/** @param {string} path @param {string} value @param {string} action */
function isFile(path, value, action) {
	return action === "DescribeResourceUrlsByFlows" || /\.pdf(?:[?#]|$)/i.test(value) || /(Resource|Report|Pdf|File|Download)\w*Url$/.test(path);
}

/** Opens the request of another action with an id filled in. @param {string} action @param {Path} place
 * @param {string} value @param {Context} context @param {Json | undefined} source Object around the id. */
async function use(action, place, value, context, source) {
	const { api, session, navigate, t, describe } = context;
	/** @type {Json} */
	let body = {};
	try {
		body = await api.get(`api/skeleton/${action}?fields=required`);
	} catch {
		// The request then has this field only.
	}
	if (isObject(body)) body = prefill(body, await describe(action), context);
	if (action === "CreateFlowsByTemplates") body = fromTemplate(body, source, context);
	session.setDraft(action, format(setAt(body, place, value)));
	navigate(action, { tab: "call" });
	toast(t("call.used", { name: place.filter((key) => typeof key === "string").join(".") }));
}

/** Fetches a file through the server and opens it in a new tab. @param {string} url @param {Context} context */
async function openFile(url, context) {
	try {
		const blob = await context.api.bytes("api/file", { url });
		const address = URL.createObjectURL(blob);
		urls.add(address);
		if (urls.size > 5) {
			const oldest = [...urls][0] ?? "";
			URL.revokeObjectURL(oldest);
			urls.delete(oldest);
		}
		const anchor = el("a", { href: address, target: "_blank" });
		document.body.append(anchor);
		anchor.click();
		anchor.remove();
	} catch (error) {
		toast(`${context.t("call.open_failed")}: ${error instanceof Error ? error.message : ""}`);
	}
}

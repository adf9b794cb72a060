// Next steps from the values of a response: actions that take an id, and files to open.
import { el, toast } from "./dom.js";
import { format, isObject, setAt } from "./json.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Json} Json */
/** @typedef {(string | number)[]} Path */

/** Actions that take an id of a response, with the place where they take it. @type {Record<string, [string, Path][]>} */
const STEPS = {
	FlowId: [
		["DescribeFlowDetailInfo", ["FlowIds", 0]],
		["CreateSignUrls", ["FlowIds", 0]],
		["DescribeResourceUrlsByFlows", ["FlowIds", 0]],
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

/** Returns the next steps of a value of a response. @param {string} key @param {Json} value @param {string} path
 * @param {Context} context @param {string} action @returns {import("./dom.js").Child[]} */
export function nextSteps(key, value, path, context, action) {
	if (typeof value !== "string" || value === "" || value.length > 4096) return [];
	if (PDF.test(value) && isFile(path, value, action)) {
		return [el("button", { class: "button small step", "data-testid": "pdf", onclick: () => void openFile(value, context) },
			context.t("call.open_pdf"))];
	}
	const steps = stepsOf(key, path, context, action);
	if (steps.length === 0) return [];
	return [el("details", { class: "menu step" },
		el("summary", { class: "button small ghost" }, context.t("call.use"), " …"),
		el("div", { class: "menu-items" }, steps.map(([name, place]) => el("button", {
			class: "menu-item",
			onclick: () => void use(name, place, value, context),
		}, el("code", null, name)))))];
}

/** @param {string} path @param {string} value @param {string} action */
function isFile(path, value, action) {
	return action === "DescribeResourceUrlsByFlows" || /\.pdf(?:[?#]|$)/i.test(value) || /(Resource|Report|Pdf|File|Download)\w*Url$/.test(path);
}

/** @param {string} key @param {string} path @param {Context} context @param {string} action */
function stepsOf(key, path, context, action) {
	const name = /^\d+$/.test(key) ? (/(\w+)\[\d+\]$/.exec(path)?.[1] ?? "").replace(/s$/, "") : key;
	const known = new Set(context.catalogue.actions.map((one) => one.name));
	return (Object.hasOwn(STEPS, name) ? STEPS[name] ?? [] : []).filter(([step]) => known.has(step) && step !== action);
}

/** Opens the request of another action with an id filled in. @param {string} action @param {Path} place
 * @param {string} value @param {Context} context */
async function use(action, place, value, context) {
	const { api, session, navigate, t } = context;
	/** @type {Json} */
	let body = {};
	try {
		body = await api.get(`/api/skeleton/${action}?fields=required`);
	} catch {
		// The request then has this field only.
	}
	if (isObject(body) && "Agent" in body && session.agent) body = setAt(body, ["Agent"], session.agent);
	session.setDraft(action, format(setAt(body, place, value)));
	navigate(action, { tab: "call" });
	toast(t("call.used", { name: place.filter((key) => typeof key === "string").join(".") }));
}

/** Fetches a file through the server and opens it in a new tab. @param {string} url @param {Context} context */
async function openFile(url, context) {
	try {
		const blob = await context.api.bytes("/api/file", { url });
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

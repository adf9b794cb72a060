// Values that the page can fill in: the agent, deadlines, and the parties of a template.
import { isTime } from "./field.js";
import { getAt, isObject, setAt } from "./json.js";
import { innermost } from "./describe.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Json} Json */
/** @typedef {import("../types.js").JsonObject} JsonObject */

const WEEK = 7 * 86400;
/** Signer of contracts that only the emulator has. */
const SAMPLE = { Name: "张三", Mobile: "13800000000", OrganizationName: "示例有限公司" };
const EMPTY = { Name: "<Name>", Mobile: "<Mobile>", OrganizationName: "<OrganizationName>" };

/** Returns the time one week from now, in seconds. */
export function nextWeek() {
	return Math.floor(Date.now() / 1000) + WEEK;
}

/** Fills in the agent of this session, and deadlines in one week for zeros. @param {JsonObject} request
 * @param {import("../types.js").Item} item @param {Context} context @returns {JsonObject} */
export function prefill(request, item, context) {
	const { agent } = context.session;
	const filled = agent && "Agent" in request ? setAt(request, ["Agent"], agent) : request;
	return times(filled, item.request, item);
}

/** @param {Json} value @param {string} name Name of its object. @param {import("../types.js").Item} item @returns {any} */
function times(value, name, item) {
	if (Array.isArray(value)) return value.map((one) => times(one, name, item));
	if (!isObject(value)) return value;
	const copy = Object.assign(Object.create(null), value);
	for (const field of item.objects[name]?.fields ?? []) {
		const inner = innermost(field.type);
		if (!(field.name in copy)) continue;
		if (inner.object) copy[field.name] = times(copy[field.name], inner.object, item);
		else if (copy[field.name] === 0 && isTime(field, field.type.kind)) copy[field.name] = nextWeek();
	}
	return copy;
}

/** Fills in name, parties and required fields of a contract from a template, as `DescribeTemplates` returned it.
 * @param {Json} request @param {Json | undefined} template @param {Context} context @returns {Json} */
export function fromTemplate(request, template, context) {
	if (!isObject(template) || !Array.isArray(template.Recipients)) return request;
	const own = context.catalogue.has_emulator ? SAMPLE : EMPTY;
	const agent = /** @type {Json} */ (context.session.agent);
	const parties = template.Recipients.filter(isObject).map((recipient) => {
		const isPerson = recipient.RecipientType === "INDIVIDUAL";
		const { OrganizationName, ...person } = own;
		return {
			ApproverType: isPerson ? "PERSON" : "ORGANIZATION",
			...person,
			...(isPerson ? {} : { OrganizationName }),
			...(recipient.IsPromoter === true ? {
				OrganizationOpenId: getAt(agent, ["ProxyOrganizationOpenId"]) ?? "<OrganizationOpenId>",
				OpenId: getAt(agent, ["ProxyOperator", "OpenId"]) ?? "<OpenId>",
			} : {}),
			RecipientId: recipient.RecipientId ?? "",
		};
	});
	const named = setAt(request, ["FlowInfos", 0, "FlowName"], template.TemplateName || "<FlowName>");
	const inputs = (Array.isArray(template.Components) ? template.Components : []).filter(isObject)
		.filter((input) => input.ComponentRequired === true && !String(input.ComponentType).startsWith("SIGN"));
	const fields = inputs.map(({ ComponentName = "" }) => ({
		ComponentName,
		ComponentValue: context.catalogue.has_emulator ? "示例" : `<${ComponentName}>`,
	}));
	const signed = setAt(named, ["FlowInfos", 0, "FlowApprovers"], parties);
	return fields.length > 0 ? setAt(signed, ["FlowInfos", 0, "FormFields"], fields) : signed;
}

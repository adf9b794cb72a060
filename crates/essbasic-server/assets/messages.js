// List of messages, latest first.
import { clear, debounce, el } from "./dom.js";
import { count, t } from "./i18n.js";
import { keyed, repeat } from "./live.js";
import { pager } from "./pages.js";
import { failure, head, nothing, row, table } from "./parts.js";
import { link } from "./router.js";
import { ago } from "./times.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Message} Message */
/** @typedef {import("../types.js").Target} Target */

const INTERVAL = 4_000;
const LIMIT = 50;
/** Characters of a message ID that lists show. */
export const SHORT_ID = 12;

/** @param {HTMLElement} container @param {Context} context */
export async function render(container, context) {
	const { api, navigate, route } = context;
	/** @param {string} name */
	const given = (name) => route.query.get(name) ?? "";
	const filter = { flow_id: given("flow_id"), dead: given("dead") === "true" ? "true" : "", target: given("target"), before: given("before") };
	let turn = 0;
	const output = el("div", { "aria-live": "polite" });
	const body = el("tbody", { "data-testid": "messages" });
	const list = table(t("messages.title"), ["received", "type", "flow", "body", "id"].map((name) => t(`message.${name}`)), body);
	const empty = el("div", { hidden: true });
	const pages = pager((cursor) => change({ before: cursor }));
	pages.reset(filter.before);
	const input = el("input", {
		type: "search", class: "input mono", "aria-label": t("messages.flow"), placeholder: t("messages.flow"), autocomplete: "off",
		autocapitalize: "off", spellcheck: "false", maxlength: 128, "data-testid": "flow",
	});
	input.value = filter.flow_id;
	input.addEventListener("input", debounce(250, () => change({ flow_id: input.value.trim(), before: "" })));
	const dead = ["", "true"].map((value) => el("button", { class: "segment", "data-testid": `dead-${value || "all"}`, onclick: () => change({ dead: value, before: "" }) },
		t(value ? "messages.dead" : "contracts.all")));
	const target = el("select", { class: "input", "aria-label": t("forward.target"), "data-testid": "target" });
	target.addEventListener("change", () => change({ target: target.value, before: "" }));
	const filters = () => dead.forEach((button, index) => void button.setAttribute("aria-pressed", String((index === 1) === (filter.dead === "true"))));
	/** @param {Partial<typeof filter>} changed */
	const change = (changed) => {
		Object.assign(filter, changed);
		if (changed.before === "") pages.reset("");
		filters();
		navigate("messages", Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== "")), { replace: true, quiet: true });
		void load();
	};
	const show = keyed(body, (/** @type {Message} */ message) => message.id, messageRow);
	const load = async () => {
		turn += 1;
		const mine = turn;
		const query = new URLSearchParams({ ...filter, limit: String(LIMIT) });
		for (const [name, value] of [...query]) if (value === "") query.delete(name);
		try {
			const found = /** @type {{messages: Message[], next: number | null}} */ (await api.get(`api/messages?${query}`));
			if (mine !== turn) return;
			show(found.messages);
			pages.update(found.next === null ? null : String(found.next));
			const isFiltered = filter.flow_id !== "" || filter.dead !== "" || filter.target !== "";
			list.hidden = found.messages.length === 0;
			empty.hidden = !list.hidden;
			if (list.hidden) clear(empty, nothing(t(isFiltered ? "messages.none.found" : "messages.none"), el("p", null, t(isFiltered ? "messages.none.found.text" : "messages.none.text"))));
			if (output.dataset.failed) clear(output).removeAttribute("data-failed");
		} catch (error) {
			if (mine !== turn || (error instanceof api.ApiError && error.code === "unreachable")) return;
			clear(output, failure(error)).setAttribute("data-failed", "");
		}
	};
	container.append(head(t("messages.title"), t("messages.lead")),
		el("div", { class: "filters" }, el("div", { class: "segments", role: "group", "aria-label": t("forwards.title") }, dead),
			el("div", { class: "filter-inputs" }, input, target)), output, list, empty, pages.node);
	filters();
	await Promise.all([load(), api.get("api/forwards").then(({ targets }) => {
		const names = [...new Set([.../** @type {Target[]} */ (targets).map(({ name }) => name), ...(filter.target ? [filter.target] : [])])];
		target.append(el("option", { value: "" }, t("messages.target.any")), ...names.map((name) => el("option", { value: name }, name)));
		target.value = filter.target;
		target.hidden = names.length === 0;
	}, () => {})]);
	const loop = repeat(INTERVAL, load);
	window.setTimeout(() => void loop.now(), INTERVAL);
	return () => {
		turn += 1;
		loop.stop();
	};
}

/** Returns whether the body of a message is stored. @param {Pick<Message, "body" | "has_body">} message */
export function bodyText({ body, has_body }) {
	return t(`message.body.${body ?? (has_body ? "stored" : "none")}`);
}

/** @param {Message} message */
function messageRow({ id, type, flow_id, received_at, dead_forwards = 0, ...message }) {
	return row({ "data-message": id }, [
		[t("message.received"), ago(received_at), "number first"],
		[t("message.type"), [el("a", { href: link("message", { id }) }, type),
			dead_forwards > 0 ? el("span", { class: "badge danger", "data-testid": "dead-forwards" }, t("messages.dead.n", { n: count(dead_forwards) })) : null], "main-cell"],
		[t("message.flow"), flow_id ? el("a", { class: "mono", href: link("contract", { id: flow_id }) }, flow_id) : "–"],
		[t("message.body"), el("span", { class: message.has_body ? null : "muted" }, bodyText(message))],
		[t("message.id"), el("code", { class: "muted", title: id }, id.slice(0, SHORT_ID))],
	]);
}

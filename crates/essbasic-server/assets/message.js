// One message with its forwards, and its replay to a target.
import { clear, el, toast, uniqueId } from "./dom.js";
import { count, t } from "./i18n.js";
import { badge, hintText, label } from "./labels.js";
import { filled, repeat } from "./live.js";
import { SHORT_ID, bodyText } from "./messages.js";
import { copyable, factList, failure, nothing, row, run, section, table } from "./parts.js";
import { link } from "./router.js";
import { server } from "./status.js";
import { ago, moment } from "./times.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Forward} Forward */
/** @typedef {import("../types.js").Message} Message */
/** @typedef {import("../types.js").Target} Target */

const INTERVAL = 3_000;

/** @param {HTMLElement} container @param {Context} context */
export async function render(container, context) {
	const { api, route } = context;
	const id = route.query.get("id") ?? "";
	const path = `api/messages/${encodeURIComponent(id)}`;
	const output = el("div", { "aria-live": "polite" });
	const facts = el("div");
	const forwards = el("div", { "data-testid": "forwards" });
	const showFacts = filled(facts, factsOf);
	const showForwards = filled(forwards, (/** @type {Forward[]} */ list) => [section(t("forwards.title"), null, forwardTable(list))]);
	/** @param {Message} message */
	const show = ({ forwards, ...message }) => {
		showFacts({ ...message, forwards: [] });
		showForwards(forwards);
	};
	const load = async () => {
		try {
			show(await api.get(path));
		} catch (error) {
			if (error instanceof api.ApiError && error.code === "unreachable") return;
			clear(output, failure(error));
		}
	};
	const [message, { targets }] = /** @type {[Message, {targets: Target[]}]} */ (await Promise.all([api.get(path), api.get("api/forwards")]));
	show(message);
	const names = targets.filter((target) => target.configured).map((target) => target.name);
	container.append(
		el("header", { class: "page-head" },
			el("p", { class: "eyebrow" }, el("a", { href: link("messages") }, t("messages.title"))),
			el("h1", { "data-title": `${message.type} ${id.slice(0, SHORT_ID)}` }, message.type)),
		facts, forwards,
		server.writable ? replay(context, message, names, output, load) : "", output);
	const loop = repeat(INTERVAL, load);
	window.setTimeout(() => void loop.now(), INTERVAL);
	return () => loop.stop();
}

/** @param {Message} message */
function factsOf({ id, flow_id, received_at, ...message }) {
	return [el("div", { class: "card" }, factList([
		[t("message.flow"), flow_id ? el("a", { class: "mono", href: link("contract", { id: flow_id }) }, flow_id) : "–"],
		[t("message.received"), moment(received_at)],
		[t("message.body"), bodyText(message)],
		[t("message.id"), copyable(id, t("message.id"))],
	]))];
}

/** @param {Forward[]} forwards */
function forwardTable(forwards) {
	if (forwards.length === 0) return nothing(t("forward.none"), el("p", null, t("forward.none.text")));
	const body = el("tbody", null, forwards.map((forward) => row({ "data-forward": forward.seq }, [
		[t("forward.target"), [forward.target, forward.replay ? el("span", { class: "badge" }, t("forward.replay")) : null], "main-cell"],
		[t("forward.state"), [
			badge("forward", forward.delivered_at ? "delivered" : forward.dead ? "dead" : "pending"),
			forward.replayed_at ? badge("forward", "replayed") : null,
			forward.dead ? el("span", { class: "small" }, label("reason", forward.dead)) : null,
			forward.dead && !forward.replayed_at ? el("span", { class: "small muted" }, hintText(forward.dead, forward.hint ?? null)) : null]],
		[t("forward.attempts"), count(forward.attempts), "number"],
		[t("target.error"), forward.error ? [el("code", { class: "small", lang: "en" }, forward.error), forward.failed_at ? ago(forward.failed_at) : null] : "–"],
		[t("forward.at"), forward.delivered_at ? ago(forward.delivered_at) : forward.dead ? (forward.failed_at ? ago(forward.failed_at) : "–") : el("span", null, t("forward.next"), " ", ago(forward.due)), "number"],
	])));
	return table(t("forwards.title"), ["forward.target", "forward.state", "forward.attempts", "target.error", "forward.at"].map((name) => t(name)), body);
}

/** @param {Context} context @param {Message} message @param {string[]} names @param {Element} output @param {() => Promise<void>} load */
function replay({ api }, message, names, output, load) {
	if (names.length === 0) return "";
	if (!message.has_body) {
		const reason = message.body === "not_stored" ? "replay.not_stored" : "error.body_expired";
		return section(t("replay.title"), null, el("div", { class: "note", "data-testid": "replay-expired" },
			el("strong", null, t(reason)), el("span", { class: "hint" }, t(`${reason}.hint`))));
	}
	const id = uniqueId("target");
	const select = el("select", { id, "data-testid": "replay-target" }, names.map((name) => el("option", { value: name }, name)));
	const button = el("button", { class: "button primary", "data-testid": "replay" }, t("replay.button"));
	button.addEventListener("click", () => void run(button, output, async () => {
		await api.post(`api/messages/${encodeURIComponent(message.id)}/replay`, { target: select.value });
		toast(t("replay.done", { name: select.value }));
		await load();
	}));
	return section(t("replay.title"), null, el("div", { class: "card stack" }, el("p", { class: "muted" }, t("replay.text")),
		el("div", { class: "row bottom" }, el("div", { class: "field" }, el("label", { for: id }, t("forward.target")), select), button)));
}

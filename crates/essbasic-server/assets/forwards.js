// Targets of forwards with their health.
import { deadMessages, replayAll } from "./bulk.js";
import { clear, el } from "./dom.js";
import { count, t } from "./i18n.js";
import { badge } from "./labels.js";
import { keyed, repeat } from "./live.js";
import { factList, failure, head, nothing } from "./parts.js";
import { link } from "./router.js";
import { server } from "./status.js";
import { moment } from "./times.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Target} Target */

const INTERVAL = 3_000;

/** @param {HTMLElement} container @param {Context} context */
export async function render(container, { api }) {
	const output = el("div", { "aria-live": "polite" });
	const list = el("ul", { class: "targets", "data-testid": "targets" });
	const empty = nothing(t("targets.none"), el("p", null, t("targets.none.text")), el("pre", { class: "code", tabindex: 0 }, EXAMPLE));
	const show = keyed(list, (/** @type {Target} */ target) => target.name, (target) => card(target, api, output));
	const load = async () => {
		try {
			const { targets } = /** @type {{targets: Target[]}} */ (await api.get("api/forwards"));
			show(targets);
			list.hidden = targets.length === 0;
			empty.hidden = targets.length > 0;
			if (output.dataset.failed) clear(output).removeAttribute("data-failed");
		} catch (error) {
			if (error instanceof api.ApiError && error.code === "unreachable") return;
			clear(output, failure(error)).setAttribute("data-failed", "");
		}
	};
	empty.hidden = true;
	container.append(head(t("forwards.title"), t("targets.lead"), el("a", { class: "button", href: link("messages") }, t("messages.title"))), output, list, empty);
	await load();
	const loop = repeat(INTERVAL, load);
	window.setTimeout(() => void loop.now(), INTERVAL);
	return () => loop.stop();
}

/** Configuration of a target. */
const EXAMPLE = [
	"[[forward]]",
	'name = "billing"',
	'url = "https://billing.example.com/callback"',
	'types = ["FlowStatusChange"]',
	'token_file = "secrets/billing_token"',
	'key_file = "secrets/billing_key"',
	"",
	"[messages]",
	'body_key_file = "secrets/body_key"',
].join("\n");

/** @param {Target} target @param {Context["api"]} api @param {Element} output */
function card({ name, host, types, backlog, dead, state, last_delivered_at, last_error, last_error_at, configured }, api, output) {
	return el("li", { class: "card stack tight", "data-target": name },
		el("div", { class: "row between" }, el("h2", null, name), badge("target", configured ? state : "removed")),
		host ? el("code", { class: "muted" }, host) : null,
		factList([
			[t("target.backlog"), el("span", { class: "number" }, count(backlog))],
			[t("target.dead"), el("span", { class: `number ${dead > 0 ? "bad" : ""}` }, count(dead))],
			[t("target.last"), last_delivered_at ? moment(last_delivered_at) : t("target.never")],
			[t("target.error"), last_error ? [el("code", { lang: "en", class: "bad" }, last_error), last_error_at ? [" · ", moment(last_error_at)] : []].flat(2) : null],
			[t("target.types"), types.length > 0 ? types.flatMap((type, index) => [index > 0 ? ", " : "", el("code", null, type)]) : t("target.types.all")],
		]),
		dead > 0 ? el("p", { class: "muted small" }, t("target.dead.text")) : null,
		dead > 0 ? el("div", { class: "row" }, deadMessages(name), server.writable && configured ? replayAll(api, name, dead, output) : null) : null,
		configured ? null : el("p", { class: "muted small" }, t("target.removed.text")));
}

// List of contracts by state, reason and prefix of the ID.
import { retryAll } from "./bulk.js";
import { clear, debounce, el } from "./dom.js";
import { count, t } from "./i18n.js";
import { label, stateBadge, statusText } from "./labels.js";
import { keyed, repeat } from "./live.js";
import { pager } from "./pages.js";
import { failure, head, nothing, row, table } from "./parts.js";
import { link } from "./router.js";
import { onStatus, server } from "./status.js";
import { ago } from "./times.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Contract} Contract */
/** @typedef {{state: string, reason: string, prefix: string, after: string}} Filter */

const INTERVAL = 4_000;
const LIMIT = 50;
const STATES = /** @type {const} */ (["", "dead", "open", "claimed", "done"]);
const REASONS = ["not_found", "not_permitted", "invalid_id", "no_files", "too_many_files", "file_too_large", "invalid_file",
	"link_refused", "download_failed", "storage_failed", "service_failed", "worker_lost"];

/** @param {HTMLElement} container @param {Context} context */
export async function render(container, context) {
	const { api, navigate, route } = context;
	/** @param {keyof Filter} name */
	const given = (name) => route.query.get(name) ?? "";
	/** @type {Filter} */
	const filter = { state: given("state"), reason: given("reason"), prefix: given("prefix"), after: given("after") };
	let turn = 0;
	const output = el("div", { "aria-live": "polite" });
	const body = el("tbody", { "data-testid": "contracts" });
	const list = table(t("contracts.title"), ["id", "state", "status", "attempts", "when", "added"].map((name) => t(`contract.${name}`)), body);
	const empty = el("div", { hidden: true });
	const pages = pager((cursor) => change({ after: cursor }));
	pages.reset(filter.after);

	const states = STATES.map((state) => el("button", { class: "segment", "data-state": state, onclick: () => change({ state, after: "" }) }));
	const reason = el("select", { class: "input", "aria-label": t("contracts.reason"), "data-testid": "reason" });
	reason.append(el("option", { value: "" }, t("contracts.reason.any")),
		...[...new Set([...REASONS, ...(filter.reason ? [filter.reason] : [])])].map((code) => el("option", { value: code }, label("reason", code))));
	reason.value = filter.reason;
	reason.addEventListener("change", () => change({ reason: reason.value, after: "" }));
	const prefix = el("input", {
		type: "search", class: "input mono", "aria-label": t("contracts.prefix"), placeholder: t("contracts.prefix"), autocomplete: "off",
		autocapitalize: "off", spellcheck: "false", maxlength: 128, "data-testid": "prefix",
	});
	prefix.value = filter.prefix;
	prefix.addEventListener("input", debounce(250, () => change({ prefix: prefix.value.trim(), after: "" })));
	const bulk = el("div", { class: "row" });

	const filters = () => {
		const counts = server.status?.contracts;
		STATES.forEach((state, index) => {
			const button = states[index];
			if (!button) return;
			button.setAttribute("aria-pressed", String(state === filter.state));
			clear(button, t(state ? `state.${state}` : "contracts.all"), state && counts ? el("span", { class: "segment-count" }, count(counts[state])) : null);
		});
		const dead = server.status?.dead.find((one) => one.reason === filter.reason);
		const wanted = server.writable && filter.state === "dead" && dead && !filter.prefix ? `${dead.reason} ${dead.count}` : "";
		if (bulk.dataset.shown === wanted) return;
		bulk.dataset.shown = wanted;
		clear(bulk, wanted && dead ? retryAll(api, dead.reason, dead.count, output, "list") : null);
	};
	/** @param {Partial<Filter>} changed */
	const change = (changed) => {
		Object.assign(filter, changed);
		if (changed.after === "") pages.reset("");
		navigate("contracts", Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== "")), { replace: true, quiet: true });
		filters();
		void load();
	};
	const show = keyed(body, (/** @type {Contract} */ contract) => contract.flow_id, contractRow);
	const load = async () => {
		turn += 1;
		const mine = turn;
		const query = new URLSearchParams({ ...filter, limit: String(LIMIT) });
		for (const [name, value] of [...query]) if (value === "") query.delete(name);
		try {
			const found = /** @type {{contracts: Contract[], next: string | null}} */ (await api.get(`api/contracts?${query}`));
			if (mine !== turn) return;
			show(found.contracts);
			pages.update(found.next);
			list.hidden = found.contracts.length === 0;
			empty.hidden = !list.hidden;
			if (list.hidden) clear(empty, nobody(filter));
			if (output.dataset.failed) clear(output).removeAttribute("data-failed");
		} catch (error) {
			// The shell shows that the server does not respond.
			if (mine !== turn || (error instanceof api.ApiError && error.code === "unreachable")) return;
			clear(output, failure(error)).setAttribute("data-failed", "");
		}
	};
	filters();
	container.append(
		head(t("contracts.title"), null, bulk, server.writable ? el("a", { class: "button", href: link("add") }, t("add.title")) : null),
		el("div", { class: "filters" }, el("div", { class: "segments", role: "group", "aria-label": t("contract.state") }, states),
			el("div", { class: "filter-inputs" }, prefix, reason)),
		output, list, empty, pages.node);
	const forget = onStatus(filters);
	await load();
	const loop = repeat(INTERVAL, load);
	window.setTimeout(() => void loop.now(), INTERVAL);
	return () => {
		turn += 1;
		forget();
		loop.stop();
	};
}

/** @param {Contract} contract */
function contractRow(contract) {
	const { flow_id, status, attempts, due, added_at, finished_at, reason, state } = contract;
	/** @type {[string, Node | string]} */
	const when = finished_at ? [t("contract.finished"), ago(finished_at)] : [t("contract.due"), due ? ago(due) : "–"];
	return row({ "data-contract": flow_id }, [
		[t("contract.id"), el("a", { class: "mono", href: link("contract", { id: flow_id }) }, flow_id), "main-cell"],
		[t("contract.state"), [stateBadge(contract), reason ? el("span", { class: `small ${state === "dead" ? "" : "muted"}` }, label("reason", reason)) : null]],
		[t("contract.status"), el("span", { title: status }, statusText(status))],
		[t("contract.attempts"), count(attempts), "number"],
		[when[0], when[1], "number"],
		[t("contract.added"), ago(added_at), "number"],
	]);
}

/** @param {Filter} filter */
function nobody(filter) {
	if (!filter.state && !filter.reason && !filter.prefix && !filter.after) {
		return nothing(t("contracts.none"), el("p", null, t("contracts.none.text")),
			server.writable ? el("p", null, el("a", { class: "button", href: link("add") }, t("add.title"))) : null);
	}
	if (filter.state === "dead" && !filter.reason && !filter.prefix) return nothing(t("contracts.none.dead"), el("p", null, t("contracts.none.dead.text")));
	return nothing(t("contracts.none.found"), el("p", null, t("contracts.none.found.text")));
}

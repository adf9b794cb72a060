// One contract: its state, the evidence of its files, and its timeline.
import { clear, el, toast } from "./dom.js";
import { count, t } from "./i18n.js";
import { confirm } from "./confirm.js";
import { bytes, hintText, label, stateBadge, statusText } from "./labels.js";
import { filled, repeat } from "./live.js";
import { copyButton, copyable, factList, failure, nothing, row, run, section, table } from "./parts.js";
import { link } from "./router.js";
import { refreshStatus, server } from "./status.js";
import { timeline } from "./timeline.js";
import { moment } from "./times.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").ContractDetail} ContractDetail */
/** @typedef {import("../types.js").TimelineEvent} TimelineEvent */

const INTERVAL = 3_000;
/** Characters of the ID that are typed to confirm. */
const TYPED = 6;
/** Action of the Explorer that reads a contract. */
const ACTION = "DescribeFlowDetailInfo";

/** @param {HTMLElement} container @param {Context} context */
export async function render(container, context) {
	const { api, route } = context;
	const id = route.query.get("id") ?? "";
	const path = `api/contracts/${encodeURIComponent(id)}`;
	const output = el("div", { "aria-live": "polite" });
	const top = el("div", { class: "row badges", "data-testid": "contract-state" });
	const actions = el("div", { class: "row" });
	const problem = el("div");
	const facts = el("div");
	const files = el("div", { "data-testid": "files" });
	const events = el("div", { "data-testid": "timeline" });

	/** @param {"retry" | "drop"} operation @param {HTMLButtonElement} button */
	const change = async (operation, button) => {
		const accepted = await confirm(operation === "retry"
			? { title: t("contract.retry.title"), text: t("contract.retry.text"), button: t("contract.retry") }
			: { title: t("contract.drop.title"), text: t("contract.drop.text"), button: t("contract.drop"), isDanger: true, typed: id.slice(-TYPED) });
		if (!accepted) return;
		await run(button, output, async () => {
			const { results } = await api.post(`${path}/${operation}`, {});
			const result = results[0]?.result ?? "not_found";
			toast(t(result === "done" ? `contract.${operation}.done` : `result.${result}`));
			await Promise.all([load(), refreshStatus()]);
		});
	};
	const showTop = filled(top, (/** @type {ContractDetail} */ contract) => [
		stateBadge(contract), el("span", { class: "badge", title: contract.status }, statusText(contract.status)),
		contract.attempts > 1 ? el("span", { class: "badge" }, t("contract.attempt", { n: count(contract.attempts) })) : null]);
	const showActions = filled(actions, (/** @type {{state: string, writable: boolean, explorer: string | null}} */ { state, writable, explorer }) => {
		/** @param {"retry" | "drop"} operation @param {string} style */
		const button = (operation, style) => {
			const node = el("button", { class: `button ${style}`, "data-testid": operation, "data-focus": operation }, t(`contract.${operation}`));
			node.addEventListener("click", () => void change(operation, node));
			return node;
		};
		return [
			writable && state === "dead" ? button("retry", "primary") : null,
			writable && state !== "done" ? button("drop", "") : null,
			explorer ? el("a", { class: "button", "data-testid": "in-explorer", href: explorerLink(explorer, id) }, t("contract.explorer")) : null,
		];
	});
	const showProblem = filled(problem, (/** @type {ContractDetail} */ { state, reason, hint }) => reason ? [
		el("div", { class: `note ${state === "dead" ? "danger" : "warning"}`, "data-testid": "reason" },
			el("strong", null, state === "dead" ? label("reason", reason) : t("contract.failing", { reason: label("reason", reason) })),
			el("span", { class: "hint" }, hintText(reason, hint)))] : []);
	const showFacts = filled(facts, factsOf);
	const showFiles = filled(files, filesOf);
	const showEvents = filled(events, timeline);
	const load = async () => {
		try {
			const contract = /** @type {ContractDetail} */ (await api.get(path));
			show(contract);
			if (output.dataset.failed) clear(output).removeAttribute("data-failed");
		} catch (error) {
			if (error instanceof api.ApiError && error.code === "unreachable") return;
			clear(output, failure(error)).setAttribute("data-failed", "");
		}
	};
	/** @param {ContractDetail} contract */
	const show = ({ events, ...contract }) => {
		const whole = { ...contract, events: [] };
		showTop(whole);
		showActions({ state: contract.state, writable: server.writable, explorer: server.status?.explorer ?? null });
		showProblem(whole);
		showFacts({ contract: whole, lastRequest: contract.state === "done" ? null : failedRequest(events) });
		showFiles(whole);
		showEvents(events);
	};
	// An unknown contract is shown by the shell.
	show(await api.get(path));
	container.append(
		el("header", { class: "page-head" },
			el("p", { class: "eyebrow" }, el("a", { href: link("contracts") }, t("contracts.title"))),
			el("div", { class: "row between" }, el("div", { class: "title" }, el("h1", { class: "mono", "data-title": id }, id), copyButton(id, t("contract.id"))), actions),
			top),
		output, problem,
		el("div", { class: "detail" },
			el("div", { class: "stack wide-gap" }, section(t("contract.facts"), el("a", { class: "small", href: link("messages", { flow_id: id }) }, t("contract.messages")), facts), files),
			events));
	const loop = repeat(INTERVAL, load);
	window.setTimeout(() => void loop.now(), INTERVAL);
	return () => loop.stop();
}

/** Returns the link to a request of the Explorer that reads a contract. @param {string} explorer @param {string} id */
export function explorerLink(explorer, id) {
	const query = new URLSearchParams({ tab: "call", request: JSON.stringify({ FlowIds: [id] }) });
	return `${explorer.replace(/^\//, "")}#/${ACTION}?${query}`;
}

/** Returns the request ID at the end of the latest failure. @param {TimelineEvent[]} events */
function failedRequest(events) {
	const failed = events.findLast(({ kind }) => kind === "dead" || kind === "failed");
	return /\(request ID ([\w-]+)\)$/.exec(failed?.detail ?? "")?.[1] ?? null;
}

/** @param {{contract: ContractDetail, lastRequest: string | null}} shown */
function factsOf({ contract, lastRequest }) {
	const { task, status, status_at, due, added_at, finished_at, state, attempts } = contract;
	const request_id = contract.request_id ?? lastRequest;
	return [el("div", { class: "card" }, factList([
		[t("contract.status"), [statusText(status), status_at ? [" · ", moment(status_at)] : []].flat(2)],
		[t("contract.task"), task && state !== "dead" ? label("task", task) : null],
		[t("contract.due"), due && state === "open" ? moment(due) : null],
		[t("contract.added"), moment(added_at)],
		[t("contract.attempts"), state === "dead" ? count(attempts) : null],
		[t(state === "dead" ? "contract.dead_at" : "contract.finished"), finished_at ? moment(finished_at) : null],
		[t(contract.request_id ? "contract.request_id" : "contract.failed_request"), request_id ? copyable(request_id, t("contract.request_id")) : null],
	]))];
}

/** @param {ContractDetail} contract */
function filesOf({ files, result, task, state }) {
	if (files.length === 0) {
		const text = result === "archived" ? "files.none.archived" : result || state === "dead" ? "files.none.ended" : task === "archive" ? "files.none.signed" : "files.none";
		return [section(t("files.title"), null, nothing(t(text)))];
	}
	const body = el("tbody", null, files.map((file, index) => row(null, [
		[t("files.number"), count(index + 1), "number first"],
		[t("files.bytes"), el("span", { title: t("files.exact", { n: count(file.bytes) }) }, bytes(file.bytes)), "number"],
		[t("files.sha256"), copyable(file.sha256, t("files.sha256"))],
	])));
	return [section(t("files.title"), null, table(t("files.title"), [t("files.number"), t("files.bytes"), t("files.sha256")], body))];
}

// Emulator: contracts, clock, faults and callbacks.
import { clear, debounce, el, stylesheet } from "./dom.js";
import { count } from "./i18n.js";
import { callbackSection } from "./emulator-callbacks.js";
import { clockSection } from "./emulator-clock.js";
import { faultSection } from "./emulator-faults.js";
import { flowRow } from "./emulator-flow.js";
import { failure } from "./tool.js";
import { link } from "./router.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Overview} Overview */
/** @typedef {import("../types.js").Panel} Panel */

const INTERVAL = 2000;
const PAGE = 12;

/** @param {HTMLElement} container @param {Context} context */
export async function render(container, context) {
	const { api, catalogue, t } = context;
	await stylesheet("tools.css");
	const head = el("header", { class: "page-head" }, el("h1", null, t("tool.emulator")), el("p", { class: "lead" }, t("emulator.lead")));
	container.append(head);
	container.dataset.testid = "emulator";
	if (!catalogue.has_emulator) {
		container.append(el("div", { class: "note" }, el("strong", null, t("emulator.none")),
			el("pre", { class: "code" }, "essbasic explore --emulated")));
		return undefined;
	}
	/** @type {Overview | null} */
	let latest = null;
	let turn = 0;
	let stopped = false;
	const problem = el("div", { role: "status" });
	const filter = el("input", { type: "search", class: "input", placeholder: t("emulator.filter"), "aria-label": t("emulator.filter") });
	const total = el("span", { class: "muted small" });
	const list = el("ul", { class: "tool-flows" });
	let limit = PAGE;
	const more = el("button", { class: "button", onclick: () => {
		limit += 4 * PAGE;
		if (latest) show(latest);
	} }, t("emulator.more"));
	/** @type {Map<string, {node: HTMLElement, shown: string}>} */
	const rows = new Map();

	const refresh = async () => {
		turn += 1;
		const mine = turn;
		try {
			const next = /** @type {Overview} */ (await api.get(`api/emulator/flows?q=${encodeURIComponent(filter.value.trim())}`));
			if (mine !== turn || stopped) return;
			latest = next;
			clear(problem);
			show(next);
		} catch (error) {
			if (mine === turn && !stopped) clear(problem, failure(error));
		}
	};
	/** @type {Panel} */
	const panel = {
		context,
		overview: () => latest,
		post: async (command, body) => {
			const result = await api.post(`api/emulator/${command}`, body);
			await refresh();
			return result;
		},
	};
	const clock = clockSection(panel);
	const faults = faultSection(panel);
	const callbacks = callbackSection(panel);

	/** @param {Overview} next */
	const show = (next) => {
		total.textContent = next.total > next.flows.length
			? t("emulator.shown", { shown: count(next.flows.length), n: count(next.total) }) : t("emulator.total", { n: count(next.total) });
		const flows = next.flows.slice(0, limit);
		more.hidden = flows.length === next.flows.length;
		const present = new Set(flows.map(({ flow }) => flow));
		for (const [id, row] of rows) {
			if (present.has(id)) continue;
			row.node.remove();
			rows.delete(id);
		}
		flows.forEach((flow, index) => {
			const shown = JSON.stringify(flow);
			const old = rows.get(flow.flow);
			if (old?.shown !== shown) {
				const focused = old?.node.contains(document.activeElement) && document.activeElement instanceof HTMLElement
					? document.activeElement.dataset.action : undefined;
				const node = flowRow(flow, panel);
				old?.node.replaceWith(node);
				rows.set(flow.flow, { node, shown });
				if (focused) {
					const target = node.querySelector(`[data-action="${focused}"]`) ?? node.querySelector("button");
					if (target instanceof HTMLElement) target.focus();
				}
			}
			const node = rows.get(flow.flow)?.node;
			if (node && list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
		});
		empty.hidden = next.flows.length > 0;
		clock.update(next);
		faults.update(next);
		callbacks.update(next);
	};
	const empty = el("p", { class: "empty", hidden: true }, t("emulator.empty"));
	filter.addEventListener("input", debounce(150, () => void refresh()));
	container.append(
		problem,
		clock.node,
		el("section", { class: "stack", "aria-labelledby": "emulator-contracts" },
			el("div", { class: "row between" },
				el("div", { class: "row" }, el("h2", { id: "emulator-contracts" }, t("emulator.contracts")), total),
				el("div", { class: "row tool-filter" }, filter,
					el("a", { class: "button", href: link("CreateFlowsByTemplates", { tab: "call" }) }, t("emulator.create")))),
			list, more, empty),
		callbacks.node,
		faults.node);
	await refresh();
	const timer = window.setInterval(() => {
		if (!document.hidden) void refresh();
	}, INTERVAL);
	return () => {
		stopped = true;
		window.clearInterval(timer);
		callbacks.forget();
	};
}

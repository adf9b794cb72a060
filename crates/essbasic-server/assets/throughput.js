// Throughput of the last 7 days: a chart and the same numbers as a table.
import { clear, el } from "./dom.js";
import { RANGES, buckets, merged, suitable } from "./buckets.js";
import { chart } from "./chart.js";
import { count, t } from "./i18n.js";
import { repeat } from "./live.js";
import { nothing, section, table } from "./parts.js";
import { format, now } from "./times.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Sample} Sample */

const INTERVAL = 20_000;
const WEEK = 7 * 86_400_000;
const DAY = 86_400_000;
/** Samples of this tab. @type {Sample[]} */
let samples = [];
/** Range that was chosen in this tab. */
let chosen = "";

/** @param {Context} context */
export function throughput({ api }) {
	const drawn = chart();
	const empty = nothing(t("chart.none"), el("p", null, t("chart.none.text")));
	const body = el("tbody");
	const days = el("details", { class: "fold days" }, el("summary", null, t("chart.table")),
		table(t("chart.table"), [t("chart.day"), ...["finished", "messages", "open", "dead"].map((name) => t(`chart.value.${name}`))], body));
	const buttons = RANGES.map((range) => el("button", {
		class: "segment", "data-testid": `range-${range.id}`, onclick: () => {
			chosen = range.id;
			show();
		},
	}, t(`range.${range.id}`)));
	const card = el("div", { class: "card chart-card" }, drawn.node, empty);
	const node = section(t("chart.title"), el("div", { class: "segments", role: "group", "aria-label": t("chart.range") }, buttons), card, days);

	const show = () => {
		const range = RANGES.find(({ id }) => id === chosen) ?? suitable(samples, now());
		RANGES.forEach(({ id }, index) => void buttons[index]?.setAttribute("aria-pressed", String(id === range.id)));
		// The first sample is taken at the start and counts nothing.
		drawn.node.hidden = samples.length < 2;
		empty.hidden = samples.length > 1;
		drawn.update(buckets(samples, now(), range.span, range.size), range);
		if (days.open) fill();
	};
	const fill = () => clear(body, buckets(samples, now(), WEEK, DAY).reverse().map(({ start, sums }) => el("tr", null,
		el("th", { scope: "row" }, format(start, { weekday: "short", day: "numeric", month: "short" })),
		sums ? /** @type {const} */ (["finished", "messages", "open", "dead"]).map((name) => el("td", { class: "number" }, count(sums[name])))
			: el("td", { colspan: 4, class: "muted number" }, t("chart.gap")))));
	days.addEventListener("toggle", () => {
		if (days.open) fill();
	});
	const load = async () => {
		const since = samples.length > 0 ? `?since=${encodeURIComponent(samples[samples.length - 1]?.minute ?? "")}` : "";
		try {
			const found = await api.get(`api/samples${since}`);
			samples = merged(samples, found.samples, now() - WEEK);
		} catch {
			// The shell shows that the server does not respond.
		}
		show();
	};
	show();
	const loop = repeat(INTERVAL, load);
	void loop.now();
	return { node, stop: () => {
		loop.stop();
		drawn.stop();
	} };
}

// Chart of throughput and open contracts, drawn as SVG.
import { clear, el } from "./dom.js";
import { count, lang, t } from "./i18n.js";
import { format } from "./times.js";

/** @typedef {import("../types.js").Bucket} Bucket */
/** @typedef {import("./buckets.js").Range} Range */
/** @typedef {{top: number, height: number, max: number}} Band */

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 292;
const LEFT = 44;
const RIGHT = 6;
/** Width of a label of the time axis. */
const LABEL = 52;
/** Bars of finished contracts above, the line of open ones below. */
const BARS = { top: 26, height: 108 };
const LINE = { top: 176, height: 88 };

/** @param {string} tag @param {Record<string, string | number>} attributes @param {string} [text] */
function svg(tag, attributes, text) {
	const node = document.createElementNS(SVG, tag);
	for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
	if (text !== undefined) node.textContent = text;
	return node;
}

/** Returns the end of an axis: a round number whose half is whole. @param {number} value */
export function roundUp(value) {
	if (value <= 4) return 4;
	const power = 10 ** Math.floor(Math.log10(value));
	return ([1, 2, 4, 6, 8, 10].find((step) => step * power >= value) ?? 10) * power;
}

/** Returns a number in few characters. @param {number} value */
function short(value) {
	return new Intl.NumberFormat(lang() === "zh" ? "zh-CN" : "en", { notation: value >= 10_000 ? "compact" : "standard", maximumFractionDigits: 1 }).format(value);
}

/** Returns the time of a bar. @param {Bucket} bucket @param {Range} range */
export function period(bucket, range) {
	const time = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
	const start = format(bucket.start, range.id === "hour" ? time : { weekday: "short", day: "numeric", month: "short", ...time });
	return `${start}–${format(bucket.end, time)}`;
}

/** Makes a chart that follows the width of its place. */
export function chart() {
	const drawing = svg("svg", { class: "chart-drawing", height: HEIGHT, role: "img" });
	const tip = el("div", { class: "chart-tip", hidden: true, "aria-hidden": "true" });
	const node = el("div", { class: "chart", "data-testid": "chart" }, drawing, tip);
	/** @type {{bars: Bucket[], range: Range} | null} */
	let shown = null;
	let width = 0;
	/** @param {number} index */
	const x = (index) => LEFT + (index * (width - LEFT - RIGHT)) / (shown?.bars.length ?? 1);

	const draw = () => {
		if (!shown || width === 0) return;
		const { bars, range } = shown;
		const finished = bars.reduce((sum, { sums }) => sum + (sums?.finished ?? 0), 0);
		const last = bars.findLast(({ sums }) => sums)?.sums;
		drawing.setAttribute("width", String(width));
		drawing.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
		drawing.setAttribute("aria-label", t("chart.summary", { range: t(`range.${range.id}`), n: count(finished), open: count(last?.open ?? 0) }));
		const upper = { ...BARS, max: roundUp(Math.max(...bars.map(({ sums }) => sums?.finished ?? 0))) };
		const lower = { ...LINE, max: roundUp(Math.max(...bars.map(({ sums }) => Math.max(sums?.open ?? 0, sums?.backlog ?? 0)))) };
		const parts = [
			...ticks(), ...axis(upper, t(`chart.finished.${range.id}`)), ...axis(lower, t("chart.open")),
			...bars.flatMap(({ sums }, index) => {
				if (!sums || sums.finished === 0) return [];
				const height = Math.max(1.5, (sums.finished / upper.max) * upper.height);
				const gap = Math.min(1.5, (x(1) - x(0)) / 4);
				return [svg("rect", { class: "chart-bar", x: x(index) + gap / 2, y: upper.top + upper.height - height, width: x(1) - x(0) - gap, height, rx: 1 })];
			}),
			...curve(lower, "open", "chart-line"),
		];
		if (bars.some(({ sums }) => sums && sums.backlog > 0)) parts.push(...curve(lower, "backlog", "chart-line second"));
		drawing.replaceChildren(...parts, svg("line", { class: "chart-cursor", y1: upper.top, y2: lower.top + lower.height, x1: -9, x2: -9 }));
	};

	/** @param {Band} band @param {string} title */
	const axis = (band, title) => [
		svg("text", { class: "chart-title", x: 0, y: band.top - 12 }, title),
		...[0, 0.5, 1].flatMap((part) => {
			const y = Math.round(band.top + band.height * (1 - part)) + 0.5;
			return [
				svg("line", { class: part === 0 ? "chart-base" : "chart-grid", x1: LEFT, x2: width - RIGHT, y1: y, y2: y }),
				svg("text", { class: "chart-label", x: LEFT - 8, y: y + 4, "text-anchor": "end" }, short(band.max * part)),
			];
		}),
	];

	const ticks = () => {
		if (!shown) return [];
		const { bars, range } = shown;
		const first = bars[0]?.start ?? 0;
		const size = range.size;
		const marked = bars.filter(({ start }) => {
			const day = new Date(start);
			return ((day.getHours() * 60 + day.getMinutes()) * 60_000) % range.tick === 0;
		});
		// Narrow charts have room for every second or third label.
		const step = Math.max(1, Math.ceil(LABEL / (x(range.tick / size) - x(0))));
		return marked.flatMap(({ start }, index) => {
			const at = x((start - first) / size);
			const text = range.id === "week" ? format(start, { weekday: "short", day: "numeric" }) : format(start, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
			const isShown = (marked.length - 1 - index) % step === 0 && at <= width - LABEL;
			return [
				svg("line", { class: "chart-tick", x1: at, x2: at, y1: BARS.top, y2: LINE.top + LINE.height }),
				...(isShown ? [svg("text", { class: "chart-label", x: at + 4, y: HEIGHT - 10 }, text)] : []),
			];
		});
	};

	/** Draws a line, with a gap wherever samples are missing. @param {Band} band @param {"open" | "backlog"} name @param {string} style */
	const curve = (band, name, style) => {
		let path = "";
		let isDown = false;
		let points = 0;
		shown?.bars.forEach(({ sums }, index) => {
			if (sums) {
				const y = band.top + band.height * (1 - sums[name] / band.max);
				path += `${isDown ? "L" : "M"}${((x(index) + x(index + 1)) / 2).toFixed(1)} ${y.toFixed(1)}`;
				points += 1;
			}
			isDown = sums !== null;
		});
		// A single point has no line, but a dot.
		return [svg("path", points === 1 ? { class: `${style} dot`, d: `${path}h.01` } : { class: style, d: path })];
	};

	/** @param {number | null} index */
	const point = (index) => {
		const bucket = index === null ? undefined : shown?.bars[index];
		tip.hidden = !bucket;
		const cursor = drawing.querySelector(".chart-cursor");
		if (!bucket || !shown || index === null || !cursor) {
			cursor?.setAttribute("x1", "-9");
			cursor?.setAttribute("x2", "-9");
			return;
		}
		const center = (x(index) + x(index + 1)) / 2;
		for (const end of ["x1", "x2"]) cursor.setAttribute(end, String(center));
		const { sums } = bucket;
		clear(tip, el("strong", null, period(bucket, shown.range)),
			sums ? /** @type {const} */ (["finished", "open", "dead", "messages", "backlog"]).map((name) =>
				el("span", null, el("span", null, t(`chart.value.${name}`)), el("b", null, count(sums[name])))) : el("span", null, t("chart.gap")));
		tip.style.left = `${Math.min(Math.max(center - tip.offsetWidth / 2, 0), width - tip.offsetWidth)}px`;
	};
	drawing.addEventListener("pointermove", (event) => {
		if (!shown || !(event instanceof PointerEvent)) return;
		const at = event.clientX - drawing.getBoundingClientRect().left - LEFT;
		const index = Math.floor((at / (width - LEFT - RIGHT)) * shown.bars.length);
		point(at < 0 || index >= shown.bars.length ? null : index);
	});
	drawing.addEventListener("pointerleave", () => point(null));
	const observer = new ResizeObserver(() => {
		const next = Math.floor(node.clientWidth);
		if (next === width) return;
		width = next;
		draw();
	});
	observer.observe(node);
	return {
		node,
		/** @param {Bucket[]} bars @param {Range} range */
		update(bars, range) {
			if (range.id !== shown?.range.id) point(null);
			shown = { bars, range };
			draw();
		},
		stop: () => observer.disconnect(),
	};
}

// Samples of the last days in bars of equal length.

/** @typedef {import("../types.js").Sample} Sample */
/** @typedef {import("../types.js").Bucket} Bucket */
/** @typedef {{id: string, span: number, size: number, tick: number}} Range */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Spans of the chart, with the size of a bar and the distance of its ticks, in milliseconds. @type {Range[]} */
export const RANGES = [
	{ id: "hour", span: HOUR, size: MINUTE, tick: 10 * MINUTE },
	{ id: "day", span: DAY, size: 15 * MINUTE, tick: 4 * HOUR },
	{ id: "week", span: 7 * DAY, size: HOUR, tick: DAY },
];

/** Returns the shortest range that contains all samples. @param {Sample[]} samples @param {number} now @returns {Range} */
export function suitable(samples, now) {
	const first = samples[0] ? Date.parse(samples[0].minute) : now;
	return /** @type {Range} */ (RANGES.find((range) => now - first <= range.span) ?? RANGES[RANGES.length - 1]);
}

/** Returns the start of the bar that contains a time; bars begin at whole steps of local time. @param {number} time
 * @param {number} size */
export function startOf(time, size) {
	const shift = new Date(time).getTimezoneOffset() * MINUTE;
	return Math.floor((time - shift) / size) * size + shift;
}

/** Returns the bars of a span up to now. @param {Sample[]} samples In the order of time. @param {number} now
 * @param {number} span @param {number} size @returns {Bucket[]} */
export function buckets(samples, now, span, size) {
	const end = startOf(now, size) + size;
	const first = end - Math.ceil(span / size) * size;
	/** @type {Bucket[]} */
	const found = [];
	for (let start = first; start < end; start += size) found.push({ start, end: start + size, sums: null });
	for (const sample of samples) {
		// The sample of a minute counts what happened before it.
		const bucket = found[Math.floor((Date.parse(sample.minute) - 1 - first) / size)];
		if (!bucket) continue;
		const { finished, messages, open, dead, backlog } = sample;
		bucket.sums = {
			finished: (bucket.sums?.finished ?? 0) + finished,
			messages: (bucket.sums?.messages ?? 0) + messages,
			open, dead, backlog,
		};
	}
	return found;
}

/** Adds later samples to earlier ones; a repeated minute is replaced, and minutes before `since` are left out.
 * @param {Sample[]} earlier @param {Sample[]} later @param {number} since @returns {Sample[]} */
export function merged(earlier, later, since) {
	const first = later[0]?.minute;
	const kept = first === undefined ? earlier : earlier.filter((sample) => sample.minute < first);
	return [...kept, ...later].filter((sample) => Date.parse(sample.minute) >= since);
}

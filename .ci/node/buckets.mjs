// Tests buckets.js: bars of samples, with gaps and in any time zone.
import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

process.env.TZ = "Asia/Kolkata";
const folder = resolve(process.argv[2] ?? ".");
const { RANGES, buckets, merged, startOf, suitable } = await import(pathToFileURL(join(folder, "buckets.js")).href);

const HOUR = 3_600_000;
const now = Date.parse("2026-11-30T06:10:20Z");
const sample = (minute, finished, open) => ({ minute, finished, messages: 3 * finished, open, dead: 1, backlog: 2 });
const samples = [
  sample("2026-11-30T05:29:00.000Z", 1, 10), sample("2026-11-30T05:30:00.000Z", 2, 20),
  sample("2026-11-30T05:31:00.000Z", 4, 30), sample("2026-11-30T06:10:00.000Z", 8, 40),
];

// Bars begin at whole hours of local time: at half past of UTC here.
assert.equal(new Date(startOf(now, HOUR)).toISOString(), "2026-11-30T05:30:00.000Z");
const bars = buckets(samples, now, 7 * 24 * HOUR, HOUR);
assert.equal(bars.length, 168);
assert.ok(bars.every(({ start, end }, index) => end - start === HOUR && start === bars[0].start + index * HOUR));
const last = bars.at(-1);
assert.ok(last.start <= now && now < last.end);
// The sample at a full hour counts the minute before it.
assert.deepEqual(bars.at(-2).sums, { finished: 3, messages: 9, open: 20, dead: 1, backlog: 2 });
assert.deepEqual(last.sums, { finished: 12, messages: 36, open: 40, dead: 1, backlog: 2 });
assert.equal(bars.at(-3).sums, null);

// Samples before the span and in the future have no bar.
const strays = [sample("2020-01-01T00:00:00.000Z", 1, 1), sample("2030-01-01T00:00:00.000Z", 1, 1)];
assert.ok(buckets(strays, now, 24 * HOUR, HOUR).every(({ sums }) => sums === null));

assert.equal(suitable([], now), RANGES[0]);
assert.equal(suitable(samples, now).id, "hour");
assert.equal(suitable([sample("2026-11-29T07:00:00.000Z", 1, 1)], now).id, "day");
assert.equal(suitable([sample("2026-11-01T07:00:00.000Z", 1, 1)], now).id, "week");

const later = [sample("2026-11-30T06:10:00.000Z", 9, 41), sample("2026-11-30T06:11:00.000Z", 1, 42)];
const all = merged(samples, later, Date.parse("2026-11-30T05:30:00Z"));
assert.deepEqual(all.map(({ finished }) => finished), [2, 4, 9, 1]);
assert.deepEqual(merged(samples, [], 0), samples);
console.log("buckets: passed");

// Times and durations, by the clock of the store: the clock of this machine may differ.
import { el } from "./dom.js";
import { lang } from "./i18n.js";

const UPDATE = 5_000;
/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];
/** Milliseconds by which the clock of the store is ahead of this machine. */
let offset = 0;
/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

function locale() {
	return lang() === "zh" ? "zh-CN" : "en-GB";
}

/** Takes over the clock of the store. @param {string} at */
export function setClock(at) {
	const ahead = Date.parse(at) - Date.now();
	// The time of the response is within the difference, so small changes are noise.
	if (Math.abs(ahead - offset) > 1_000) offset = ahead;
}

/** Returns the time of the store, in milliseconds. */
export function now() {
	return Date.now() + offset;
}

/** Formats a time in the time zone of the browser. @param {number} millis @param {Intl.DateTimeFormatOptions} options */
export function format(millis, options) {
	const key = `${locale()} ${JSON.stringify(options)}`;
	let found = formats.get(key);
	if (!found) {
		found = new Intl.DateTimeFormat(locale(), options);
		formats.set(key, found);
	}
	return found.format(millis);
}

/** Returns date and time of day in the time zone of the browser. @param {number} millis */
function local(millis) {
	return format(millis, { dateStyle: "medium", timeStyle: "medium" });
}

/** Returns date and time of day in UTC. @param {string} at */
function utc(at) {
	return `${at.slice(0, 19).replace("T", " ")} UTC`;
}

/** Returns the distance from now, such as "3 min ago". @param {number} millis */
function relative(millis) {
	const seconds = Math.round((millis - now()) / 1000);
	const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
	return new Intl.RelativeTimeFormat(locale(), { style: "short", numeric: unit === "second" ? "auto" : "always" })
		.format(unit === "second" && Math.abs(seconds) < 3 ? 0 : Math.trunc(seconds / size), unit);
}

/** Returns an element with a relative time that stays current; its title has the local time and UTC. @param {string} at */
export function ago(at) {
	const millis = Date.parse(at);
	return el("time", { datetime: at, title: `${local(millis)}\n${utc(at)}`, "data-relative": millis }, relative(millis));
}

/** Returns an element with a local time without the year; its title has UTC. @param {string} at */
export function clock(at) {
	const text = format(Date.parse(at), { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
	return el("time", { class: "muted small number", datetime: at, title: utc(at) }, text);
}

/** Returns an element with a local time, and the relative one behind it. @param {string} at */
export function moment(at) {
	const millis = Date.parse(at);
	return el("span", { class: "moment" },
		el("time", { datetime: at, title: utc(at) }, local(millis)), " ",
		el("span", { class: "muted small", "data-relative": millis }, relative(millis)));
}

/** Returns a duration in its largest unit, such as "3 min". @param {number} seconds */
export function duration(seconds) {
	const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? ["second", 1];
	return new Intl.NumberFormat(lang() === "zh" ? "zh-CN" : "en", { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 })
		.format(Math.floor(seconds / size));
}

/** Keeps all relative times of the page current. */
export function startTimes() {
	window.setInterval(() => {
		if (document.hidden) return;
		for (const node of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-relative]"))) {
			const text = relative(Number(node.dataset.relative));
			if (node.textContent !== text) node.textContent = text;
		}
	}, UPDATE);
}

// Timeline of a contract.
import { el } from "./dom.js";
import { count, t } from "./i18n.js";
import { label, statusText } from "./labels.js";
import { nothing, section } from "./parts.js";
import { clock } from "./times.js";

/** @typedef {import("../types.js").TimelineEvent} TimelineEvent */

/** @type {Record<string, string>} */
const TONES = { failed: "warning", worker_lost: "warning", dead: "danger", archived: "success", retried: "accent", added: "accent" };

/** Returns the section of the events, latest first. @param {TimelineEvent[]} events */
export function timeline(events) {
	const first = events[0]?.number ?? 1;
	return [section(t("timeline.title"), null,
		events.length === 0 ? nothing(t("timeline.none"))
			: el("ol", { class: "card timeline", reversed: true }, [...events].reverse().map(item)),
		first > 1 ? el("p", { class: "muted small" }, t("timeline.capped", { n: count(first - 1) })) : null)];
}

/** @param {TimelineEvent} event */
function item({ at, kind, detail }) {
	const text = detailOf(kind, detail);
	return el("li", { class: TONES[kind] ?? null, "data-kind": kind, title: kind },
		el("div", { class: "row between" }, el("span", { class: "timeline-kind" }, label("event", kind)), clock(at)),
		text ? el("span", { class: "timeline-detail" }, text) : null);
}

/** Returns the detail of an event with its codes in the language of the page. @param {string} kind @param {string} detail */
function detailOf(kind, detail) {
	if (kind === "status" || kind === "ended") return statusText(detail);
	const files = kind === "archived" ? /^(\d+) files$/.exec(detail) : null;
	if (files) return t("event.files", { n: Number(files[1]) });
	const [, attempt, rest = ""] = /^(?:attempt (\d+))?(?:: )?(.*)$/s.exec(detail) ?? [];
	const [, reason = "", cause = ""] = /^([a-z_]+)(?:: (.*))?$/s.exec(rest) ?? [];
	if (kind !== "failed" && kind !== "dead" && kind !== "worker_lost") return detail;
	const parts = [
		attempt ? t("event.attempt", { n: attempt }) : "",
		reason ? label("reason", reason) : rest,
	].filter(Boolean).join(" · ");
	return el("span", null, parts, cause ? [" ", el("code", { lang: "en" }, cause)] : null);
}

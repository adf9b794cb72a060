// Rate, replicas and targets of the overview.
import { breakable, el } from "./dom.js";
import { count, t } from "./i18n.js";
import { badge } from "./labels.js";
import { nothing, row, section, table } from "./parts.js";
import { link } from "./router.js";
import { ago } from "./times.js";

/** @typedef {import("../types.js").Rate} Rate */
/** @typedef {import("../types.js").Worker} Worker */
/** @typedef {import("../types.js").Target} Target */

/** Replicas that are listed at once. */
const MAX_REPLICAS = 8;

/** @param {Rate} rate */
export function rateSection({ per_action, actions }) {
	const limit = el("span", { class: "muted small" }, t("rate.limit", { n: count(per_action) }));
	return [section(t("rate.title"), limit, actions.length === 0 ? nothing(t("rate.none"))
		: el("ul", { class: "card flush meters" }, actions.map(({ action, used }) => {
			const part = per_action > 0 ? used / per_action : 0;
			return el("li", null,
				el("div", { class: "row between" }, el("code", null, breakable(action)),
					el("span", { class: "muted small number" }, t("rate.used", { used: count(used), n: count(per_action) }))),
				el("meter", { class: part >= 1 ? "full" : null, min: 0, max: Math.max(1, per_action), value: Math.min(used, per_action), "aria-label": action }));
		})))];
}

/** @param {{workers: Worker[]}} replicas */
export function replicaSection({ workers }) {
	const sorted = [...workers].sort((one, other) => Number(other.self) - Number(one.self) || one.name.localeCompare(other.name));
	const shown = sorted.slice(0, MAX_REPLICAS);
	const body = el("tbody", null, shown.map((worker) => row({ "data-worker": worker.id }, [
		[t("replica.name"), [el("span", { title: worker.id }, worker.name), worker.self ? el("span", { class: "badge" }, t("replica.self")) : null], "main-cell"],
		[t("replica.claimed"), count(worker.claimed), "number"],
		[t("replica.entered"), ago(worker.entered_at), "number"],
	])));
	const total = el("span", { class: "muted small" }, t("replica.total", { n: count(workers.length) }));
	return [section(t("replica.title"), total,
		workers.length === 0 ? nothing(t("replica.none"))
			: table(t("replica.title"), [t("replica.name"), t("replica.claimed"), t("replica.entered")], body),
		sorted.length > shown.length ? el("p", { class: "muted small" }, t("replica.more", { n: count(sorted.length - shown.length) })) : null)];
}

/** @param {{targets: Target[]}} forwards */
export function targetSection({ targets }) {
	if (targets.length === 0) return [];
	const worst = { failing: 0, ok: 1, idle: 2 };
	const sorted = [...targets].sort((one, other) => worst[one.state] - worst[other.state] || one.name.localeCompare(other.name));
	const body = el("tbody", null, sorted.map((target) => row({ "data-target": target.name }, [
		[t("target.name"), el("a", { href: link("forwards") }, target.name), "main-cell"],
		[t("target.state"), [target.configured ? badge("target", target.state) : badge("target", "removed")]],
		[t("target.backlog"), count(target.backlog), "number"],
		[t("target.dead"), el("span", { class: target.dead > 0 ? "bad" : null }, count(target.dead)), "number"],
		[t("target.last"), target.last_delivered_at ? ago(target.last_delivered_at) : t("target.never"), "number"],
		[t("target.error"), target.last_error ? [el("code", { class: "small", lang: "en" }, target.last_error), target.last_error_at ? ago(target.last_error_at) : null] : "–"],
	])));
	return [section(t("target.title"), el("a", { class: "small", href: link("forwards") }, t("target.all")),
		table(t("target.title"), ["name", "state", "backlog", "dead", "last", "error"].map((name) => t(`target.${name}`)), body))];
}

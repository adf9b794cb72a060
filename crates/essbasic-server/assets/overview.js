// Overview: what needs attention, the numbers of the ledger, throughput, rate, replicas and targets.
import { el } from "./dom.js";
import { filled, repeat } from "./live.js";
import { head } from "./parts.js";
import { server, onStatus } from "./status.js";
import { deadSection } from "./overview-dead.js";
import { health, tiles } from "./overview-state.js";
import { rateSection, replicaSection, targetSection } from "./overview-parts.js";
import { throughput } from "./throughput.js";

/** @typedef {import("../types.js").Context} Context */

const INTERVAL = 3_000;

/** @param {HTMLElement} container @param {Context} context */
export async function render(container, context) {
	const { api, t } = context;
	const state = el("div", { class: "stack", "data-testid": "state" });
	const numbers = el("ul", { class: "tiles", "aria-label": t("overview.numbers"), "data-testid": "numbers" });
	const dead = el("div", { "data-testid": "dead" });
	const output = el("div", { "aria-live": "polite" });
	const rate = el("div", { "data-testid": "rate" });
	const replicas = el("div", { "data-testid": "replicas" });
	const targets = el("div", { "data-testid": "targets" });
	const chart = throughput(context);
	container.append(head(t("overview.title")), state, numbers, output, dead, chart.node, el("div", { class: "pair" }, rate, replicas), targets);

	const showHealth = filled(state, health(context, output));
	const showTiles = filled(numbers, tiles);
	const showDead = filled(dead, deadSection(context, output));
	const showRate = filled(rate, rateSection);
	const showReplicas = filled(replicas, replicaSection);
	const showTargets = filled(targets, targetSection);
	const fromStatus = () => {
		const { status } = server;
		if (!status) return;
		const { ready, draining, paused, dead_forwards, callbacks_refused, writable, contracts, oldest_due_seconds, forward_backlog, forward_dead } = status;
		showHealth({ status: { ready, draining, paused, dead_forwards, callbacks_refused, writable }, dead: contracts.dead, oldest: oldest_due_seconds });
		showTiles({ contracts, oldest: oldest_due_seconds, backlog: forward_backlog, failed: forward_dead });
		showDead({ reasons: status.dead, writable: status.writable });
	};
	fromStatus();
	const forget = onStatus(fromStatus);
	const load = async () => {
		try {
			await Promise.all([
				api.get("api/rate").then(showRate),
				api.get("api/workers").then(showReplicas),
				api.get("api/forwards").then(showTargets),
			]);
		} catch {
			// The shell shows that the server does not respond.
		}
	};
	await load();
	const loop = repeat(INTERVAL, load);
	window.setTimeout(() => void loop.now(), INTERVAL);
	return () => {
		forget();
		loop.stop();
		chart.stop();
	};
}

// State of this tab: the agent, and the request text of each action.

import { Files } from "./files.js";
import { format, parse } from "./json.js";

/** @typedef {import("../types.js").JsonObject} JsonObject */

/** @type {Map<string, string>} */
const drafts = new Map();
const AGENT = "essbasic-explorer-agent";
/** @type {Record<string, Set<() => void>>} */
const listeners = { agent: new Set(), draft: new Set() };
/** @type {JsonObject | null} */
let agent = null;

/** @param {string} event */
function notify(event) {
	for (const listener of listeners[event] ?? []) listener();
}

export const session = {
	/** Files of all requests. */
	files: new Files(),
	/** Last request that was shown. @type {import("../types.js").Preview | null} */
	lastPreview: null,
	/** @param {JsonObject | null} initial Agent that the server knows. */
	start(initial) {
		agent = initial;
		try {
			agent = parse(sessionStorage.getItem(AGENT) ?? "null") ?? initial;
		} catch {
			sessionStorage.removeItem(AGENT);
		}
	},
	get agent() {
		return agent;
	},
	set agent(value) {
		agent = value;
		sessionStorage.setItem(AGENT, format(value));
		notify("agent");
	},
	/** Returns the request text of an action as typed, or an empty string. @param {string} action */
	draft(action) {
		return drafts.get(action) ?? "";
	},
	/** @param {string} action @param {string} text */
	setDraft(action, text) {
		drafts.set(action, text);
		notify("draft");
	},
	/** Listens to changes; returns the function that ends it. @param {"agent" | "draft"} event
	 * @param {() => void} listener */
	on(event, listener) {
		listeners[event]?.add(listener);
		return () => {
			listeners[event]?.delete(listener);
		};
	},
};

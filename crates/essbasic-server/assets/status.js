// State of the server, which the shell and several pages show.
import * as api from "./api.js";
import { repeat } from "./live.js";
import { setClock } from "./times.js";

/** @typedef {import("../types.js").Status} Status */

const INTERVAL = 3_000;
/** @type {Set<() => void>} */
const listeners = new Set();
/** @type {ReturnType<typeof repeat> | null} */
let loop = null;

export const server = {
	/** Last state; older than `at` if the server does not respond. @type {Status | null} */
	status: null,
	/** Time of the last response, by the clock of this machine. */
	at: 0,
	/** Error of the last request. @type {unknown} */
	problem: null,
	/** Whether contracts may be changed. */
	get writable() {
		return this.status?.writable ?? false;
	},
};

async function load() {
	try {
		server.status = /** @type {Status} */ (await api.get("api/status"));
		setClock(server.status.now);
		server.at = Date.now();
		server.problem = null;
	} catch (error) {
		server.problem = error;
	}
	for (const listener of listeners) listener();
}

/** Starts to read the state. */
export function startStatus() {
	loop = repeat(INTERVAL, load);
	return loop.now();
}

/** Reads the state now, after a change. */
export async function refreshStatus() {
	await loop?.now();
}

/** Calls a function after each response and failure; returns the function that ends it. @param {() => void} listener */
export function onStatus(listener) {
	listeners.add(listener);
	return () => {
		listeners.delete(listener);
	};
}

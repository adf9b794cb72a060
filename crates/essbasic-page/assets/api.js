// Requests to the server of this page, by URLs relative to the page. The token reaches the page in the fragment and leaves it at
// once. Pages of one origin share it.
import { format, parse } from "./json.js";

/** Error of the server, or `unreachable` if it does not respond. */
export class ApiError extends Error {
	/** @param {number} status @param {string} code @param {string} message @param {string | null} hint
	 * @param {any} body */
	constructor(status, code, message, hint, body) {
		super(message);
		this.status = status;
		this.code = code;
		this.hint = hint;
		/** Whole body of the response. */
		this.body = body;
	}
}

const KEY = "essbasic-page-token";
let token = "";

/** Takes the token from the fragment, or from an earlier load of this tab. */
export function takeToken() {
	const found = /^#token=([\w-]{16,256})(?:&(.*))?$/.exec(location.hash);
	if (found) {
		token = found[1] ?? "";
		sessionStorage.setItem(KEY, token);
		history.replaceState(null, "", `#/${(found[2] ?? "").replace(/^\/?/, "")}`);
	} else {
		token = sessionStorage.getItem(KEY) ?? "";
	}
}

/** @param {string} path @param {RequestInit} init */
async function send(path, init) {
	let response;
	try {
		response = await fetch(path, { ...init, cache: "no-store", credentials: "omit" });
	} catch (error) {
		if (error instanceof DOMException && error.name === "AbortError") throw error;
		throw new ApiError(0, "unreachable", "", null, null);
	}
	if (response.ok) return response;
	const text = await response.text();
	let body = null;
	try {
		body = parse(text);
	} catch {
		// The text is the message.
	}
	const error = body?.error ?? {};
	throw new ApiError(response.status, error.code ?? "http_error", error.message ?? text, error.hint ?? null, body);
}

/** @param {Record<string, string>} [more] */
function headers(more) {
	return { authorization: `Bearer ${token}`, ...more };
}

/** @param {unknown} body @param {Record<string, string>} [more] @param {AbortSignal} [signal]
 * @returns {RequestInit} */
function posting(body, more, signal) {
	const text = typeof body === "string" ? body : format(body ?? {}, 0);
	return { method: "POST", headers: headers({ "content-type": "application/json", ...more }), body: text, signal };
}

/** Gets JSON; throws an `ApiError`. @param {string} path @param {AbortSignal} [signal] @returns {Promise<any>} */
export async function get(path, signal) {
	return parse(await (await send(path, { headers: headers(), signal })).text());
}

/** Posts JSON and returns the JSON of the response; throws an `ApiError`. A string is sent as it is.
 * @param {string} path @param {unknown} body @param {Record<string, string>} [more] @param {AbortSignal} [signal]
 * @returns {Promise<any>} */
export async function post(path, body, more, signal) {
	return parse(await (await send(path, posting(body, more, signal))).text());
}

/** Posts JSON and returns the bytes of the response. @param {string} path @param {unknown} body
 * @returns {Promise<Blob>} */
export async function bytes(path, body) {
	return (await send(path, posting(body))).blob();
}

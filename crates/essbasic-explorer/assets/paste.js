// Requests that were pasted from a log, from `curl -v` or from a command line.

/**
 * @typedef {object} Pasted
 * @property {string} [method]
 * @property {string} [path]
 * @property {string} [query]
 * @property {Record<string, string>} headers
 * @property {string} body
 */

const LINE = /^(?:[>*<] ?)?([A-Z]+) (\S+) HTTP\/[\d.]+$/;
const HEADER = /^(?:[>*] ?)?(?:-H |--header )?["']?([A-Za-z][A-Za-z0-9-]*): ?(.*?)["']?(?: \\)?$/;
const DATA = /(?:^|\s)(?:-d|--data|--data-raw|--data-binary)[ =]'([^']*)'/;
const URL_ = /(?:^|\s)["']?https?:\/\/([^/\s"']+)([^?\s"']*)(?:\?([^\s"']*))?/;

/** Reads the request line, the headers and the body of a text. Returns null if it has no header.
 * @param {string} text @returns {Pasted | null} */
export function parseRequest(text) {
	/** @type {Pasted} */
	const found = { headers: {}, body: "" };
	const lines = text.replaceAll("\r\n", "\n").trim().split("\n");
	let at = 0;
	for (; at < lines.length; at += 1) {
		const line = (lines[at] ?? "").trim();
		const first = LINE.exec(line);
		if (first) {
			const [path = "", query = ""] = (first[2] ?? "").split("?", 2);
			Object.assign(found, { method: first[1], path, query });
			continue;
		}
		const header = HEADER.exec(line);
		if (header) {
			found.headers[(header[1] ?? "").toLowerCase()] = header[2] ?? "";
			continue;
		}
		if (line === "" || line === ">" || line.startsWith("{")) break;
	}
	const data = DATA.exec(text);
	if (data) {
		found.body = data[1] ?? "";
		found.method ??= "POST";
	} else {
		found.body = lines.slice(at).map((line) => (line === ">" ? "" : line)).join("\n").trim();
	}
	const url = URL_.exec(text);
	if (url && !found.path) {
		found.headers.host ??= url[1] ?? "";
		Object.assign(found, { path: url[2] || "/", query: url[3] ?? "" });
	}
	return Object.keys(found.headers).length > 0 ? found : null;
}

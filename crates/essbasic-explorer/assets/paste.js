// Requests that were pasted from a log, from `curl -v` or from a command line.

/** `headers` have names in lower case.
 * @typedef {{method?: string, path?: string, query?: string, headers: Record<string, string>, body: string}} Pasted */

const FIRST_LINE = /^([A-Z]+) (\S+) HTTP\/[\d.]+$/;
const HEADER = /^([A-Za-z][A-Za-z0-9-]*): *(.*)$/;
const OPTION = /(?:^|\s)(?:-H|--header|-d|--data|--data-raw|--data-binary)[ =]*(?:'([^']*)'|"((?:\\.|[^"\\])*)")/g;
const ADDRESS = /(?:^|\s)["']?https?:\/\/([^/?\s"']+)([^?\s"']*)(?:\?([^\s"']*))?/;

/** Reads the request line, the headers and the body of a text. Returns null if it has no header.
 * @param {string} text @returns {Pasted | null} */
export function parseRequest(text) {
	const trimmed = text.replaceAll("\r\n", "\n").trim();
	const found = /^(?:\$ )?curl\s/.test(trimmed) ? ofCommand(trimmed) : ofHead(trimmed);
	return Object.keys(found.headers).length > 0 ? found : null;
}

/** @param {string} text @returns {Pasted} */
function ofCommand(text) {
	/** @type {Pasted} */
	const found = { method: "GET", headers: {}, body: "" };
	for (const option of text.matchAll(OPTION)) {
		const value = option[1] ?? (option[2] ?? "").replace(/\\(["\\$`])/g, "$1");
		const header = /-H|--header/.test(option[0].slice(0, 10)) ? HEADER.exec(value) : null;
		if (header) {
			found.headers[(header[1] ?? "").toLowerCase()] = header[2] ?? "";
		} else {
			found.body = value;
			found.method = "POST";
		}
	}
	found.method = /(?:-X|--request)[ =]*["']?([A-Z]+)/.exec(text)?.[1] ?? found.method;
	const address = ADDRESS.exec(text);
	if (address) {
		found.headers.host ??= address[1] ?? "";
		Object.assign(found, { path: address[2] || "/", query: address[3] ?? "" });
	}
	return found;
}

/** @param {string} text @returns {Pasted} */
function ofHead(text) {
	/** @type {Pasted} */
	const found = { headers: {}, body: "" };
	let lines = text.split("\n");
	// `curl -v` marks sent lines by `>`, received ones by `<`, and its own by `*`.
	if (lines.some((line) => /^> ?[A-Z]+ \S+ HTTP/.test(line))) {
		lines = lines.filter((line) => line.startsWith(">")).map((line) => line.slice(line[1] === " " ? 2 : 1));
	}
	let at = 0;
	for (; at < lines.length; at += 1) {
		const line = (lines[at] ?? "").trim();
		const first = FIRST_LINE.exec(line);
		const header = HEADER.exec(line);
		if (first) {
			const [path = "", query = ""] = (first[2] ?? "").split("?", 2);
			Object.assign(found, { method: first[1], path, query });
		} else if (header) {
			found.headers[(header[1] ?? "").toLowerCase()] = header[2] ?? "";
		} else if (line === "" || line.startsWith("{")) {
			break;
		}
	}
	found.body = lines.slice(at).join("\n").trim();
	return found;
}

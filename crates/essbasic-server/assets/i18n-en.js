// English texts. i18n-zh.js has the same keys.
import { flat } from "./texts.js";

export const en = flat({
	shell: {
		skip: "Skip to the content", navigation: "Navigation", menu: "Menu", language: "Switch to Chinese", explorer: "Explorer",
	},
	side: {
		home: "Overview", contracts: "Contracts", messages: "Messages", forwards: "Forwards", add: "Add contracts",
		dead: "{n} dead contracts", version: "Version {version}", readonly: "read-only",
	},
	store: { sqlite: "SQLite", postgres: "PostgreSQL", memory: "in memory" },
	mode: {
		ready: "Ready", degraded: "Degraded", draining: "Stopping", unready: "Not ready", unreachable: "No response", error: "Error",
	},
	search: { label: "Find a contract by the start of its ID", placeholder: "Find a contract by ID" },
	alarm: { age: "What you see is from" },
	confirm: { type: "To confirm, type", cancel: "Cancel" },
	part: { copy: "Copy", copied: "Copied" },
	pager: { label: "Pages", first: "First page", previous: "Previous", next: "Next" },
	overview: { title: "Overview", numbers: "Numbers of the ledger" },
	health: {
		ok: "The server works", "ok.text": "Callbacks are stored, and no loop is paused.",
		draining: "The server is stopping", "draining.text": "It finishes its work, and other replicas take over the rest.",
		unready: "The server cannot store callbacks", "unready.text": "It refuses them with 503, and the platform sends them again later. Check the store and its disk.",
		paused: "{name} is paused", since: "paused", probe: "next probe",
		late: "Contracts have been due for {time}", "late.text": "The replicas do not keep up. Check the rate, their number and their logs.",
	},
	loop: { archive: "Archiving", reconcile: "Polling", forward: "Forwarding" },
	tile: {
		dead: "Dead", "dead.text": "given up, you decide", oldest: "Oldest due", "oldest.text": "waits for a replica", none: "None",
		open: "Waiting", "open.text": "not due, or in the queue", claimed: "In progress", "claimed.text": "claimed by a replica",
		done: "Done", "done.text": "archived, ended or dropped", backlog: "To forward", "backlog.text": "not delivered yet",
		failed: "{n} dead", "failed.one": "1 dead",
	},
	dead: {
		title: "Dead contracts", show: "Show", retry: "Retry all", "retry.title": "Retry {n} contracts?", "retry.title.one": "Retry 1 contract?",
		"retry.text": "They died with “{reason}”. They are due at once, with all attempts.", retried: "{n} contracts are due again", "retried.one": "1 contract is due again",
	},
	chart: {
		title: "Throughput", range: "Time span", summary: "{range}: {n} contracts finished; {open} open now.", none: "No samples yet",
		"none.text": "The server writes one every minute.", open: "Open contracts, and forward backlog (dashed)", gap: "no samples",
		"finished.hour": "Finished per minute", "finished.day": "Finished per 15 minutes", "finished.week": "Finished per hour",
		table: "Numbers per day", day: "Day", "value.finished": "Finished", "value.messages": "Messages", "value.open": "Open",
		"value.dead": "Dead", "value.backlog": "To forward",
	},
	range: { hour: "1 hour", day: "24 hours", week: "7 days" },
	rate: {
		title: "Rate", limit: "{n} per second and action, all replicas", "limit.one": "1 per second and action, all replicas", none: "No calls yet", used: "{used} of {n} in the last second",
	},
	replica: {
		title: "Replicas", name: "Name", claimed: "Contracts", entered: "Started", self: "this one", total: "{n} alive", none: "No replica is alive",
		more: "and {n} more",
	},
	target: {
		title: "Forward targets", all: "Details", name: "Target", state: "State", backlog: "Backlog", dead: "Dead", last: "Last delivery", error: "Last error",
		never: "never", types: "Types", "types.all": "all", ok: "OK", failing: "Failing", idle: "Idle", removed: "Not configured",
		"dead.text": "Dead forwards are not retried. Replay their messages once the target works.",
		"removed.text": "The configuration has no such target, so nothing is sent to it.",
	},
	targets: {
		lead: "Messages are sent to each target at least once, and in order per contract.", none: "No targets",
		"none.text": "Add one to the configuration to forward messages to your own services:",
	},
	contracts: {
		title: "Contracts", all: "All", reason: "Reason", "reason.any": "Any reason", prefix: "ID starts with", none: "No contracts yet",
		"none.text": "Callbacks add contracts. You can also add them by their IDs.", "none.dead": "No dead contracts",
		"none.dead.text": "Nothing needs your decision.", "none.found": "No contract matches", "none.found.text": "Try a shorter ID, or another state or reason.",
	},
	contract: {
		id: "ID", state: "State", status: "Status", attempts: "Attempts", due: "Due", when: "Due or finished", added: "Added", finished: "Finished", dead_at: "Dead since",
		task: "Next work", request_id: "Request ID", facts: "Facts", messages: "Messages", explorer: "Open in Explorer", attempt: "{n} attempts",
		failing: "The last attempt failed: {reason}", retry: "Retry", "retry.title": "Retry this contract?",
		"retry.text": "It is due at once, with all attempts.", "retry.done": "The contract is due again",
		drop: "Drop", "drop.title": "Drop this contract?",
		"drop.text": "It will not be archived, and callbacks do not bring it back. Its files stay with the service.", "drop.done": "The contract is dropped",
	},
	state: {
		open: "Waiting", claimed: "In progress", done: "Done", dead: "Dead", archived: "Archived", ended: "Ended", dropped: "Dropped",
	},
	task: { poll: "Ask for its status", archive: "Download and store its files" },
	flow: {
		none: "Not reported", INIT: "Created", PART: "Partly signed", ALL: "Signed", REJECT: "Rejected", DEADLINE: "Expired", CANCEL: "Withdrawn",
		INVALID: "Void", RELIEVED: "Released",
	},
	files: {
		title: "Files", number: "No.", bytes: "Size", sha256: "SHA-256", exact: "{n} bytes", none: "Stored once everyone has signed.", "none.signed": "Not stored yet.",
		"none.ended": "No files were stored.", "none.archived": "No evidence of the files.",
	},
	timeline: {
		title: "Timeline", none: "Nothing has happened yet", capped: "{n} earlier events were deleted.", "capped.one": "1 earlier event was deleted.",
	},
	event: {
		added: "Added", message: "Message", status: "Status", failed: "Attempt failed", worker_lost: "Replica lost", dead: "Given up",
		retried: "Retried", archived: "Archived", ended: "Ended", dropped: "Dropped", files: "{n} files", "files.one": "1 file", attempt: "attempt {n}",
	},
	messages: {
		title: "Messages", lead: "Callbacks of the platform, latest first.", flow: "Contract ID", none: "No messages yet",
		"none.text": "They appear here as soon as the platform sends callbacks.", "none.found": "No messages about this contract",
		"none.found.text": "Enter the whole ID. Old messages are deleted.",
	},
	message: {
		received: "Received", type: "Type", flow: "Contract", body: "Body", id: "ID", "body.stored": "Stored", "body.none": "Not stored",
	},
	forwards: { title: "Forwards" },
	forward: {
		target: "Target", state: "State", attempts: "Attempts", at: "Delivery", replay: "Replay", next: "next", delivered: "Delivered", dead: "Dead",
		pending: "Pending", none: "Not forwarded", "none.text": "No target takes messages of this type.",
	},
	replay: {
		title: "Replay", text: "Sends the message to a target once more, independently of the order of its contract.", button: "Replay", done: "The message will be sent to {name}",
	},
	add: {
		title: "Add contracts", lead: "For contracts without callbacks, such as those created before this server.", label: "IDs of contracts (FlowId)",
		help: "One per line, or separated by commas or spaces. Known contracts are left alone.", button: "Add", count: "{n} IDs", "count.one": "1 ID",
		progress: "{done} of {n}", results: "Results", result: "Result", more: "and {n} more",
	},
	result: {
		added: "Added", known: "Already known", invalid: "Invalid ID", not_found: "No unfinished contract has this ID", not_dead: "The contract is not dead",
	},
	reason: {
		not_found: "Not found", not_permitted: "Not permitted", invalid_id: "Invalid ID", no_files: "No files", too_many_files: "Too many files",
		file_too_large: "File too large", invalid_file: "Invalid file", link_refused: "Link refused", download_failed: "Download failed",
		storage_failed: "Storage failed", service_failed: "Service failed", worker_lost: "Replica lost", target_failed: "Target failed",
		target_refused: "Refused by the target", target_removed: "Target removed", body_expired: "Body expired",
	},
	hint: {
		not_found: "Check that the contract belongs to the application of account.app_id. Drop it if it does not.",
		not_permitted: "Authorize account.operator to download contracts of the organization, then retry.",
		invalid_id: "Add the contract again with the ID that the service returned, and drop this one.",
		no_files: "Open the contract in the console of the service. Retry if it has files, otherwise drop it.",
		too_many_files: "Download the contract with `essbasic download`, then drop it.",
		file_too_large: "Download the contract from the console of the service, then drop it.",
		invalid_file: "Open the PDF in the console of the service. Retry if it can be read there.",
		link_refused: "Check the host of the links and update essbasic-server, then retry.",
		download_failed: "Check the network and proxy between this server and the file servers, then retry.",
		storage_failed: "Check space and permissions of archive.to, then retry.",
		service_failed: "Look up the code in the timeline of the contract, then retry.",
		worker_lost: "Look for crashes and memory limits in the logs of the replicas, then retry.",
	},
	error: {
		title: "Error", page: "The page could not be shown", home: "Back to the overview", not_found: "There is nothing with this name",
		"not_found.hint": "It may have been deleted, or the ID is incomplete.", unreachable: "The server does not respond",
		"unreachable.hint": "The page tries again every few seconds. Check that essbasic-server runs and that its address is right.",
		unauthorized: "This tab is not authorized",
		"unauthorized.hint": "Open the address of the admin page with #token= and the content of the token file that the ready line names.",
		read_only: "The admin page is read-only", "read_only.hint": "Set `writable = true` in [admin] of the configuration to change contracts here.",
		body_expired: "The body of this message is no longer stored",
		"body_expired.hint": "Bodies are deleted after messages.retention, so the message cannot be replayed.",
		unknown_target: "The configuration has no such target", "unknown_target.hint": "Add it as [[forward]] and restart the server.",
		store_unavailable: "The store is not available", "store_unavailable.hint": "Nothing is lost: callbacks are refused until it is back. Check the database of store.url.",
	},
});

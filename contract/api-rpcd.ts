/**
 * The ubus object `luci.autonomy`: what rpcd/luci.autonomy, a plugin of rpcd, does for the pages whether the daemon runs
 * or not. From this table come the plugin's own checks, the access lists and docs/reference/ubus-luci.md.
 *
 * Every method may answer `error` instead of its reply (RPCD_ERROR). Each answers within about a second: what takes
 * longer goes on in the background, and the answer is the error `pending`; the same call again takes the result.
 */
import {
	type ArgSpec,
	type ArgsOf,
	flag,
	int32,
	int64,
	list,
	type MethodSpec,
	maybe,
	oneOf,
	type ReplyOf,
	table,
	text,
} from "./api-schema.ts";

export const RPCD_OBJECT = "luci.autonomy";

/**
 * For texts `min` and `max` count bytes (UTF-8), and `format` says what they may hold. line: no control characters;
 * text: tabs and line ends too; version: six digits, or `current` for the file in /etc/config.
 */
export interface RpcdArgSpec extends ArgSpec {
	readonly format?: "line" | "text" | "version";
}

export interface RpcdMethodSpec extends MethodSpec {
	readonly args: Readonly<Record<string, RpcdArgSpec>>;
}

/** Limits the plugin keeps. */
export const RPCD_LIMITS = {
	/** Versions of the configuration that are kept; the oldest goes first. */
	versions: 10,
	/** A configuration given as text. uhttpd takes requests up to 65 536 bytes, everything included. */
	configBytes: 65_536,
	/** A whole call as JSON. */
	callBytes: 100_000,
	/** Text of one section of the diagnostics; of longer ones the end is kept. */
	sectionBytes: 32_768,
	/** Text of one line of the log. */
	lineBytes: 1_000,
} as const;

/** `error` of a reply. */
export const RPCD_ERROR = {
	code: oneOf(
		[
			"bad_argument",
			"unknown_method",
			"not_found",
			"not_installed",
			"disabled",
			"invalid",
			"corrections",
			"damaged",
			"too_large",
			"pending",
			"timeout",
			"failed",
		],
		"invalid, corrections: see reasons; pending: ask again, it goes on; timeout: some program did not answer",
	),
	message: text("for people: what is wrong, and what to do"),
	reasons: maybe(list("what is wrong with the configuration", text("one problem"))),
} as const;

/** What the diagnostics can show, in this order. */
export const DIAGNOSTICS = {
	versions: "versions of autonomy, system, kernel and the programs it uses",
	config: "/etc/config/autonomy",
	validate: "what is wrong with it",
	service: "the service as procd sees it",
	status: "status and health of the daemon",
	members: "every uplink with its figures",
	events: "the latest events and decisions",
	network: "ip rule, ip address and the routes of all tables",
	mwan3: "configuration and status of mwan3",
	system: "load, memory, storage, uptime",
	log: "the log of autonomy, mwan3 and netifd",
} as const;

const SECTIONS = Object.keys(DIAGNOSTICS) as (keyof typeof DIAGNOSTICS)[];

const MAYBE_VERSION = {
	type: "string",
	min: 6,
	max: 7,
	format: "version",
	help: "number of the version; or give text",
} as const;
const VERSION = { ...MAYBE_VERSION, required: true, help: "number of the version" } as const;
const NOTE = { type: "string", max: 80, default: "", format: "line", help: "what it is, for people" } as const;
const CONFIG_TEXT = { type: "string", min: 1, max: RPCD_LIMITS.configBytes, format: "text" } as const;
const ACTIONS = ["start", "stop", "restart", "reload", "enable", "disable"] as const;
const LEVELS = ["debug", "info", "warn", "error"] as const;

const CHECKED = oneOf(["full", "syntax"], "full: by the daemon's own check; syntax: it cannot run here, by uci only");
const REPORT = list("what was found", text("one line"));

export const RPCD_API = {
	service: {
		help: "How the service is.",
		rights: "read",
		args: {},
		errors: [],
		reply: {
			installed: flag("init script and daemon are there"),
			running: flag("procd runs it"),
			responding: flag("it is on ubus"),
			enabled: flag("it starts at boot"),
			wanted: flag("option enable in section main"),
			pid: maybe(int32("", "process id")),
			uptime_s: maybe(int64("s", "of the process")),
			exit_code: maybe(int32("", "how it ended last, when procd remembers")),
			starts: maybe(int32("", "starts of the daemon that the system log still knows")),
			text: text("the same in words, with what to do"),
		},
	},
	service_control: {
		help: "Starts, stops, restarts or reloads the service, or has it start at boot or not.",
		rights: "write",
		args: { action: { type: "string", required: true, values: ACTIONS, help: "what to do" } },
		errors: [
			"not_installed: there is no init script",
			"disabled: option enable is 0, so it would not start",
			"pending: it takes its time; service tells how it went",
			"failed: the init script ended with an error",
		],
		reply: { ok: flag("done"), text: text("what was done, in words") },
	},
	config_validate: {
		help: "Checks the configuration in force, or a text, without taking anything over.",
		rights: "read",
		args: { text: { ...CONFIG_TEXT, help: "instead of /etc/config/autonomy" } },
		errors: ["pending: still being checked; ask again", "not_found: there is no configuration"],
		reply: {
			readable: flag("it can be read at all"),
			clean: flag("nothing of it would be corrected"),
			checked: CHECKED,
			report: REPORT,
		},
	},
	backup: {
		help: "Keeps the present configuration as a version.",
		rights: "write",
		args: { note: NOTE },
		errors: ["not_found: there is no configuration", "failed: it cannot be written"],
		reply: { id: text("number of the version"), text: text("in words") },
	},
	backup_list: {
		help: "The versions that are kept, newest first.",
		rights: "read",
		args: {},
		errors: [],
		reply: {
			max: int32("", "as many are kept"),
			versions: list(
				"versions",
				table("one version", {
					id: text("its number"),
					at_unix_ms: int64("ms since 1970", "when it was made, by the router's clock"),
					kind: oneOf(["manual", "before_restore"], "made by hand, or before another one was restored"),
					note: text("what it is, as given"),
					bytes: int32("bytes", "size"),
					same: flag("equal to the present configuration"),
				}),
			),
		},
	},
	backup_get: {
		help: "A version for the eyes: secrets are masked.",
		rights: "read",
		args: { id: VERSION },
		errors: ["not_found: there is no such version"],
		reply: { id: text("its number"), text: text("UCI"), masked: int32("", "values that are not shown") },
	},
	backup_download: {
		help: "A version as it is, secrets included, to be kept elsewhere.",
		rights: "write",
		args: { id: VERSION },
		errors: ["not_found: there is no such version", "damaged: it is not what was saved"],
		reply: { id: text("its number"), text: text("UCI") },
	},
	backup_restore: {
		help: "Puts a version, or a text, in the place of the configuration; what was there is kept as a version first.",
		rights: "write",
		args: {
			id: MAYBE_VERSION,
			text: { ...CONFIG_TEXT, help: "instead of a version" },
			accept_corrections: {
				type: "bool",
				default: false,
				help: "take it also when the daemon would correct some of it",
			},
		},
		errors: [
			"not_found: there is no such version",
			"damaged: it is not what was saved",
			"invalid: it cannot be read; nothing was changed",
			"corrections: some of it would be corrected; nothing was changed",
			"pending: still being checked; ask again",
			"failed: it cannot be written; nothing was changed",
		],
		reply: {
			ok: flag("done"),
			text: text("in words"),
			undo: maybe(text("version with the configuration as it was; absent: there was none")),
			checked: CHECKED,
			report: REPORT,
		},
	},
	backup_delete: {
		help: "Removes a version.",
		rights: "write",
		args: { id: VERSION },
		errors: ["not_found: there is no such version"],
		reply: { ok: flag("done"), text: text("in words") },
	},
	log: {
		help: "The end of the system log as far as it is about autonomy, oldest line first; secrets are masked.",
		rights: "read",
		args: {
			lines: { type: "int32", min: 1, max: 500, default: 200, help: "at most so many" },
			level: { type: "string", values: LEVELS, default: "debug", help: "this level and worse" },
			text: {
				type: "string",
				max: 64,
				default: "",
				format: "line",
				help: "only lines with this in them, whatever its case",
			},
		},
		errors: ["failed: there is no system log"],
		reply: {
			lines: list(
				"lines",
				table("one line", {
					time: text("as the log has it: ISO 8601 in UTC from the daemon, else the router's own time"),
					level: oneOf(LEVELS, "level; trace counts as debug"),
					tag: text("who wrote it, e.g. autonomyd"),
					text: text("as written; the daemon writes JSON"),
				}),
			),
			more: flag("there were more than asked for"),
		},
	},
	diagnostics_list: {
		help: "What the diagnostics would show, and what is masked in them.",
		rights: "read",
		args: {},
		errors: [],
		reply: {
			sections: list(
				"in this order",
				table("one section", { name: text("for diagnostics"), text: text("what it holds") }),
			),
			masked: list("what is masked", text("one kind")),
		},
	},
	diagnostics: {
		help: "One section of the diagnostics; all of them together are the report.",
		rights: "read",
		args: { section: { type: "string", required: true, values: SECTIONS, help: "which one" } },
		errors: [],
		reply: {
			name: text("section"),
			text: {
				type: "string",
				maxLength: RPCD_LIMITS.sectionBytes,
				help: "secrets, positions and MAC addresses masked",
			},
			cut: flag("it was longer, or some of it did not come in time"),
		},
	},
	versions: {
		help: "What is installed. What is not found, or did not answer in time, is left out.",
		rights: "read",
		args: {},
		errors: [],
		reply: {
			autonomy: maybe(text("version of autonomy")),
			system: maybe(text("release of OpenWrt or RutOS")),
			target: maybe(text("platform it was built for")),
			model: maybe(text("the router")),
			kernel: maybe(text("kernel")),
			mwan3: maybe(text("package mwan3")),
			node: maybe(text("Node.js")),
			qjs: maybe(text("QuickJS")),
			fping: maybe(text("fping")),
		},
	},
} as const satisfies Readonly<Record<string, RpcdMethodSpec>>;

export type RpcdMethod = keyof typeof RPCD_API;

export type RpcdReply<M extends RpcdMethod> = ReplyOf<(typeof RPCD_API)[M]["reply"]>;

export type RpcdArgs<M extends RpcdMethod> = ArgsOf<(typeof RPCD_API)[M]["args"]>;

export type RpcdError = ReplyOf<typeof RPCD_ERROR>;

/** rpcd's `uci` object for the lab: what callers of a router use, with the measured traps (strings only, no new sections by set). */
import type { BlobInputTable, BlobTable, BlobValue } from "../../daemon/bus/blobmsg.ts";
import type { Bus, Caller } from "../../daemon/bus/bus.ts";
import { statusError } from "../../daemon/bus/status.ts";
import type { UciChange } from "../../daemon/uci/delta.ts";
import { SAVE_DIR, STATE_DIR } from "../../daemon/uci/load.ts";
import { isUciName, type UciPackage, type UciSection } from "../../daemon/uci/package.ts";
import type { Sessions } from "./session.ts";
import { changes, commit, configs, load, revert, stage, stageAdd } from "./uci-store.ts";

const INVALID = 2;
const NOT_FOUND = 4;
const DENIED = 6;

function text(args: BlobTable, name: string): string | null {
	const value = args[name];
	return typeof value === "string" ? value : null;
}

function fail(status: number): never {
	throw statusError(status, "uci");
}

function sectionTable(section: UciSection, index: number | null): BlobInputTable {
	return {
		".anonymous": section.anonymous,
		".type": section.type,
		".name": section.name,
		...(index === null ? {} : { ".index": index }),
		...Object.fromEntries(
			[...section.options].map(([name, value]) => [name, typeof value === "string" ? value : [...value]]),
		),
	};
}

/** rpcd turns what it gets into strings; doubles are refused, negative numbers come out unsigned. */
function asText(value: BlobValue): string {
	if (typeof value === "string") return value;
	if (typeof value === "boolean") return value ? "1" : "0";
	if (typeof value === "number" && Number.isInteger(value)) return String(value >>> 0);
	return fail(INVALID);
}

function setChanges(section: string, values: BlobTable): UciChange[] {
	const list: UciChange[] = [];
	for (const [option, value] of Object.entries(values)) {
		if (!isUciName(option)) fail(INVALID);
		if (Array.isArray(value)) {
			list.push({ op: "remove", section, option, value: null });
			for (const item of value as BlobValue[]) list.push({ op: "list_add", section, option, value: asText(item) });
		} else list.push({ op: "set", section, option, value: asText(value ?? null) });
	}
	return list;
}

function changeRow(change: UciChange): string[] {
	const name = {
		set: "set",
		add: "add",
		remove: "remove",
		rename: "rename",
		reorder: "order",
		list_add: "list-add",
		list_del: "list-del",
	};
	return [
		name[change.op],
		change.section,
		...(change.option === null ? [] : [change.option]),
		...(change.value === null ? [] : [change.value]),
	];
}

function table(value: BlobValue | undefined): BlobTable {
	return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as BlobTable) : {};
}

function pick(pkg: UciPackage, args: BlobTable): BlobInputTable {
	const section = text(args, "section");
	const option = text(args, "option");
	if (section !== null) {
		const found = pkg.sections.find((s) => s.name === section) ?? fail(NOT_FOUND);
		if (option === null) return { values: sectionTable(found, null) };
		const value = found.options.get(option) ?? fail(NOT_FOUND);
		return { value: typeof value === "string" ? value : [...value] };
	}
	const type = text(args, "type");
	const values: Record<string, BlobInputTable> = {};
	pkg.sections.forEach((s, index) => {
		if (type === null || s.type === type) values[s.name] = sectionTable(s, index);
	});
	return { values };
}

export function serveUci(bus: Bus, sessions: Sessions): void {
	const folder = (caller: Caller): string =>
		caller.session === null ? SAVE_DIR : `/var/run/rpcd/uci-${caller.session}`;

	function config(args: BlobTable, caller: Caller, right: "read" | "write"): string {
		const name = text(args, "config") ?? fail(INVALID);
		if (!/^[A-Za-z0-9_-]+$/.test(name)) fail(INVALID);
		if (caller.session !== null && !sessions.access(caller.session, "uci", name, right)) fail(DENIED);
		return name;
	}

	const read =
		(extra: readonly string[]) =>
		(args: BlobTable, caller: Caller): BlobInputTable => {
			const pkg = load(config(args, caller, "read"), [...extra, folder(caller)]) ?? fail(NOT_FOUND);
			return pick(pkg, args);
		};

	const getArgs = { config: "string", section: "string", option: "string", type: "string", match: "table" } as const;
	bus.serve({
		path: "uci",
		methods: {
			configs: { args: {}, handle: () => ({ configs: configs() }) },
			get: { args: getArgs, handle: read([]) },
			state: { args: getArgs, handle: read([STATE_DIR]) },
			changes: {
				args: { config: "string" },
				handle: (args, caller) => {
					const one = text(args, "config");
					const row = (name: string): string[][] => changes(name, folder(caller)).map(changeRow);
					if (one !== null) return { changes: row(one) };
					const all: Record<string, string[][]> = {};
					for (const name of configs()) if (row(name).length > 0) all[name] = row(name);
					return { changes: all };
				},
			},
			set: {
				args: { config: "string", section: "string", type: "string", match: "table", values: "table" },
				handle: (args, caller) => {
					const name = config(args, caller, "write");
					const section = text(args, "section") ?? fail(INVALID);
					const pkg = load(name, [folder(caller)]) ?? fail(NOT_FOUND);
					if (!pkg.sections.some((s) => s.name === section)) fail(NOT_FOUND);
					stage(name, folder(caller), setChanges(section, table(args.values)));
					return null;
				},
			},
			add: {
				args: { config: "string", type: "string", name: "string", values: "table" },
				handle: (args, caller) => {
					const name = config(args, caller, "write");
					const type = text(args, "type") ?? fail(INVALID);
					const wanted = text(args, "name");
					let section = wanted ?? "";
					if (wanted === null) section = stageAdd(name, type, [folder(caller)]) ?? fail(NOT_FOUND);
					else stage(name, folder(caller), [{ op: "set", section: wanted, option: null, value: type }]);
					stage(name, folder(caller), setChanges(section, table(args.values)));
					return { section };
				},
			},
			delete: {
				args: {
					config: "string",
					section: "string",
					type: "string",
					match: "table",
					option: "string",
					options: "array",
				},
				handle: (args, caller) => {
					const name = config(args, caller, "write");
					const section = text(args, "section") ?? fail(INVALID);
					const pkg = load(name, [folder(caller)]) ?? fail(NOT_FOUND);
					if (!pkg.sections.some((s) => s.name === section)) fail(NOT_FOUND);
					const several = Array.isArray(args.options) ? (args.options as BlobValue[]).map(asText) : [];
					const one = text(args, "option");
					const options = one === null ? several : [one];
					const gone = options.length === 0 ? [null] : options;
					stage(
						name,
						folder(caller),
						gone.map((option) => ({ op: "remove", section, option, value: null })),
					);
					return null;
				},
			},
			revert: {
				args: { config: "string" },
				handle: (args, caller) => {
					revert(config(args, caller, "write"), folder(caller), null, null);
					return null;
				},
			},
			commit: {
				args: { config: "string" },
				handle: async (args, caller) => {
					const name = config(args, caller, "write");
					if (commit(name, folder(caller))) {
						await bus.call("service", "event", { type: "config.change", data: { package: name } }).catch(() => {});
					}
					return null;
				},
			},
		},
	});
}

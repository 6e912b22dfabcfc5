/**
 * From contract/: the access list of the pages, what the plugin luci.autonomy must know of its own methods (signature,
 * limits, secret options), and its reference page.
 */
import { API, API_OBJECT } from "../contract/api.ts";
import {
	DIAGNOSTICS,
	RPCD_API,
	RPCD_ERROR,
	RPCD_LIMITS,
	RPCD_OBJECT,
	type RpcdArgSpec,
	type RpcdMethodSpec,
} from "../contract/api-rpcd.ts";
import type { MethodSpec } from "../contract/api-schema.ts";
import { SECRET_NAMES } from "../contract/legacy.ts";
import { CONFIG_PACKAGE, SECTIONS } from "../contract/options.ts";
import { fieldList, method, overview } from "./generate-ubus.ts";
import type { GeneratedFile } from "./generated-file.ts";

const METHODS = Object.entries<RpcdMethodSpec>(RPCD_API);

export function generateRpcd(): readonly GeneratedFile[] {
	return [
		{ path: "rpcd/acl.d/luci-app-autonomy.json", text: accessList() },
		{ path: "rpcd/lib/contract.sh", text: contractScript() },
		{ path: "docs/reference/ubus-luci.md", text: page() },
	];
}

/**
 * Who has the group luci-app-autonomy to read gets `read`, who has it to write gets both (rpcd: write implies read).
 * Every method is in exactly one of them, by its rights in contract/.
 */
function accessList(): string {
	const side = (rights: "read" | "write") => ({
		ubus: {
			[API_OBJECT]: methodsWith<MethodSpec>(API, rights),
			[RPCD_OBJECT]: methodsWith<RpcdMethodSpec>(RPCD_API, rights),
		},
	});
	const group = {
		description: "Grant access to autonomy: uplinks, decisions and settings",
		read: side("read"),
		// The file holds secrets: who may only look is shown it by config.get, which hides them.
		write: { ...side("write"), uci: { [CONFIG_PACKAGE]: ["read", "write"] } },
	};
	return `${json({ "luci-app-autonomy": group })}\n`;
}

export type Json = string | readonly string[] | { readonly [name: string]: Json };

/** As the formatter has it: lists on one line where they fit. */
export function json(value: Json, depth = 0, before = 0): string {
	if (typeof value === "string") return JSON.stringify(value);
	const tabs = "\t".repeat(depth + 1);
	if (Array.isArray(value)) {
		const items = value.map((item: string) => JSON.stringify(item));
		const line = `[${items.join(", ")}]`;
		// A tab counts as two columns; a comma may follow.
		if (2 * depth + before + line.length + 1 <= 120) return line;
		return `[\n${tabs}${items.join(`,\n${tabs}`)}\n${tabs.slice(1)}]`;
	}
	const members = Object.entries(value).map(([name, member]) => {
		const key = `${JSON.stringify(name)}: `;
		return tabs + key + json(member, depth + 1, key.length);
	});
	return `{\n${members.join(",\n")}\n${tabs.slice(1)}}`;
}

function methodsWith<T extends MethodSpec>(api: Readonly<Record<string, T>>, rights: "read" | "write"): string[] {
	return Object.entries(api)
		.filter(([, spec]) => spec.rights === rights)
		.map(([name]) => name);
}

// --- rpcd/lib/contract.sh

function contractScript(): string {
	const secrets = SECTIONS.flatMap((section) => section.options).filter((option) => option.secret === true);
	return `# shellcheck shell=sh disable=SC2034
# Made from contract/ by \`npm run generate\`; changes here are lost.

MAX_VERSIONS=${RPCD_LIMITS.versions}
MAX_CONFIG=${RPCD_LIMITS.configBytes}
MAX_CALL=${RPCD_LIMITS.callBytes}
MAX_SECTION=${RPCD_LIMITS.sectionBytes}
MAX_LINE=${RPCD_LIMITS.lineBytes}

# Options whose values are never shown, and how the names of others look (extended expression, lower case).
SECRET_OPTIONS=' ${[...new Set(secrets.map((option) => option.name))].join(" ")} '
SECRET_NAMES='${SECRET_NAMES.source}'

# What rpcd is told: the methods with an example of each argument.
signature() {
	cat <<'END'
${signature()}
END
}

# The arguments of method $1, one a line: name|type|need|least|most|format|default. False: there is no such method.
arguments() {
	case "$1" in
${METHODS.map(([name, spec]) => argumentCase(name, spec)).join("\n")}
	*) return 1 ;;
	esac
}

# The sections of the diagnostics, one a line: name, then what it holds.
sections() {
	cat <<'END'
${Object.entries(DIAGNOSTICS)
	.map(([name, help]) => `${name} ${help}`)
	.join("\n")}
END
}
`;
}

function signature(): string {
	const examples = { string: "", int32: 32, double: 1.5, bool: true, table: {} };
	const shown = METHODS.map(([name, spec]) => {
		const args = Object.entries(spec.args).map(([arg, { type }]) => [arg, examples[type]]);
		return `"${name}":${JSON.stringify(Object.fromEntries(args))}`;
	});
	return `{${shown.join(",\n")}}`;
}

function argumentCase(name: string, spec: RpcdMethodSpec): string {
	const lines = Object.entries(spec.args).map(([arg, one]) => argumentLine(arg, one));
	if (lines.length === 0) return `\t${name}) ;;`;
	return `\t${name})\n\t\tcat <<'END'\n${lines.join("\n")}\nEND\n\t\t;;`;
}

function argumentLine(name: string, spec: RpcdArgSpec): string {
	if (spec.type === "double" || spec.type === "table") throw new Error(`${name}: the plugin takes no ${spec.type}`);
	const format = spec.values === undefined ? (spec.format ?? "-") : spec.values.join(" ");
	const type = spec.values === undefined ? spec.type : "word";
	const parts = [name, type, spec.required ? "required" : "optional", spec.min ?? 0, spec.max ?? 256, format];
	const line = [...parts, typeof spec.default === "boolean" ? Number(spec.default) : (spec.default ?? "")].join("|");
	if (/['\n]/.test(line) || line.split("|").length !== 7) throw new Error(`not fit for a table: ${line}`);
	return line;
}

// --- docs/reference/ubus-luci.md

function page(): string {
	return `# The ubus object \`${RPCD_OBJECT}\`

<!-- Made from contract/api-rpcd.ts by \`npm run generate\`; changes here are lost. -->

A plugin of rpcd (docs/luci-rpc.md): it answers whether autonomyd runs or not, each call within about a second. Unknown
arguments are refused, except \`ubus_rpc_session\`. Lengths of texts count bytes. Instead of its reply every method may answer

- \`error\` table: why not
${fieldList(RPCD_ERROR, 1)}
| Method | Right | |
|---|---|---|
${overview(METHODS)}

${METHODS.map(([name, spec]) => method(name, spec))
	.join("\n")
	.replace(/ characters(?=[ ;])/g, " bytes")}`;
}

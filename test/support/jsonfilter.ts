/**
 * Just enough of OpenWrt's `jsonfilter` for autonomyctl: -s JSON (else stdin), -e '@.a.b' with `*` for any name. Prints texts raw, one
 * value per line; exit 1 when nothing matches, 126 for JSON that is none (as the real one does).
 */
import { readFileSync } from "node:fs";

const args = process.argv.slice(2);
const json = args.includes("-s") ? (args[args.indexOf("-s") + 1] ?? "") : readFileSync(0, "utf8");
const path = (args[args.indexOf("-e") + 1] ?? "").replace(/^@\.?/, "");
let values: unknown[];
try {
	values = [JSON.parse(json)];
} catch {
	process.exit(126);
}
for (const name of path === "" ? [] : path.split(".")) {
	values = values.flatMap((value) => {
		if (typeof value !== "object" || value === null) return [];
		const members = value as Readonly<Record<string, unknown>>;
		return name === "*" ? Object.values(members) : Object.hasOwn(members, name) ? [members[name]] : [];
	});
}
for (const value of values) process.stdout.write(`${typeof value === "string" ? value : JSON.stringify(value)}\n`);
process.exit(values.length === 0 ? 1 : 0);

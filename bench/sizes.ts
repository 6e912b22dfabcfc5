/**
 * What the packages weigh: as files of the feed, and installed, by the feed's own builder; and what of it each engine loads.
 * Installed bytes are those of the files; on flash OpenWrt's file systems compress them to about the size of the package.
 * Needs `make feed`'s builds; the static runtimes are in it where `make runtime` was run.
 *
 * Options: --write puts the table into docs/install.md.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { buildApk } from "../scripts/feed/apk.ts";
import { buildIpk } from "../scripts/feed/ipk.ts";
import { REPO } from "../scripts/feed/options.ts";
import type { FeedPackage } from "../scripts/feed/package.ts";
import { feedPackages } from "../scripts/feed/packages.ts";

/** Upper bounds of the ipk, where one was promised. */
const BOUND_BYTES: Readonly<Record<string, number>> = {
	autonomy: 700_000,
	"autonomy-runtime-static": 2_000_000,
	"luci-app-autonomy": 200_000,
};
const DOC = join(REPO, "docs/install.md");
const TABLE = /(<!-- by make bench NAME=sizes ARGS=--write -->\n).*?(<!-- end -->)/s;

interface Size {
	readonly ipk_bytes: number;
	readonly apk_bytes: number;
	readonly installed_bytes: number;
	readonly bound_bytes: number | null;
}

function sizeOf(one: FeedPackage): Size {
	return {
		ipk_bytes: buildIpk(one, 0).bytes.length,
		apk_bytes: buildApk(one, 0, null).bytes.length,
		installed_bytes: one.files.reduce((total, entry) => total + entry.content.length, 0),
		bound_bytes: BOUND_BYTES[one.name] ?? null,
	};
}

/** Of the bundle: its own entry and parts, and those both engines share; in flash, compressed file by file. */
function flash(entry: string, parts: string): { readonly bytes: number; readonly gzip_bytes: number } {
	const build = join(REPO, "build");
	const inside = (folder: string): string[] =>
		readdirSync(join(build, folder)).map((name) => join(build, folder, name));
	const files = [join(build, entry), ...inside(parts), ...inside("autonomyd.core")].map((path) => readFileSync(path));
	return {
		bytes: files.reduce((sum, file) => sum + file.length, 0),
		gzip_bytes: files.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0),
	};
}

const spaced = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, " ");

export async function run(args: string[]): Promise<object> {
	const { values } = parseArgs({ args, options: { write: { type: "boolean", default: false } } });
	const { packages, left } = feedPackages(REPO, "0.0.0", 1);
	const sizes: Record<string, Size> = {};
	console.error(`${"package".padEnd(50)}      ipk      apk  installed    bound`);
	for (const one of packages) {
		const size = sizeOf(one);
		const name = one.architecture === undefined ? one.name : `${one.name} ${one.architecture}`;
		sizes[name] = size;
		const column = (value: number | null, width: number): string => String(value ?? "-").padStart(width);
		console.error(
			`${name.padEnd(50)} ${column(size.ipk_bytes, 8)} ${column(size.apk_bytes, 8)} ${column(size.installed_bytes, 10)} ${column(size.bound_bytes, 8)}`,
		);
		if (size.bound_bytes !== null && size.ipk_bytes > size.bound_bytes) process.exitCode = 1;
	}
	const engines = {
		node: flash("autonomyd.node.mjs", "autonomyd.node"),
		quickjs: flash("autonomyd.qjs.js", "autonomyd.qjs"),
	};
	for (const [name, { bytes, gzip_bytes }] of Object.entries(engines))
		console.error(`what ${name} loads of autonomy: ${bytes} bytes, ${gzip_bytes} compressed`);
	for (const reason of left) console.error(`left out: ${reason}`);
	if (values.write) {
		const rows = Object.entries(sizes).map(
			([name, size]) => `| ${name} | ${spaced(size.ipk_bytes)} | ${spaced(size.installed_bytes)} |\n`,
		);
		const doc = readFileSync(DOC, "utf8");
		if (!TABLE.test(doc)) throw new Error(`${DOC} has no place for the table`);
		const table = `| package | ipk | installed |\n|---|---|---|\n${rows.join("")}`;
		writeFileSync(
			DOC,
			doc.replace(TABLE, (_all, start: string, end: string) => `${start}${table}${end}`),
		);
	}
	return { sizes, engines };
}

/**
 * The packages as the feed has them, built once a test file, and readers of archives that share nothing with the builder:
 * the system's tar.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { PackageSet } from "../../scripts/feed/packages.ts";
import { feedPackages } from "../../scripts/feed/packages.ts";

export const REPO = join(import.meta.dirname, "../..");
export const EPOCH_S = 1_700_000_000;

export function folder(): string {
	return mkdtempSync(join(tmpdir(), "autonomy-package-"));
}

export function has(program: string): boolean {
	return spawnSync("sh", ["-c", 'command -v "$1"', "sh", program]).status === 0;
}

export function run(
	argv: readonly string[],
	options: { cwd?: string; input?: Buffer | string; env?: NodeJS.ProcessEnv } = {},
) {
	const [program = "", ...args] = argv;
	return spawnSync(program, args, { encoding: "utf8", maxBuffer: 64 << 20, ...options });
}

export function must(argv: readonly string[], options: Parameters<typeof run>[1] = {}): string {
	const ran = run(argv, options);
	if (ran.status !== 0) throw new Error(`${argv.join(" ")}: ${ran.status} ${ran.stderr} ${ran.error ?? ""}`);
	return ran.stdout;
}

/** A group of tests; where it cannot run, one skipped test that says why (a skipped group would be counted nowhere). */
export function group(name: string, skip: string | false, body: () => void): void {
	if (skip === false) describe(name, body);
	else test(`with ${name}`, { skip }, () => undefined);
}

/** False, or why the packages cannot be built here. */
export const notBuilt: string | false = existsSync(join(REPO, "build/autonomyd.node.mjs"))
	? false
	: "not built: npm run build";

/** The architecture that builtSet has a static runtime for, with stand-ins for its programs. */
export const STATIC_ARCH = "mipsel_24kc";

/** What `make runtime` leaves, as far as the packages look at it. */
export function standInRuntime(place: string, arch = STATIC_ARCH): void {
	mkdirSync(join(place, arch, "licences"), { recursive: true });
	for (const name of ["qjs", "fping", "socat", "versions", "licences/qjs"])
		writeFileSync(join(place, arch, name), `${name}\n`);
}

/** LuCI's modules are built into a folder of ours: other tests remake the usual one meanwhile. */
export async function builtSet(version = "1.2.3"): Promise<PackageSet & { readonly remove: () => void }> {
	const { buildLuci } = (await import("../../scripts/build-luci.mjs" as string)) as {
		buildLuci(target: string): Promise<unknown>;
	};
	const luci = folder();
	await buildLuci(luci);
	const runtimes = folder();
	standInRuntime(runtimes);
	const { buildVuci } = (await import("../../scripts/build-vuci.mjs" as string)) as {
		buildVuci(target: string): Promise<unknown>;
	};
	const vuci = folder();
	await buildVuci(vuci);
	const set = feedPackages(REPO, version, 1, luci, runtimes, vuci);
	for (const place of [runtimes, vuci]) rmSync(place, { recursive: true });
	return { ...set, remove: () => rmSync(luci, { recursive: true, force: true }) };
}

/** Puts the bytes into a file of a new folder; the caller removes the folder. */
export function stored(name: string, bytes: Buffer): { readonly folder: string; readonly path: string } {
	const place = folder();
	writeFileSync(join(place, name), bytes);
	return { folder: place, path: join(place, name) };
}

export interface Unpacked {
	readonly folder: string;
	/** Text of a file of the control archive; null: there is none. */
	control(name: string): string | null;
	controlNames(): string[];
	/** Lines of `tar -tv`, without size and time: mode, owner, path. */
	listing(): string[];
	/** Where data.tar.gz lies. */
	readonly data: string;
	remove(): void;
}

/** An ipk taken apart by the system's tar. */
export function unpackIpk(bytes: Buffer): Unpacked {
	const { folder: place, path } = stored("one.ipk", bytes);
	must(["tar", "-xzf", path, "-C", place]);
	mkdirSync(join(place, "control"));
	must(["tar", "-xzf", join(place, "control.tar.gz"), "-C", join(place, "control")]);
	const data = join(place, "data.tar.gz");
	return {
		folder: place,
		data,
		control: (name) =>
			existsSync(join(place, "control", name)) ? readFileSync(join(place, "control", name), "utf8") : null,
		controlNames: () => readdirSync(join(place, "control")).sort(),
		listing: () =>
			must(["tar", "--numeric-owner", "-tvzf", data])
				.trimEnd()
				.split("\n")
				.map((line) => {
					const [mode = "", owner = "", , , , ...path] = line.split(/\s+/);
					return `${mode} ${owner} ${path.join(" ")}`;
				}),
		remove: () => rmSync(place, { recursive: true, force: true }),
	};
}

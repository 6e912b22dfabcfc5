/**
 * What autonomy can run on, one package each, all of them providing autonomy-runtime: two that hold nothing but their
 * dependencies, and per architecture one with programs of its own (scripts/runtime.sh makes them), for RutOS and for
 * releases whose feed has no QuickJS. Several may be installed; the wrapper chooses. A file says what each is for, since
 * opkg and apk take no package without any.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type FileEntry, file } from "./entry.ts";
import type { FeedPackage, PackageScripts } from "./package.ts";
import { gzip } from "./tar.ts";

/** Architectures as opkg and apk name them, for which `make runtime ARCH=` builds. */
export const STATIC_ARCHES = [
	"aarch64_cortex-a53",
	"arm_cortex-a7_neon-vfpv4",
	"mips_24kc",
	"mipsel_24kc",
	"x86_64",
] as const;

const PROGRAMS = ["qjs", "fping", "socat"];

interface Runtime {
	readonly kind: "node" | "quickjs";
	readonly description: string;
	readonly depends: readonly string[];
	/** apk takes the highest that can be had; QuickJS, as the wrapper does. */
	readonly priority: number;
}

const OF_FEED: readonly Runtime[] = [
	{
		kind: "quickjs",
		description: "What autonomy runs on: QuickJS, socat for its sockets, and fping to watch the uplinks",
		depends: ["quickjs", "socat", "fping"],
		priority: 200,
	},
	{
		kind: "node",
		description: "What autonomy runs on: Node.js 20 or later, and fping to watch the uplinks",
		depends: ["node>=20", "fping"],
		priority: 100,
	},
];

export function feedRuntimes(version: string, scripts: PackageScripts): FeedPackage[] {
	return OF_FEED.map(({ kind, description, depends, priority }) => ({
		name: `autonomy-runtime-${kind}`,
		version,
		section: "net",
		description,
		depends,
		provides: ["autonomy-runtime"],
		priority,
		conffiles: [],
		files: [file(`usr/share/autonomy/runtime-${kind}`, `${kind}\n`)],
		scripts,
	}));
}

/** Null where `make runtime ARCH=` has not been run. `built`: folder of all architectures. */
export function staticRuntime(
	built: string,
	arch: string,
	version: string,
	scripts: PackageScripts,
): FeedPackage | null {
	const folder = join(built, arch);
	if (!PROGRAMS.every((name) => existsSync(join(folder, name)))) return null;
	const licences = join(folder, "licences");
	const files: FileEntry[] = [
		...PROGRAMS.map((name) => file(`usr/lib/autonomy/bin/${name}`, readFileSync(join(folder, name)), 0o755)),
		...readdirSync(licences).map((name) =>
			file(`usr/share/licenses/autonomy-runtime-static/${name}.gz`, gzip(readFileSync(join(licences, name)))),
		),
		file("usr/share/autonomy/runtime-static", readFileSync(join(folder, "versions"))),
	];
	return {
		name: "autonomy-runtime-static",
		version,
		architecture: arch,
		license: "MIT AND GPL-2.0-only AND BSD-4-Clause",
		section: "net",
		description: "What autonomy runs on, in programs that need nothing of the firmware: QuickJS, socat, fping",
		depends: [],
		provides: ["autonomy-runtime"],
		priority: 50,
		conffiles: [],
		files,
		scripts,
	};
}

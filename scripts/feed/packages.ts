/**
 * The packages of the feed and what each holds: the one table that the feed, the archive for the SDK and the tests use.
 * Needs what `npm run build` and scripts/build-luci.mjs make.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type FileEntry, file } from "./entry.ts";
import { licences } from "./licences.ts";
import { compileLmo } from "./lmo.ts";
import type { FeedPackage, PackageScripts } from "./package.ts";
import { feedRuntimes, STATIC_ARCHES, staticRuntime } from "./runtimes.ts";
import { one, scriptBody, tree } from "./source.ts";
import { gzip } from "./tar.ts";

/** As LuCI lists them in its choice of languages. */
const LANGUAGES: Readonly<Record<string, string>> = { de: "Deutsch (German)", es: "Español (Spanish)" };

const BUNDLES = ["autonomyd.node.mjs", "autonomyd.qjs.js"];
/** What both bundles load, and what one of them does. */
const PARTS = ["autonomyd.core", "autonomyd.node", "autonomyd.qjs"];

/** What is for RutOS alone: no matter of apk's. */
export const RUTOS_SECTION = "vuci";

function scripts(repo: string, name: string): PackageScripts {
	const read = (moment: string): string | undefined => {
		const path = join(repo, "package/scripts", name, `${moment}.sh`);
		return existsSync(path) ? scriptBody(path) : undefined;
	};
	const all = {
		preUpgrade: read("pre-upgrade"),
		postInstall: read("post-install"),
		preRemove: read("pre-remove"),
		postRemove: read("post-remove"),
	};
	return Object.fromEntries(Object.entries(all).filter(([, text]) => text !== undefined));
}

function isConffile(entry: FileEntry): boolean {
	return entry.path.startsWith("etc/config/") || /^etc\/autonomy\/.*\.conf$/.test(entry.path);
}

/** Both bundles with their parts, below `target`. */
export function bundles(repo: string, target: string): FileEntry[] {
	const built = join(repo, "build");
	return [
		...BUNDLES.map((name) => one(join(built, name), `${target}/${name}`)),
		...PARTS.flatMap((name) => tree(join(built, name), `${target}/${name}`)),
	];
}

function autonomy(repo: string, version: string): FeedPackage {
	const files = [
		...tree(join(repo, "package/files"), ""),
		...bundles(repo, "usr/lib/autonomy"),
		one(join(repo, "rpcd/luci.autonomy"), "usr/libexec/rpcd/luci.autonomy"),
		...tree(join(repo, "rpcd/lib"), "usr/share/autonomy/rpcd"),
		...tree(join(repo, "rpcd/acl.d"), "usr/share/rpcd/acl.d"),
		one(join(repo, "LICENSE"), "usr/share/licenses/autonomy/LICENSE"),
		file("usr/share/licenses/autonomy/libraries.gz", gzip(Buffer.from(licences(repo)))),
	];
	return {
		name: "autonomy",
		version,
		section: "net",
		description: "Keeps a router online: watches every uplink, switches before people notice, explains why",
		depends: ["autonomy-runtime", "ubus", "uci", "jsonfilter", "jshn"],
		provides: [],
		conffiles: files.filter(isConffile).map((entry) => `/${entry.path}`),
		files,
		scripts: scripts(repo, "autonomy"),
	};
}

function luciApp(repo: string, version: string, built: string): FeedPackage {
	return {
		name: "luci-app-autonomy",
		version,
		section: "luci",
		description: "LuCI pages of autonomy: which uplink carries the traffic and why; history, settings, service",
		depends: ["luci-base", "autonomy"],
		provides: [],
		conffiles: [],
		files: [...tree(join(built, "htdocs"), "www"), ...tree(join(built, "root"), "")],
		scripts: scripts(repo, "luci-app-autonomy"),
	};
}

/** RutOS' pages and the service they ask; with RutOS' own package manager alone. */
function vuciApps(repo: string, version: string, built: string): readonly FeedPackage[] {
	const parts = [
		["api", "REST service of autonomy for RutOS: passes calls on to ubus", ["autonomy"]],
		[
			"ui",
			"RutOS pages of autonomy: which uplink carries the traffic and why; SIM cards, settings",
			["vuci-app-autonomy-api"],
		],
	] as const;
	return parts.map(([part, description, depends]) => ({
		name: `vuci-app-autonomy-${part}`,
		version,
		section: RUTOS_SECTION,
		description,
		depends,
		provides: [],
		conffiles: [],
		files: tree(join(built, part), ""),
		scripts: scripts(repo, `vuci-app-autonomy-${part}`),
	}));
}

/** Static files for the web server that the router has anyway; what it is asked with comes with LuCI or RutOS' pages. */
function phoneApp(repo: string, version: string): FeedPackage {
	return {
		name: "autonomy-app",
		version,
		section: "net",
		description: "Phone app of autonomy, at /autonomy/ of this router: uplinks, alerts, history, in the pocket",
		depends: ["autonomy"],
		provides: [],
		conffiles: [],
		files: tree(join(repo, "build/app"), "www"),
		scripts: {},
	};
}

/** Null where nothing is translated. */
function translation(repo: string, version: string, language: string): FeedPackage | null {
	const folder = join(repo, "luci-app-autonomy/po", language);
	const files = readdirSync(folder)
		.filter((name) => name.endsWith(".po"))
		.flatMap((name) => {
			const lmo = compileLmo(readFileSync(join(folder, name), "utf8"));
			return lmo === null ? [] : [file(`usr/lib/lua/luci/i18n/${name.slice(0, -3)}.${language}.lmo`, lmo)];
		});
	if (files.length === 0) return null;
	const title = LANGUAGES[language] ?? language;
	const setting = `uci set luci.languages.${language}='${title}'\nuci commit luci\n`;
	return {
		name: `luci-i18n-autonomy-${language}`,
		version,
		section: "luci",
		description: `Translation of luci-app-autonomy: ${title}`,
		depends: ["luci-app-autonomy"],
		provides: [],
		conffiles: [],
		files: [...files, file(`etc/uci-defaults/luci-i18n-autonomy-${language}`, setting)],
		scripts: {},
	};
}

export interface PackageSet {
	readonly packages: readonly FeedPackage[];
	/** What is not in the set, one sentence each. */
	readonly left: readonly string[];
}

/** `version`: of the sources, without the packaging's own number. `luci`, `runtimes`, `vuci`: what build-luci.mjs, `make runtime` and build-vuci.mjs made. */
export function feedPackages(
	repo: string,
	version: string,
	release: number,
	luci = join(repo, "build/luci/luci-app-autonomy"),
	runtimes = join(repo, "build/runtime"),
	vuci = join(repo, "build/vuci"),
): PackageSet {
	const full = `${version}-r${release}`;
	const left: string[] = [];
	const ofRuntime = scripts(repo, "autonomy-runtime");
	const packages = [
		autonomy(repo, full),
		...feedRuntimes(full, ofRuntime),
		luciApp(repo, full, luci),
		phoneApp(repo, full),
	];
	for (const arch of STATIC_ARCHES) {
		const found = staticRuntime(runtimes, arch, full, ofRuntime);
		if (found === null) left.push(`autonomy-runtime-static for ${arch}: make runtime ARCH=${arch} makes it`);
		else packages.push(found);
	}
	if (existsSync(vuci)) packages.push(...vuciApps(repo, full, vuci));
	else left.push("vuci-app-autonomy: node scripts/build-vuci.mjs makes it");
	const po = join(repo, "luci-app-autonomy/po");
	for (const language of readdirSync(po).sort()) {
		if (language === "templates") continue;
		const found = translation(repo, full, language);
		if (found === null) left.push(`luci-i18n-autonomy-${language}: nothing is translated yet`);
		else packages.push(found);
	}
	return { packages, left };
}

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
import { one, scriptBody, tree } from "./source.ts";
import { gzip } from "./tar.ts";

/** As LuCI lists them in its choice of languages. */
const LANGUAGES: Readonly<Record<string, string>> = { de: "Deutsch (German)", es: "Español (Spanish)" };

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

function autonomy(repo: string, version: string): FeedPackage {
	const files = [
		...tree(join(repo, "package/files"), ""),
		one(join(repo, "build/autonomyd.node.mjs"), "usr/lib/autonomy/autonomyd.node.mjs"),
		...tree(join(repo, "build/autonomyd.node"), "usr/lib/autonomy/autonomyd.node"),
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

/** Holds nothing but its dependencies; a file says what it is for, since opkg and apk take no package without any. */
function runtimeNode(repo: string, version: string): FeedPackage {
	return {
		name: "autonomy-runtime-node",
		version,
		section: "net",
		description: "What autonomy runs on: Node.js 20 or later, and fping to watch the uplinks",
		depends: ["node>=20", "fping"],
		provides: ["autonomy-runtime"],
		priority: 100,
		conffiles: [],
		files: [file("usr/share/autonomy/runtime", "node\n")],
		scripts: scripts(repo, "autonomy-runtime-node"),
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

/** `version`: of the sources, without the packaging's own number. `luci`: what build-luci.mjs made. */
export function feedPackages(
	repo: string,
	version: string,
	release: number,
	luci = join(repo, "build/luci/luci-app-autonomy"),
): PackageSet {
	const full = `${version}-r${release}`;
	const left = ["autonomy-runtime-static: it comes with the build for small routers"];
	const packages = [autonomy(repo, full), runtimeNode(repo, full), luciApp(repo, full, luci)];
	const po = join(repo, "luci-app-autonomy/po");
	for (const language of readdirSync(po).sort()) {
		if (language === "templates") continue;
		const found = translation(repo, full, language);
		if (found === null) left.push(`luci-i18n-autonomy-${language}: nothing is translated yet`);
		else packages.push(found);
	}
	return { packages, left };
}

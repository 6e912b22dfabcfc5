/**
 * The archive a release has beside the feed: a feed for OpenWrt's SDK with the JavaScript already built. Same bytes for
 * the same sources. Its package versions are set to the release's.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type FileEntry, file, withParents } from "./entry.ts";
import { licences } from "./licences.ts";
import { bundles } from "./packages.ts";
import { one, tree } from "./source.ts";
import { gzip, tar } from "./tar.ts";

const LUCI_MK = "include ../../luci.mk";

function replaced(text: string, from: RegExp | string, to: string): string {
	const changed = text.replace(from, to);
	if (changed === text) throw new Error(`nothing to replace with ${to}`);
	return changed;
}

export function releaseFiles(repo: string, version: string, release: number, luci: string): FileEntry[] {
	const makefile = readFileSync(join(repo, "package/Makefile"), "utf8")
		.replace(/^PKG_VERSION:=.*$/m, `PKG_VERSION:=${version}`)
		.replace(/^PKG_RELEASE:=.*$/m, `PKG_RELEASE:=${release}`);
	const luciMakefile = readFileSync(join(luci, "Makefile"), "utf8");
	return [
		file("autonomy/Makefile", makefile),
		...tree(join(repo, "package/files"), "autonomy/files"),
		...tree(join(repo, "package/scripts"), "autonomy/scripts"),
		...bundles(repo, "autonomy/build"),
		...tree(join(repo, "build/app"), "autonomy/build/app"),
		file("autonomy/build/libraries.gz", gzip(Buffer.from(licences(repo)))),
		...tree(join(repo, "rpcd"), "autonomy/rpcd"),
		one(join(repo, "LICENSE"), "autonomy/LICENSE"),
		one(join(repo, "install.sh"), "install.sh"),
		...tree(luci, "luci-app-autonomy").filter((entry) => entry.path !== "luci-app-autonomy/Makefile"),
		// The sources' Makefile is for a place inside LuCI's own feed; this archive is a feed beside it.
		file(
			"luci-app-autonomy/Makefile",
			replaced(
				replaced(luciMakefile, LUCI_MK, "include $(TOPDIR)/feeds/luci/luci.mk"),
				/^PKG_LICENSE:=/m,
				`PKG_VERSION:=${version}\nPKG_RELEASE:=${release}\nPKG_LICENSE:=`,
			),
		),
	];
}

export function releaseArchive(files: readonly FileEntry[], name: string, mtimeS: number): Buffer {
	return gzip(tar(withParents(files), mtimeS, `${name}/`));
}

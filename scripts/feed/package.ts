/**
 * One package of the feed, whatever the package manager: what ipk.ts and apk.ts both write from.
 */
import type { FileEntry } from "./entry.ts";

/** Shell text without the first line, for the moments a package manager knows. */
export interface PackageScripts {
	/** Before the files of a newer (or older) version replace ours. */
	readonly preUpgrade?: string;
	/** After OpenWrt's own steps: uci-defaults, enable, start. */
	readonly postInstall?: string;
	/** Before the files go, or are replaced (then PKG_UPGRADE is 1). */
	readonly preRemove?: string;
	/** After the files have gone. */
	readonly postRemove?: string;
}

export interface FeedPackage {
	readonly name: string;
	/** As both opkg and apk compare it: 1.2.3-r1. */
	readonly version: string;
	/** As OpenWrt names it, mipsel_24kc; absent: any. */
	readonly architecture?: string;
	/** Absent: LICENSE. */
	readonly license?: string;
	readonly section: string;
	/** One line. */
	readonly description: string;
	/** A name, or a name with the oldest version that does: "node>=20". */
	readonly depends: readonly string[];
	/** Virtual names. */
	readonly provides: readonly string[];
	/** Which of several that provide a virtual name apk takes by itself, the highest; without any it takes none. */
	readonly priority?: number;
	/** Paths as on the router, with the leading slash. */
	readonly conffiles: readonly string[];
	readonly files: readonly FileEntry[];
	readonly scripts: PackageScripts;
	/** Further control fields of an ipk, as RutOS wants some. */
	readonly fields?: readonly (readonly [name: string, value: string])[];
}

/** Of a package that holds nothing made for one processor. */
export const ANY_ARCHITECTURE = "all";
export const LICENSE = "MIT";
export const MAINTAINER = "autonomy maintainers";
export const SOURCE_NAME = "autonomy";

const NAME = /^[a-z0-9][a-z0-9.+-]*$/;
/** The part of apk's version grammar that opkg orders the same way. */
const VERSION = /^\d+(\.\d+)*-r\d+$/;

export interface Dependency {
	readonly name: string;
	readonly atLeast: string | null;
}

export function dependency(text: string): Dependency {
	const [name = "", atLeast = null] = text.split(">=");
	return { name, atLeast };
}

export function checkPackage(one: FeedPackage): void {
	if (!NAME.test(one.name)) throw new Error(`not a package name: ${one.name}`);
	if (!VERSION.test(one.version)) throw new Error(`not a version like 1.2.3-r1: ${one.version}`);
	if (one.description.includes("\n")) throw new Error(`${one.name}: the description is one line`);
	for (const path of one.conffiles) {
		if (!one.files.some((entry) => `/${entry.path}` === path))
			throw new Error(`${one.name}: no such conffile: ${path}`);
	}
}

/**
 * What the router's own files say of its uplinks: mwan3's layout and what it has taken down, and which interfaces lead
 * outside. Reads, decides nothing; problems go to the list that is handed in. What was read from a package is kept while its
 * files are as they were, by size and time; `forget` when something says that they are not, for two writes within a tick of
 * the kernel's clock look the same.
 */
import { FAMILIES, type Family } from "../health/types.ts";
import { errorText } from "../platform/error.ts";
import type { Platform } from "../platform/platform.ts";
import { loadPackage, packagePath, SAVE_DIR } from "../uci/load.ts";
import { optionList, optionText, type UciPackage } from "../uci/package.ts";
import { parseMwan3 } from "./mwan3-config.ts";
import type { Mwan3Layout, Mwan3Link } from "./types.ts";

export const MWAN3_STATE = "/var/run/mwan3";
const MWAN3_TRACK = "/var/run/mwan3track";

export interface RouterFiles {
	/** mwan3's configuration and what is taken down by hand; null when there is none. Only to be asked while it is set up. */
	mwan3(problems: string[]): Mwan3Layout | null;
	/** False: not installed, stopped, or nothing is up yet. */
	isMwan3SetUp(): boolean;
	/** By `mwan3 ifdown`. */
	isTakenDown(link: Mwan3Link): boolean;
	/** False: mwan3 holds it for up, so it is not. */
	mayBeDown(link: Mwan3Link): boolean;
	/** netifd interfaces in a masqueraded firewall zone, and those RutOS marks with area_type wan. */
	wanInterfaces(problems: string[]): ReadonlySet<string>;
	/** What /etc/config/network says of interfaces that netifd does not tell, or not while they are down. */
	interfaceHints(problems: string[]): ReadonlyMap<string, InterfaceHint>;
	forget(): void;
}

export interface InterfaceHint {
	/** Its route metric; null: none is set. */
	readonly metric: number | null;
	/** Families whose routes go to a table of its own (ip4table, ip6table). */
	readonly ownTable: readonly Family[];
	/** Option disabled: netifd does not know it. */
	readonly disabled: boolean;
}

interface Kept<T> {
	readonly sign: string;
	readonly value: T;
	readonly problems: readonly string[];
}

export function createRouterFiles(files: Platform["files"]): RouterFiles {
	const words = new Map<string, { readonly modifiedMs: number; readonly size: number; readonly text: string }>();

	const kept = new Map<string, Kept<unknown>>();

	/** What `make` reads from these packages; as before while they have not changed. */
	function unlessSame<T>(names: readonly string[], problems: string[], make: (problems: string[]) => T): T {
		const paths = names.flatMap((name) => [packagePath(files, name), `${SAVE_DIR}/${name}`]);
		const sign = paths
			.map((path) => {
				const stat = files.stat(path);
				return stat === null ? `${path}:` : `${path}:${stat.modifiedMs},${stat.size}`;
			})
			.join(" ");
		const key = names.join();
		const before = kept.get(key) as Kept<T> | undefined;
		if (before?.sign === sign) {
			problems.push(...before.problems);
			return before.value;
		}
		const found: string[] = [];
		const value = make(found);
		kept.set(key, { sign, value, problems: found });
		problems.push(...found);
		return value;
	}

	function readUci(name: string, problems: string[]): UciPackage | null {
		try {
			return loadPackage(files, name);
		} catch (error) {
			problems.push(errorText(error));
			return null;
		}
	}

	/** A one-word file, read again only when it changed: this is asked every second. */
	function word(path: string): string {
		const stat = files.stat(path);
		if (stat === null) return "";
		const known = words.get(path);
		if (known?.modifiedMs === stat.modifiedMs && known.size === stat.size) return known.text;
		const text = files.readTextIfAny(path)?.trim() ?? "";
		words.set(path, { ...stat, text });
		return text;
	}

	function mayBeDown({ interface: name, enabled }: Mwan3Link): boolean {
		return enabled && word(`${MWAN3_STATE}/iface_state/${name}`) !== "online";
	}

	function isTakenDown(link: Mwan3Link): boolean {
		return mayBeDown(link) && word(`${MWAN3_TRACK}/${link.interface}/STATUS`) === "disabled";
	}

	function readWanInterfaces(problems: string[]): ReadonlySet<string> {
		const names = new Set<string>();
		for (const section of readUci("firewall", problems)?.sections ?? []) {
			if (section.type !== "zone" || optionText(section, "masq") !== "1") continue;
			for (const entry of optionList(section, "network")) for (const name of entry.split(/\s+/)) names.add(name);
		}
		for (const section of readUci("network", problems)?.sections ?? []) {
			if (section.type === "interface" && optionText(section, "area_type") === "wan") names.add(section.name);
		}
		return names;
	}

	function readHints(problems: string[]): ReadonlyMap<string, InterfaceHint> {
		const hints = new Map<string, InterfaceHint>();
		for (const section of readUci("network", problems)?.sections ?? []) {
			if (section.type !== "interface") continue;
			const text = optionText(section, "metric") ?? "";
			const tables = { ipv4: optionText(section, "ip4table"), ipv6: optionText(section, "ip6table") };
			hints.set(section.name, {
				metric: /^\d{1,9}$/.test(text) ? Number(text) : null,
				ownTable: FAMILIES.filter((family) => (tables[family] ?? "") !== ""),
				disabled: optionText(section, "disabled") === "1",
			});
		}
		return hints;
	}

	return {
		mwan3(problems) {
			const layout = unlessSame(["mwan3"], problems, (found) => {
				const config = readUci("mwan3", found);
				return config && parseMwan3(config, found);
			});
			return (
				layout && {
					...layout,
					links: layout.links.map((link) => (isTakenDown(link) ? { ...link, takenDown: true } : link)),
				}
			);
		},
		// The directory alone says nothing: `mwan3 status` makes it, too.
		isMwan3SetUp: () => files.list(`${MWAN3_STATE}/iface_state`).length > 0,
		isTakenDown,
		mayBeDown,
		// Its problems are told with the WAN interfaces, from the same file.
		interfaceHints: (problems) => unlessSame(["network"], problems, readHints),
		wanInterfaces: (problems) => unlessSame(["firewall", "network"], problems, readWanInterfaces),
		forget: () => kept.clear(),
	};
}

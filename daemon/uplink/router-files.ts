/**
 * What the router's own files say of its uplinks: mwan3's layout and what it has taken down, and which interfaces lead
 * outside. Reads, decides nothing; problems go to the list that is handed in.
 */
import { errorText } from "../platform/error.ts";
import type { Platform } from "../platform/platform.ts";
import { loadPackage } from "../uci/load.ts";
import { optionList, optionText, type UciPackage } from "../uci/package.ts";
import { parseMwan3 } from "./mwan3-config.ts";
import type { Mwan3Layout, Mwan3Link } from "./types.ts";

const MWAN3_STATE = "/var/run/mwan3";
const MWAN3_TRACK = "/var/run/mwan3track";

export interface RouterFiles {
	/** mwan3's configuration and what is taken down by hand; null when there is none. Only to be asked while it is set up. */
	mwan3(problems: string[]): Mwan3Layout | null;
	/** False: not installed, stopped, or nothing is up yet. */
	isMwan3SetUp(): boolean;
	/** By `mwan3 ifdown`. */
	isTakenDown(link: Mwan3Link): boolean;
	/** netifd interfaces in a masqueraded firewall zone, and those RutOS marks with area_type wan. */
	wanInterfaces(problems: string[]): ReadonlySet<string>;
}

export function createRouterFiles(files: Platform["files"]): RouterFiles {
	const words = new Map<string, { readonly modifiedMs: number; readonly size: number; readonly text: string }>();

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

	function isTakenDown({ interface: name, enabled }: Mwan3Link): boolean {
		if (!enabled || word(`${MWAN3_TRACK}/${name}/STATUS`) !== "disabled") return false;
		return word(`${MWAN3_STATE}/iface_state/${name}`) !== "online";
	}

	return {
		mwan3(problems) {
			const config = readUci("mwan3", problems);
			const layout = config && parseMwan3(config, problems);
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
		wanInterfaces(problems) {
			const names = new Set<string>();
			for (const section of readUci("firewall", problems)?.sections ?? []) {
				if (section.type !== "zone" || optionText(section, "masq") !== "1") continue;
				for (const entry of optionList(section, "network")) for (const name of entry.split(/\s+/)) names.add(name);
			}
			for (const section of readUci("network", problems)?.sections ?? []) {
				if (section.type === "interface" && optionText(section, "area_type") === "wan") names.add(section.name);
			}
			return names;
		},
	};
}

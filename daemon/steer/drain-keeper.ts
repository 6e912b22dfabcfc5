/** Holds open connections to the uplink they began on during planned switches (drain.ts), and undoes it. */
import { FAMILIES, type Family } from "../health/types.ts";
import { errorText, isAutonomyError } from "../platform/error.ts";
import type { Uplink } from "../uplink/types.ts";
import { type Drain, drainRules, drainTable, NFT_TABLE } from "./drain.ts";
import { createLane, together } from "./lane.ts";
import { parseRules } from "./source-rules.ts";
import type { StateFile } from "./state-file.ts";
import { complaint, type Tools } from "./tools.ts";

export interface DrainKeeper {
	setUplinks(uplinks: readonly Uplink[]): void;
	/** Before the route changes: connections of this uplink will stay on it. Null, or what is lost and why. */
	hold(family: Family, uplink: string): Promise<string | null>;
	/** The drain that stands for this uplink, if any. */
	of(family: Family, uplink: string): Drain | null;
	giveBack(): Promise<{ changed: string[]; problems: string[] }>;
}

export function createDrainKeeper(tools: Tools, state: StateFile): DrainKeeper {
	let uplinks: readonly Uplink[] = [];
	/** Set up by this process; those of a predecessor may be half done. */
	const proven = new Set<string>();
	/** Both families share one nftables table: one text after the other. */
	const lane = createLane();
	const of = (family: Family, uplink: string): Drain | null =>
		state.get().drains.find((drain) => drain.family === family && drain.uplink === uplink) ?? null;
	const deviceOf = (uplink: Uplink, family: Family): string | null => uplink[family]?.device ?? uplink.device;

	/** Table and rules; afterwards every new connection of this uplink is marked from its first packet. */
	const setUp = async (drain: Drain): Promise<string | null> => {
		const others = state.get().drains.filter((old) => old.family !== drain.family || old.uplink !== drain.uplink);
		const drains = [...others, drain];
		const old = of(drain.family, drain.uplink);
		const moved = old !== null && (old.slot !== drain.slot || old.table !== drain.table) ? old : null;
		state.set({ drains: moved ? [...drains, moved] : drains });
		const outside = uplinks.flatMap((uplink) => FAMILIES.map((family) => deviceOf(uplink, family)));
		const devices = [...new Set(outside.filter((device) => device !== null))];
		const actual = parseRules(await tools.ipShow(drain.family, ["rule", "show"]));
		const [table, failed] = await together([
			tools.run(["nft", "-f", "-"], { stdin: drainTable(drains, devices) }),
			tools.ipChange(drain.family, [
				...(moved ? drainRules(moved, actual, true) : []),
				...drainRules(drain, actual, false),
			]),
		]);
		if (moved) state.set({ drains: state.get().drains.filter((one) => one !== moved) });
		if (table.code !== 0) return `nft: ${complaint(table)}`;
		return failed[0] ?? null;
	};

	return {
		setUplinks(next) {
			uplinks = next;
		},
		of,
		async hold(family, id) {
			const uplink = uplinks.find((candidate) => candidate.id === id);
			const rule = state.get().rules.find((candidate) => candidate.family === family && candidate.uplink === id);
			const address = uplink?.[family]?.address ?? null;
			const device = uplink ? deviceOf(uplink, family) : null;
			const lost = `open ${family} connections of ${id} move with the route and may break`;
			if (!rule || address === null || device === null) return lost;
			const drain: Drain = { family, uplink: id, slot: rule.slot, table: rule.table, device, address };
			// Once set up it stays: nothing more to do.
			if (proven.has(JSON.stringify(drain)) && of(family, id) !== null) return null;
			if (!tools.has("nft")) return `${lost}: nft is not installed`;
			try {
				const failure = await lane.run(() => setUp(drain));
				if (failure !== null) return `${lost}: ${failure}`;
				proven.add(JSON.stringify(drain));
				return null;
			} catch (error) {
				return `${lost}: ${errorText(error)}`;
			}
		},
		async giveBack() {
			const { drains } = state.get();
			if (drains.length === 0) return { changed: [], problems: [] };
			const problems: string[] = [];
			try {
				const result = await tools.run(["nft", "delete", "table", "inet", NFT_TABLE]);
				if (result.code !== 0 && !/No such file/.test(result.stderr)) problems.push(`nft: ${complaint(result)}`);
			} catch (error) {
				if (!isAutonomyError(error, "tool_missing")) throw error; // without nft there is no table either
			}
			for (const family of FAMILIES) {
				const own = drains.filter((drain) => drain.family === family);
				if (own.length === 0) continue;
				const actual = parseRules(await tools.ipShow(family, ["rule", "show"]));
				problems.push(
					...(await tools.ipChange(
						family,
						own.flatMap((drain) => drainRules(drain, actual, true)),
					)),
				);
			}
			if (problems.length === 0) state.set({ drains: [] });
			return { changed: ["rules that hold open connections"], problems };
		},
	};
}

/** Frees connections of dead uplinks with the conntrack program; only where something better was found for them. */
import type { SteerAction } from "../decide/types.ts";
import type { Family } from "../health/types.ts";
import { errorText, isAutonomyError } from "../platform/error.ts";
import type { Discovered, Uplink } from "../uplink/types.ts";
import { isInterrupted, type ReleaseBy, releaseArgv, releasedFlows } from "./conntrack.ts";
import { type Drain, drainMark } from "./drain.ts";
import { together } from "./lane.ts";
import { DRAIN_MASK } from "./source-rules.ts";
import { complaint, type Tools } from "./tools.ts";
import type { Released } from "./types.ts";

/** Deleted connections are listed on stdout, one line each; only their number is of interest. */
const OUTPUT_BYTES = 16_384;
/** mwan3's own flush and the kernel's timeouts delete at the same time: the program gives up where it trips over one. */
const MAX_AGAIN = 5;

export interface Releaser {
	/** Keeps the addresses uplinks had: a dead one may have lost its own already, its connections still carry it. */
	remember(discovered: Discovered): void;
	/** `better` tells whether new connections of that uplink and family now go elsewhere. */
	release(
		wishes: SteerAction["release"],
		family: Family,
		byMark: boolean,
		better: (uplink: string, family: Family) => boolean,
	): Promise<{ released: Released[]; notes: string[] }>;
	problems(): string[];
}

interface Known {
	readonly uplink: Uplink;
	/** Last known addresses. */
	readonly ipv4: string | null;
	readonly ipv6: string | null;
}

/** `drainOf`: connections held to an uplink without mwan3 carry a mark of ours. */
export function createReleaser(tools: Tools, drainOf: (family: Family, uplink: string) => Drain | null): Releaser {
	let missing = false;
	let layout: Discovered["mwan3"] = null;
	const known = new Map<string, Known>();

	const one = async (uplink: string, family: Family, by: ReleaseBy): Promise<Released | string> => {
		try {
			let result = await tools.run(releaseArgv(family, by), { maxOutputBytes: OUTPUT_BYTES });
			for (let again = 0; again < MAX_AGAIN && isInterrupted(result.stderr); again++)
				result = await tools.run(releaseArgv(family, by), { maxOutputBytes: OUTPUT_BYTES });
			const flows = releasedFlows(result.stderr);
			missing = false;
			return flows === null ? `conntrack -D for ${uplink}: ${complaint(result)}` : { uplink, family, flows };
		} catch (error) {
			missing = isAutonomyError(error, "tool_missing");
			return missing
				? `open connections of ${uplink} stay on it until they time out: the conntrack program is not installed`
				: errorText(error);
		}
	};

	/** One after the other: two at once would trip over each other's deletions. */
	const all = async (uplink: string, family: Family, ways: readonly ReleaseBy[]): Promise<Released | string> => {
		let flows = 0;
		for (const by of ways) {
			const result = await one(uplink, family, by);
			if (typeof result === "string") return result;
			flows += result.flows;
		}
		return { uplink, family, flows };
	};

	return {
		remember(discovered) {
			layout = discovered.mwan3;
			for (const id of known.keys()) {
				if (!discovered.uplinks.some((uplink) => uplink.id === id)) known.delete(id);
			}
			for (const uplink of discovered.uplinks) {
				const before = known.get(uplink.id);
				known.set(uplink.id, {
					uplink,
					ipv4: uplink.ipv4?.address ?? before?.ipv4 ?? null,
					ipv6: uplink.ipv6?.address ?? before?.ipv6 ?? null,
				});
			}
		},
		async release(wishes, family, byMark, better) {
			const released: Released[] = [];
			const notes: string[] = [];
			const jobs: Promise<Released | string>[] = [];
			for (const wish of wishes) {
				if (!wish.families.includes(family)) continue;
				if (!better(wish.uplink, family)) {
					notes.push(`${family} connections of ${wish.uplink} stay: there is no better uplink for them`);
					continue;
				}
				const facts = known.get(wish.uplink);
				const link = facts?.uplink.mwan3[family];
				const address = facts?.[family] ?? null;
				if (byMark) {
					if (link && layout) jobs.push(one(wish.uplink, family, { kind: "mark", mark: link.mark, mask: layout.mask }));
					continue;
				}
				const drain = drainOf(family, wish.uplink);
				const ways: ReleaseBy[] = [];
				if (drain) ways.push({ kind: "mark", mark: drainMark(drain), mask: DRAIN_MASK });
				if (address !== null) ways.push({ kind: "address", address });
				jobs.push(all(wish.uplink, family, ways));
			}
			for (const result of await together(jobs)) {
				if (typeof result === "string") notes.push(result);
				else released.push(result);
			}
			return { released, notes };
		},
		problems: () =>
			missing
				? ["install the conntrack program: without it open connections stay on a dead uplink until they time out"]
				: [],
	};
}

/**
 * Memory, CPU time and wake-ups of a daemon and everything it started, from the router's /proc.
 *
 * Resident memory counts a page of a program as often as it is mapped. PSS shares it out among all who map it, the lab's
 * own processes among them, so that it is too little where the lab runs the same program (Node). `aloneKb` is what a
 * router with nothing else of ours on it would miss: what is each process's own, and of every file the most that one of
 * them has resident, once.
 */
import type { RouterUnderTest } from "../../lab/under-test.ts";

/** USER_HZ: what /proc/PID/stat counts in, on every Linux platform of today. */
export const TICKS_PER_S = 100;

export interface Usage {
	readonly rssKb: number;
	readonly anonKb: number;
	readonly pssKb: number;
	readonly cpuTicks: number;
	readonly wakeups: number;
	readonly processes: number;
}

export interface FamilyUsage {
	readonly all: Usage;
	readonly daemon: Usage;
	readonly aloneKb: number;
	/** Path of a program -> how often it runs and what that takes, the dearest first. */
	readonly programs: readonly Program[];
}

export interface Program {
	readonly path: string;
	readonly count: number;
	readonly rssKb: number;
}

export interface Process extends Usage {
	readonly pid: number;
	readonly parent: number;
	readonly program: string;
	/** Path -> resident pages of it that are not its own, kB. */
	readonly files: ReadonlyMap<string, number>;
}

/** One look at every process of the router, cut into parts by markers. */
const LOOK = `for d in /proc/[0-9]*; do
	[ -r $d/stat ] || continue
	echo "@pid \${d#/proc/}"; cat $d/stat 2>/dev/null
	echo "Exe: $(readlink $d/exe 2>/dev/null)"
	grep -E '^(Rss|Pss|Anonymous):' $d/smaps_rollup 2>/dev/null
	awk '/^[0-9a-f]+-/ { f = $6 } /^Rss:/ { r[f] += $2 } /^Anonymous:/ { r[f] -= $2 }
		END { for (f in r) if (r[f] > 0) print "File: " r[f] " " f }' $d/smaps 2>/dev/null
	for t in $d/task/*; do grep -E '^voluntary_ctxt_switches' $t/status 2>/dev/null; done
done`;

export function parseLook(text: string): Process[] {
	return text
		.split("@pid ")
		.slice(1)
		.map((part) => {
			const number = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(part)?.[1] ?? 0);
			// Fields after the name, which may hold spaces and brackets: state, ppid, ... utime is the 12th, then stime.
			const [stat = ""] = part.split("\n").slice(1);
			const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
			const switches = [...part.matchAll(/^voluntary_ctxt_switches:\s+(\d+)/gm)];
			return {
				pid: Number(part.slice(0, part.indexOf("\n"))),
				parent: Number(fields[1]),
				program: /^Exe: (.*)$/m.exec(part)?.[1] ?? "",
				files: new Map([...part.matchAll(/^File: (\d+) (.*)$/gm)].map(([, kb, path = ""]) => [path, Number(kb)])),
				rssKb: number("Rss"),
				pssKb: number("Pss"),
				anonKb: number("Anonymous"),
				// Own time, and that of children that have ended (bursts).
				cpuTicks: [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0),
				wakeups: switches.reduce((sum, one) => sum + Number(one[1]), 0),
				processes: 1,
			};
		});
}

export function familyUsage(everyone: readonly Process[], root: number): FamilyUsage {
	const ours = new Set([root]);
	for (let size = 0; size !== ours.size; ) {
		size = ours.size;
		for (const one of everyone) if (ours.has(one.parent)) ours.add(one.pid);
	}
	const family = everyone.filter((one) => ours.has(one.pid));
	const daemon = family.find((one) => one.pid === root);
	if (!daemon) throw new Error("the daemon ended while it was measured");
	const sum = (key: keyof Usage): number => family.reduce((total, one) => total + one[key], 0);
	const files = new Map<string, number>();
	for (const one of family) {
		for (const [path, kb] of one.files) files.set(path, Math.max(kb, files.get(path) ?? 0));
	}
	const programs = [...new Set(family.map((one) => one.program))].map((path) => {
		const those = family.filter((one) => one.program === path);
		return { path, count: those.length, rssKb: those.reduce((total, one) => total + one.rssKb, 0) };
	});
	return {
		all: {
			rssKb: sum("rssKb"),
			anonKb: sum("anonKb"),
			pssKb: sum("pssKb"),
			cpuTicks: sum("cpuTicks"),
			wakeups: sum("wakeups"),
			processes: family.length,
		},
		daemon,
		aloneKb: [...files.values()].reduce((total, kb) => total + kb, sum("anonKb")),
		programs: programs.sort((a, b) => b.rssKb - a.rssKb),
	};
}

export async function usage(router: RouterUnderTest, root: number): Promise<FamilyUsage> {
	const { stdout } = await router.run(["sh", "-c", LOOK]);
	return familyUsage(parseLook(stdout), root);
}

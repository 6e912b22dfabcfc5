/**
 * One router's life. Cycles of random faults; after each a quiet point (some links dead, at least one good: the traffic
 * must be on a good one); about every half hour a long calm, after which all must be as if nothing had ever happened.
 */
import { readConfig } from "../../daemon/config/read.ts";
import { toSettings } from "../../daemon/config/settings.ts";
import { FAMILIES, type Family, type UplinkClass } from "../../daemon/health/types.ts";
import { DEFAULT_PROBE_SETTINGS } from "../../daemon/probe/settings.ts";
import { createRecorder } from "../../daemon/record/recorder.ts";
import { fakeTime } from "../../test/support/fake-platform.ts";
import { quiet } from "../bus/measure.ts";
import { seeded } from "../detectors/link.ts";
import { createFaults, watched } from "./faults.ts";
import { createNet, type Link, WELL } from "./net.ts";
import { createOracle } from "./oracle.ts";
import { createReplays, type Replays } from "./replays.ts";
import { createRouter, type Member, type Router, SNAPSHOT } from "./router.ts";

export interface RunOptions {
	readonly seed: number;
	readonly uplinks: number;
	readonly hours: number;
	/** Bytes on the heap and in buffers, garbage collected; null: not measured. */
	readonly usedBytes: (() => Promise<number>) | null;
}

export interface RunFigures {
	readonly uplinks: number;
	/** Faults and quiet points. */
	readonly scenarios: number;
	readonly inputs: number;
	/** Made live, and found again in the replay. */
	readonly decisions: number;
	readonly moves: number;
	readonly wrong: number;
	readonly differences: number;
	/** Heap held more at the last calm than at the first, what the recorder says it holds left out. */
	readonly growthKb: number;
	readonly recordKb: number;
	/** Of the daemon, at the last calm. */
	readonly timers: number;
	readonly programs: number;
	readonly faults: ReadonlyMap<string, number>;
	/** What was wrong, as far as it fits. */
	readonly texts: readonly string[];
}

const MAX_RAM_MB = 4;
const STEP_MS = 1_000;
const QUIET_MS = 100_000;
const CALM_EVERY_MS = 1_500_000;
/** Longest hold-down, then proof of no loss: some 130 probes at one in 20 s on a metered link in conservative mode. */
const CALM_LIMIT_MS = 4_500_000;
const VERIFY_EVERY_MS = 150_000;
/** A metered link in conservative mode is asked every 20 s. */
const SLOW_WATCH_MS = 120_000;
/** The longest, and then some. */
const HOLD_DOWN_MS = 700_000;
/** Ten seconds to see it in the short window, failover.min_duration_s, the switch; better_candidate takes longer. */
const LEAVE_BAD_MS = 28_000;
/** At home for so long: the score of a link the operator restored too early may still lead away again. */
const CALM_STAY_MS = 180_000;
/** Timers of one watched family (tick, settle, DNS, look, alternate) and of the rooms. */
const TIMERS_PER_FAMILY = 8;
const TIMERS_OF_ROOMS = 12;
/** Of the engine, in one step: six links, all in bursts, fall far short of it. */
const INPUTS_PER_STEP = 1_000;
/** All links failing at once are told one by one, family by family. */
const DECISIONS_PER_STEP = 20;
/** A steady fping and four bursts; without fping four pings and sixteen in bursts (daemon/probe/ping.ts). */
const PROGRAMS_PER_FAMILY = 20;

function makeMembers(count: number, random: () => number): Member[] {
	const classes: readonly UplinkClass[] = ["lan", "starlink", "cellular", "wifi", "other"];
	const equal = random() < 0.4;
	return Array.from({ length: count }, (_, index): Member => {
		const families: readonly Family[] = random() < 0.35 ? FAMILIES : ["ipv4"];
		const uplinkClass = classes[Math.floor(random() * classes.length)] ?? "other";
		const link: Link = {
			id: ["wan", "wanb", "sim1", "sim2", "wifi", "sat"][index] ?? `wan${index}`,
			device: `eth${index + 1}`,
			families,
			address: { ipv4: `192.0.2.${index + 10}`, ipv6: `2001:db8:${index + 1}::2` },
			gateway: { ipv4: `192.0.2.${index + 110}`, ipv6: `2001:db8:${index + 1}::1` },
			// Fit for its class, so that the preferred link is also good enough to return to.
			rttMs: uplinkClass === "lan" ? 2 + random() * 10 : 8 + random() * 70,
			usualLossPct: random() < 0.5 ? 0 : random() * 0.4,
			truth: { ...WELL },
			busy: false,
		};
		const weight = equal ? 100 : Math.round(100 - (index * 60) / count);
		const metered = uplinkClass === "cellular" && random() < 0.7;
		return { link, class: uplinkClass, metered, weight, order: index + 1, disabled: false };
	});
}

export async function soakRun(options: RunOptions): Promise<RunFigures> {
	const random = seeded(options.seed * 7919);
	const time = fakeTime();
	const now = (): number => time.clock.monotonicMs();
	const members = makeMembers(options.uplinks, random);
	const net = createNet(
		time,
		members.map((member) => member.link),
		random,
	);
	const settings = toSettings(readConfig({ name: "autonomy", sections: [], warnings: [] }, "autonomy").config);
	const modes = ["balanced", "balanced", "aggressive", "conservative"] as const;
	const dataCapMode = modes[Math.floor(random() * modes.length)] ?? "balanced";
	const oracle = createOracle(now, members, dataCapMode === "conservative");
	for (const member of members) oracle.noted(member.link);
	let moves = 0;
	/** Decisions since the last look. */
	let talk = 0;
	let replays: Replays | null = null;
	const router: Router = createRouter({
		time,
		net,
		members,
		settings,
		probe: { ...DEFAULT_PROBE_SETTINGS, dataCapMode },
		maxRamMb: MAX_RAM_MB,
		random,
		onOutput(output, state) {
			replays?.live(output);
			talk += output.decisions.length;
			for (const { kind, rule, from, to } of output.decisions) {
				if (kind === "none" || kind === "avoid" || from === to) continue;
				moves++;
				oracle.onMove(rule, from, to);
			}
			if (state.settings.observe && output.actions.some((action) => action.kind === "steer")) {
				oracle.complain("something was steered in observe mode");
			}
		},
		onSteer: (action) => oracle.onSteer(action),
	});
	replays = createReplays(router.recorder, settings);
	const faults = createFaults({ time, net, router, oracle, random, settings, maxRamMb: MAX_RAM_MB });
	const preferred = [...members].sort((a, b) => b.weight - a.weight || a.order - b.order).map(({ link }) => link.id);
	const endMs = now() + options.hours * 3_600_000;
	const first = now();
	let scenarios = 0;
	let differences = 0;
	let recordPeak = 0;
	let seenInputs = 0;
	let verifiedMs = now();
	const calms: {
		readonly used: number;
		readonly record: number;
		readonly timers: number;
		readonly programs: number;
	}[] = [];

	function pass(ms: number, until?: () => boolean): boolean {
		const endAtMs = now() + ms;
		while (now() < endAtMs) {
			time.advanceSync(STEP_MS);
			const plan = router.steer.plan();
			for (const { link } of members) link.busy = plan?.families.ipv4.rank[0] === link.id;
			oracle.look(plan);
			const inputs = router.inputs() - seenInputs;
			seenInputs += inputs;
			if (talk > DECISIONS_PER_STEP) oracle.complain(`${talk} decisions within ${STEP_MS} ms`);
			talk = 0;
			if (inputs > INPUTS_PER_STEP) oracle.complain(`${inputs} inputs within ${STEP_MS} ms`);
			// The record's memory is bounded: what was decided is compared before it goes.
			if (now() - verifiedMs >= VERIFY_EVERY_MS) verify();
			if (until?.()) return true;
		}
		return false;
	}

	function recordBytes(): number {
		const { samples, inputs, lists } = router.recorder.stats();
		return samples.bytes + inputs.bytes + Object.values(lists).reduce((sum, list) => sum + list.bytes, 0);
	}

	/** Bounds that hold at any time. */
	function checkBounds(): void {
		const stats = router.recorder.stats();
		recordPeak = Math.max(recordPeak, recordBytes());
		if (recordBytes() > stats.maxBytes) oracle.complain(`the record holds ${recordBytes()} of ${stats.maxBytes} bytes`);
		const families = watched(members);
		const timers = time.pending() - net.timers();
		if (timers > TIMERS_OF_ROOMS + TIMERS_PER_FAMILY * families) oracle.complain(`${timers} timers`);
		if (net.children() > PROGRAMS_PER_FAMILY * families) oracle.complain(`${net.children()} programs`);
		if (router.steer.queue() > 1) oracle.complain(`${router.steer.queue()} orders wait for steering`);
		verify();
	}

	function verify(): void {
		verifiedMs = now();
		differences += replays?.verify(router.loop.state(), now()) ?? 0;
	}

	function quietPoint(): void {
		scenarios++;
		faults.calmDown();
		const good = members[Math.floor(random() * members.length)];
		faults.links(random() < 0.4 ? [] : preferred.filter((id) => id !== good?.link.id && random() < 0.7));
		pass(QUIET_MS);
		const plan = router.steer.plan();
		const at = members.find(({ link }) => link.id === plan?.families.ipv4.rank[0]);
		if (!at || at.link.truth.dark || at.link.truth.gatewayOnly || !at.link.truth.carrier) {
			oracle.complain(`quiet: traffic on ${at?.link.id ?? "nothing"}, which is dead; ${good?.link.id} is good`);
		}
		// What is shown to people must agree with where the traffic is.
		const { primary } = router.loop.state();
		if (primary !== at?.link.id)
			oracle.complain(`quiet: ${primary} is called the primary, traffic is on ${at?.link.id}`);
		checkBounds();
	}

	/** Nobody left: nothing moves, nothing is freed. The first that answers again is taken, hold-down or not. */
	function lastOne(): void {
		scenarios++;
		faults.links(preferred);
		pass(90_000);
		const back = preferred[Math.floor(random() * preferred.length)] ?? "";
		faults.links(preferred.filter((id) => id !== back));
		pass(SLOW_WATCH_MS);
		const [first] = router.steer.plan()?.families.ipv4.rank ?? [];
		if (first !== back) oracle.complain(`traffic on ${first}, but only ${back} works`);
		checkBounds();
	}

	/** All others are proven good, then the link in use becomes bad but not dead. */
	function brownOut(): void {
		scenarios++;
		pass(HOLD_DOWN_MS);
		const from = preferred[0] ?? "";
		const bad = random() < 0.5 ? { lossPct: 35 + random() * 30 } : { extraMs: 1500 + random() * 1000 };
		faults.change(from, bad);
		const isSlow = dataCapMode === "conservative" || members.some(({ link, metered }) => link.id === from && metered);
		pass(isSlow ? SLOW_WATCH_MS : LEAVE_BAD_MS);
		const [first] = router.steer.plan()?.families.ipv4.rank ?? [];
		if (first === from) oracle.complain(`traffic stayed on ${from} with ${JSON.stringify(bad)}`);
		pass(SLOW_WATCH_MS);
		checkBounds();
	}

	async function calm(): Promise<void> {
		scenarios++;
		faults.calmDown();
		faults.links([]);
		let homeAtMs = Number.POSITIVE_INFINITY;
		const home = (): boolean => {
			if (!oracle.atHome(router.steer.plan(), preferred)) homeAtMs = Number.POSITIVE_INFINITY;
			else homeAtMs = Math.min(homeAtMs, now());
			return now() - homeAtMs >= CALM_STAY_MS;
		};
		if (!pass(CALM_LIMIT_MS, home)) oracle.complain(`calm: not home: ${JSON.stringify(router.steer.plan())}`);
		const { plan, steering } = router.loop.state();
		if (JSON.stringify(plan) !== JSON.stringify(router.steer.plan()))
			oracle.complain("calm: the kernel has another plan");
		if (JSON.stringify(plan) !== JSON.stringify(steering.inForce))
			oracle.complain("calm: another plan is thought in force");
		checkBounds();
		// Twice: what the first one kept for comparison goes with the second.
		verify();
		const used = options.usedBytes ? await options.usedBytes() : 0;
		calms.push({ used, record: recordBytes(), timers: time.pending() - net.timers(), programs: net.children() });
	}

	for (const { link } of members) if (random() < 0.2) Object.assign(link.truth, { up: false });
	router.discover();
	time.timers.after(3_000, () => faults.links([]));
	pass(60_000);
	let calmAtMs = now() + CALM_EVERY_MS / 2;
	while (now() < endMs) {
		for (let n = 1 + Math.floor(random() * 5); n > 0; n--) {
			scenarios++;
			faults.strike();
			pass(Math.ceil((random() * 40_000) / STEP_MS) * STEP_MS);
		}
		pass(20_000);
		if (now() >= calmAtMs) {
			await calm();
			brownOut();
			calmAtMs = now() + CALM_EVERY_MS;
		} else {
			quietPoint();
			if (random() < 0.3) lastOne();
		}
	}
	await calm();

	const last = calms.at(-1);
	const base = calms.length > 2 ? calms[1] : calms[0];
	const growth = base && last ? last.used - last.record - (base.used - base.record) : 0;
	if (base && last && last.timers > base.timers + members.length)
		oracle.complain(`timers grew from ${base.timers} to ${last.timers}`);
	for (const text of router.errors) oracle.complain(`error logged: ${text}`);
	const decisions = replays.decisions();
	if (decisions !== router.loop.state().decisions) {
		oracle.complain(`${router.loop.state().decisions} decisions made, ${decisions} found again`);
	}
	checkEnd();
	return {
		uplinks: options.uplinks,
		scenarios,
		inputs: replays.inputs(),
		decisions,
		moves,
		wrong: oracle.wrong(),
		differences,
		growthKb: Math.round(growth / 1024),
		recordKb: Math.round(recordPeak / 1024),
		timers: last?.timers ?? 0,
		programs: last?.programs ?? 0,
		faults: faults.counts,
		texts: [...oracle.texts, ...replays.texts, `${Math.round((now() - first) / 36_000) / 100} virtual hours`],
	};

	/** Everything let go, and the record comes back after a restart. */
	function checkEnd(): void {
		router.close();
		time.advanceSync(60_000);
		if (time.pending() > 0) oracle.complain(`${time.pending()} timers left after close`);
		if (net.children() > 0 || net.openSockets() > 0) {
			oracle.complain(`${net.children()} programs and ${net.openSockets()} sockets left after close`);
		}
		const again = createRecorder({
			platform: { ...time, files: net.platform.files },
			log: quiet,
			settings: { retentionHours: 1, maxRamMb: MAX_RAM_MB, snapshotPath: SNAPSHOT },
		});
		const { atStart } = again.stats().snapshot;
		if (atStart !== "restored") oracle.complain(`the record was not restored: ${atStart}`);
		again.close();
	}
}

/**
 * Replies that wait unread in fping's pipe: the same verdicts at the same moments as when each is read at once; where a look
 * waits for the other family's, later by no more than that.
 */
import assert from "node:assert/strict";
import test from "node:test";
import { createNet, type Link, type Truth, WELL } from "../../bench/soak/net.ts";
import type { Family, Observation } from "../../daemon/health/types.ts";
import type { Child, Platform } from "../../daemon/platform/platform.ts";
import { createProber } from "../../daemon/probe/prober.ts";
import { DEFAULT_PROBE_SETTINGS } from "../../daemon/probe/settings.ts";
import type { UplinkProbeStatus } from "../../daemon/probe/status.ts";
import type { FamilyLink } from "../../daemon/uplink/types.ts";
import { fakeLog, fakeRandom, fakeTime } from "../support/fake-platform.ts";
import { familyLink, uplink } from "../support/uplink.ts";

interface Verdict {
	readonly atMs: number;
	readonly text: string;
}

interface Change {
	readonly afterMs: number;
	readonly truth: Partial<Truth>;
}

function familyOf({ device, address, gateway }: Link, family: Family): FamilyLink {
	return familyLink({ device, address: address[family], gateway: gateway[family] });
}

interface Life {
	readonly changes: readonly Change[];
	readonly seed: number;
	/** Pipes can be left alone. */
	readonly holds: boolean;
	/** Its fping takes both families at once; an old one does not. */
	readonly common: boolean;
	readonly usualLossPct?: number;
	/** Between two probes of one family; default 250 ms. */
	readonly spacingMs?: number;
	/** No traffic goes there; it is read every second, as the engine's tick does. */
	readonly isStandby?: true;
}

/** What the prober told of one dual-stack uplink. */
function life({ changes, seed, holds, common, usualLossPct = 0, spacingMs = 250, isStandby }: Life) {
	const time = fakeTime();
	const link: Link = {
		id: "wan",
		device: "eth1",
		families: ["ipv4", "ipv6"],
		address: { ipv4: "192.0.2.2", ipv6: "2001:db8::2" },
		gateway: { ipv4: "192.0.2.1", ipv6: "2001:db8::1" },
		rttMs: 40,
		usualLossPct,
		truth: { ...WELL },
		busy: false,
	};
	const dice = fakeRandom(seed);
	const net = createNet(time, [link], () => dice.uint32() / 2 ** 32);
	let reads = 0;
	let sharedBy = 0;
	let holding = 0;
	const looks = new Set<number>();
	const start: typeof net.platform.processes.start = (argv, handlers, options): Child => {
		const child = net.platform.processes.start(argv, handlers, options);
		if (!common && argv.includes("-l") && !argv.includes("-4") && !argv.includes("-6")) {
			child.close();
			time.timers.after(5, () => handlers.onExit(1, null));
			return { ...child, hold: () => false, read: () => undefined };
		}
		if (argv.includes("-l")) sharedBy = Math.max(sharedBy, argv.includes("-4") || argv.includes("-6") ? 1 : 2);
		return {
			...child,
			hold(on) {
				if (on && holds) holding++;
				return child.hold(on && holds);
			},
			waiting() {
				looks.add(Math.round(time.clock.monotonicMs()));
				return child.waiting();
			},
			read() {
				reads++;
				child.read();
			},
		};
	};
	const processes = { ...net.platform.processes, start };
	const platform = { ...time, ...net.platform, processes, random: fakeRandom(7) } as unknown as Platform;
	const settings = { ...DEFAULT_PROBE_SETTINGS, dnsName: "", activeIntervalMs: spacingMs };
	const prober = createProber({ platform, log: fakeLog(), settings });
	const seen: Observation[] = [];
	prober.onObservation((one) => seen.push(one));
	const both = uplink({ ipv4: familyOf(link, "ipv4"), ipv6: familyOf(link, "ipv6") });
	prober.setActive(isStandby ? [] : ["wan"]);
	const ticks = isStandby ? time.timers.every(1000, () => prober.read()) : null;
	prober.setUplinks([both]);
	time.advanceSync(20_000);
	for (const { afterMs, truth } of changes) {
		time.advanceSync(afterMs);
		Object.assign(link.truth, truth);
	}
	time.advanceSync(10_000);
	prober.read();
	const verdicts: Verdict[] = [];
	const before = new Map<Family, string>();
	for (const one of seen) {
		if (one.kind !== "reach") continue;
		// Not why: which of two families is doubted first, and what of a burst was due, is a matter of a millisecond.
		const text = `${one.family} ${one.verdict}`;
		if (text !== before.get(one.family)) verdicts.push({ atMs: one.atMs, text });
		before.set(one.family, text);
	}
	const probes = seen.flatMap((one) =>
		one.kind === "probe" ? [`${one.family} ${one.target} ${one.rttMs === null ? "lost" : "answered"}`] : [],
	);
	const status = prober.status();
	prober.close();
	ticks?.close();
	assert.equal(time.pending() - net.timers(), 0, "no timer is left behind");
	assert.equal(sharedBy, common ? 2 : 1, "families to a program");
	// The order of two in one millisecond means nothing.
	const byFamily = verdicts.toSorted((a, b) => a.text.slice(0, 4).localeCompare(b.text.slice(0, 4)));
	return { verdicts: byFamily, probes, status, reads, looks: looks.size, holding };
}

/** fping's stamps and the wall clock are rounded. */
const ROUNDED_MS = 3;
/** Probes of two families so far apart that none waits for the other. */
const ALONE_MS = 600;
/** Half a spacing of 250 ms, and what fping may be late. */
const COMPANY_MS = 130;

function same(held: readonly Verdict[], eager: readonly Verdict[], what: string, laterMs = 0): void {
	const texts = (all: readonly Verdict[]): string[] => all.map((one) => one.text);
	const all = JSON.stringify({ held, eager }, null, 1);
	assert.deepEqual(texts(held), texts(eager), `${what}: ${all}`);
	for (const [i, one] of held.entries()) {
		assert.ok(Math.abs(one.atMs - (eager[i]?.atMs ?? 0)) <= ROUNDED_MS + laterMs, `${what}, ${one.text}: ${all}`);
	}
}

/** GONE, on fake time that starts at 1 s. */
const DARK_AT_MS = 1000 + 20_000 + 3210;

const targetsOf = (status: readonly UplinkProbeStatus[]): unknown =>
	status.map(({ families }) => families.map(({ targets }) => targets.map(({ lossAlonePct: _, ...one }) => one)));

const GONE: readonly Change[] = [
	{ afterMs: 3_210, truth: { dark: true } },
	{ afterMs: 7_777, truth: { dark: false } },
];
const CASES: readonly [string, readonly Change[], laterMs?: number][] = [
	["a blackhole and the return", GONE],
	["three moments of darkness", [...GONE, ...GONE, ...GONE].map((one) => ({ ...one, afterMs: 613 }))],
	["one family only", GONE.map((one) => ({ ...one, truth: { darkFamily: one.truth.dark ? "ipv6" : null } }))],
	["a target that dies", [{ afterMs: 2000, truth: { deadTarget: "8.8.8.8" } }, ...GONE]],
	// When replies are due wanders with what is learnt of the round trip: those of both families meet.
	["a sudden 400 ms more", [{ afterMs: 2000, truth: { extraMs: 400 } }, ...GONE], COMPANY_MS],
];

for (const common of [true, false]) {
	const title = common ? "one program for both families" : "one for each";
	test(`held replies decide as read ones do, ${title}`, () => {
		for (const [what, changes, laterMs] of CASES) {
			for (let seed = 1; seed <= 4; seed++) {
				const eager = life({ changes, seed, common, holds: false, spacingMs: ALONE_MS });
				const held = life({ changes, seed, common, holds: true, spacingMs: ALONE_MS });
				same(held.verdicts, eager.verdicts, `${what}, seed ${seed}`, laterMs);
				assert.deepEqual(held.probes.toSorted(), eager.probes.toSorted(), `${what}, seed ${seed}`);
				assert.deepEqual(targetsOf(held.status), targetsOf(eager.status), `${what}, seed ${seed}`);
				assert.ok(held.holding > 0 && eager.holding === 0);
			}
		}
	});

	test(`a look that waits for the other family's decides the same, a little later, ${title}`, () => {
		for (let seed = 1; seed <= 8; seed++) {
			const eager = life({ changes: GONE, seed, common, holds: false });
			const held = life({ changes: GONE, seed, common, holds: true });
			same(held.verdicts, eager.verdicts, `seed ${seed}`, COMPANY_MS);
		}
	});

	test(`held replies of a link that loses packets at random: no false death, and none is missed, ${title}`, () => {
		for (const usualLossPct of [2, 8, 20]) {
			for (let seed = 1; seed <= 3; seed++) {
				const { verdicts } = life({ changes: GONE, seed, common, holds: true, usualLossPct });
				const deaths = verdicts.filter((one) => one.text.includes("dead"));
				const diedMs = deaths.map((one) => Math.round(one.atMs - DARK_AT_MS));
				assert.ok(diedMs.length >= 2 && diedMs.every((ms) => ms > 0 && ms < 9000), `${usualLossPct} %: ${diedMs}`);
				assert.ok(Math.min(...diedMs) < 2500, `${usualLossPct} %: ${diedMs}`);
				assert.match(verdicts.at(-1)?.text ?? "", / up$| suspect$/);
			}
		}
	});

	test(`a standby is looked at by the tick that reads it, ${title}`, () => {
		const { looks } = life({ changes: [], seed: 5, common, holds: true, isStandby: true });
		assert.equal(looks, 0);
		const { verdicts } = life({ changes: GONE.slice(0, 1), seed: 5, common, holds: true, isStandby: true });
		assert.deepEqual(
			verdicts.filter((one) => one.text.includes("dead")).map((one) => one.text),
			["ipv4 dead", "ipv6 dead"],
		);
	});

	test(`while all is well replies are counted and told in company, ${title}`, () => {
		const changes = [{ afterMs: 60_000, truth: {} }];
		const { reads, looks, probes, verdicts } = life({ changes, seed: 3, common, holds: true });
		assert.ok(probes.length > 600, `${probes.length} replies`);
		assert.ok(reads * 3 < probes.length, `${reads} times for ${probes.length} replies`);
		assert.ok(looks * 2 < probes.length * 1.1, `${looks} looks for ${probes.length} replies`);
		assert.ok(!verdicts.some((one) => one.text.includes("suspect")), JSON.stringify(verdicts));
	});
}

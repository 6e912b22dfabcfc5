import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { createLink, type LinkSpec, seeded } from "../../bench/detectors/link.ts";
import { type OursOptions, type OursResult, runOurs, TARGETS } from "../../bench/detectors/ours.ts";
import { createDetector } from "../../daemon/probe/detector.ts";
import type { Detector, DetectorEffect, DetectorInput } from "../../daemon/probe/detector-types.ts";

const LINE: LinkSpec = { rttMs: 20, jitterMs: 3, lossPct: 0, dark: [] };

function simulate(spec: Partial<LinkSpec>, options: Partial<OursOptions> & { untilMs: number }, seed = 1): OursResult {
	return runOurs(createLink({ ...LINE, ...spec }, seeded(seed)), { spacingMs: 250, ...options });
}

const verdicts = (result: OursResult): string[] => result.changes.map((change) => change.verdict);
const times = (result: OursResult, verdict: string): number[] =>
	result.changes.filter((change) => change.verdict === verdict).map((change) => change.atMs);

test("a healthy link is up after two replies and stays so, without a burst", () => {
	const result = simulate({}, { untilMs: 600_000 });
	assert.deepEqual(verdicts(result), ["unknown", "up"]);
	assert.equal(result.probes.bursts, 1, "the start asks for one burst");
	assert.equal(result.probes.lost, 0);
});

test("a blackhole is dead at every phase of the schedule, and no sooner than its own evidence allows", () => {
	for (let phase = 0; phase < 750; phase += 10) {
		const from = 60_000 + phase;
		const [at, ...more] = times(simulate({ dark: [[from, 1e9]] }, { untilMs: from + 5000 }), "dead");
		assert.ok(at !== undefined && at > from, `phase ${phase}: a verdict`);
		assert.ok(at - from < 600, `phase ${phase}: ${at - from} ms`);
		assert.deepEqual(more, []);
	}
});

test("random loss is never called dead: 0 to 30 %, an hour each, on a steady and a wandering link", () => {
	for (const lossPct of [0, 1, 5, 15, 30]) {
		for (const jitterMs of [3, 40]) {
			const result = simulate({ lossPct, jitterMs }, { untilMs: 3_600_000 }, 10 + lossPct);
			assert.deepEqual(times(result, "dead"), [], `${lossPct} % loss, jitter ${jitterMs}`);
			const estimate = result.detector.lossPct();
			assert.ok(Math.abs(estimate - lossPct) < 20, `loss ${lossPct} % was estimated as ${estimate} %`);
		}
	}
});

test("30 % loss shows within two seconds: more probes, and losses told", () => {
	const early = { sent: 0, lost: 0 };
	const lossy = createLink({ ...LINE, lossPct: 30 }, seeded(5));
	const clean = createLink(LINE, seeded(5));
	const link = { answerAt: (target: string, atMs: number) => (atMs < 60_000 ? clean : lossy).answerAt(target, atMs) };
	runOurs(link, {
		spacingMs: 250,
		untilMs: 63_000,
		onEffect(effect) {
			if (effect.kind !== "probe" || effect.atMs < 60_000) return;
			early.sent++;
			if (effect.rttMs === null) early.lost++;
		},
	});
	assert.ok(early.sent >= 20, `${early.sent} probes told in 3 s`);
	assert.ok(early.lost >= 3, `${early.lost} losses told in 3 s`);
});

test("satellite and cellular: slow or wandering replies are no outage, a real one is found", () => {
	for (const spec of [
		{ rttMs: 620, jitterMs: 40 },
		{ rttMs: 60, jitterMs: 60 },
		{ rttMs: 45, jitterMs: 15, lossPct: 2 },
	]) {
		const calm = simulate(spec, { untilMs: 1_800_000 });
		assert.deepEqual(times(calm, "dead"), [], JSON.stringify(spec));
		const [at] = times(simulate({ ...spec, dark: [[100_000, 1e9]] }, { untilMs: 110_000 }), "dead");
		assert.ok(at !== undefined && at - 100_000 < 2500, `${JSON.stringify(spec)}: ${at}`);
	}
});

test("round trips that leap from 20 ms to 900 ms are late, not dead", () => {
	const slow = createLink({ ...LINE, rttMs: 900 }, seeded(3));
	const quick = createLink(LINE, seeded(3));
	const link = { answerAt: (target: string, atMs: number) => (atMs < 60_000 ? quick : slow).answerAt(target, atMs) };
	// The first late replies cannot be told from a blackhole of 0.9 s; what matters is that it comes back at once and stays.
	const result = runOurs(link, { spacingMs: 250, untilMs: 300_000 });
	assert.equal(result.detector.verdict(), "up");
	assert.ok(times(result, "dead").every((at) => at < 65_000));
	assert.ok(result.detector.rtoMs() > 900);
});

test("one target dead, then all but one: the targets are blamed, not the link", () => {
	const silent = (names: readonly string[]): Partial<LinkSpec> => ({
		silentTargets: new Map(names.map((name) => [name, 60_000])),
	});
	for (const names of [TARGETS.slice(0, 1), TARGETS.slice(0, 2)]) {
		const result = simulate(silent(names), { untilMs: 600_000 });
		assert.deepEqual(times(result, "dead"), []);
		const standings = new Map(result.detector.targets().map((one) => [one.target, one.standing]));
		for (const target of TARGETS)
			assert.equal(standings.get(target), names.includes(target) ? "silent" : "good", target);
		assert.ok(result.probes.excused > result.probes.lost * 0.9, "their losses are excused");
		assert.equal(result.detector.lossPct(), 0);
	}
});

test("a target that dies for the whole world costs no uplink a loss, at the pace of an active and of a standby one", () => {
	for (const spacingMs of [250, 2000]) {
		const clean = createLink(LINE, seeded(9));
		const link = {
			answerAt: (target: string, atMs: number) =>
				target === TARGETS[1] && atMs > 120_000 ? null : clean.answerAt(target, atMs),
		};
		const lost: boolean[] = [];
		runOurs(link, {
			spacingMs,
			untilMs: 600_000,
			onEffect(effect) {
				if (effect.kind === "probe" && effect.rttMs === null) lost.push(effect.excused);
			},
		});
		assert.ok(lost.length > 50, `${lost.length} losses told`);
		assert.deepEqual(
			lost.filter((excused) => !excused),
			[],
			`${spacingMs} ms`,
		);
	}
});

test("the link dies while one target is already silent", () => {
	const spec = { silentTargets: new Map([["1.1.1.1", 10_000]]), dark: [[60_000, 1e9]] } as const;
	const [at] = times(simulate(spec, { untilMs: 70_000 }), "dead");
	assert.ok(at !== undefined && at - 60_000 < 900, String(at));
});

test("comes back after an outage with three replies, at once", () => {
	const result = simulate({ dark: [[60_000, 90_000]] }, { untilMs: 120_000 });
	assert.deepEqual(verdicts(result).slice(-3), ["suspect", "dead", "up"]);
	const [back] = times(result, "up").slice(-1);
	assert.ok(back !== undefined && back >= 90_000 && back - 90_000 < 700, String(back));
});

test("a dead link with a lucky packet now and then stays dead", () => {
	const lucky = createLink({ ...LINE, lossPct: 92 }, seeded(4));
	const clean = createLink(LINE, seeded(4));
	const dark = createLink({ ...LINE, lossPct: 100 }, seeded(4));
	const link = {
		answerAt: (target: string, atMs: number) =>
			(atMs < 30_000 ? clean : atMs < 40_000 ? dark : lucky).answerAt(target, atMs),
	};
	const result = runOurs(link, { spacingMs: 250, untilMs: 600_000 });
	assert.deepEqual(
		times(result, "up").filter((at) => at > 40_000),
		[],
	);
});

test("blips teach patience: after four of them a silence of 0.6 s is sat out", () => {
	const dark = [60_000, 120_000, 180_000, 240_000, 300_000].map((at) => [at, at + 620] as const);
	const result = simulate({ dark }, { untilMs: 360_000 });
	const dead = times(result, "dead");
	assert.ok(dead.length >= 1, "the first is an outage like any other");
	assert.ok(
		dead.every((at) => at < 300_000),
		dead.join(" "),
	);
	const [at] = times(simulate({ dark: [...dark, [400_000, 1e9]] }, { untilMs: 410_000 }), "dead").slice(-1);
	assert.ok(at !== undefined && at > 400_000 && at < 402_000, `a real outage is still found: ${at}`);
});

test("a link known for it may be silent for 0.45 s at any phase from the start, and its blackholes are found within 1.1 s", () => {
	const inputs: DetectorInput[] = [{ kind: "patience", ms: 400, atMs: 0 }];
	for (let phase = 0; phase < 750; phase += 10) {
		const from = 60_000 + phase;
		const dark = [[from, from + 450]] as const;
		assert.deepEqual(times(simulate({ dark }, { untilMs: from + 5000, inputs }), "dead"), [], `phase ${phase}`);
		const [at] = times(simulate({ dark: [[from, 1e9]] }, { untilMs: from + 5000, inputs }), "dead");
		assert.ok(at !== undefined && at - from < 1100, `phase ${phase}: ${at === undefined ? "never" : at - from} ms`);
	}
	const impatient = simulate({ dark: [[60_000, 60_450]] }, { untilMs: 65_000 });
	assert.notDeepEqual(times(impatient, "dead"), [], "any other link is dead by then");
});

test("a daemon stopped for ten seconds gives no verdict, a dead link after it does", () => {
	const asleep = [[60_100, 70_100]] as const;
	const fine = simulate({}, { untilMs: 120_000, stopped: asleep });
	assert.deepEqual(times(fine, "dead"), []);
	assert.deepEqual(
		times(fine, "suspect").filter((at) => at > 71_000),
		[],
	);
	const gone = simulate({ dark: [[65_000, 1e9]] }, { untilMs: 120_000, stopped: asleep });
	const [at] = times(gone, "dead");
	assert.ok(at !== undefined && at > 70_100 && at < 72_500, String(at));
});

test("two silent bursts at the start: dead; carrier events act at once", () => {
	const [at] = times(simulate({ dark: [[0, 1e9]] }, { untilMs: 10_000 }), "dead");
	assert.ok(at !== undefined && at < 3500, String(at));
	const inputs: DetectorInput[] = [
		{ kind: "link", atMs: 60_000, up: false, text: "carrier lost" },
		{ kind: "link", atMs: 90_000, up: true, text: "carrier is back" },
	];
	const result = simulate({ dark: [[60_000, 90_000]] }, { untilMs: 100_000, inputs });
	assert.deepEqual(times(result, "dead"), [60_000]);
	assert.equal(result.changes.find((change) => change.verdict === "dead")?.text, "carrier lost");
});

test("bytes that leave while none arrive shorten the wait on a slowly probed link", () => {
	const from = 60_050;
	const inputs: DetectorInput[] = [{ kind: "traffic", atMs: from + 300, state: "one_way", hint: true }];
	const [hinted] = times(
		simulate({ dark: [[from, 1e9]] }, { spacingMs: 5000, untilMs: from + 20_000, inputs }),
		"dead",
	);
	const [alone] = times(simulate({ dark: [[from, 1e9]] }, { spacingMs: 5000, untilMs: from + 20_000 }), "dead");
	assert.ok(hinted !== undefined && hinted - from < 700, String(hinted));
	assert.ok(alone !== undefined && alone > hinted);
	const calm = simulate({}, { spacingMs: 5000, untilMs: 90_000, inputs });
	assert.deepEqual(verdicts(calm), ["unknown", "up", "suspect", "up"]);
});

/** A detector driven by hand, up since 0, without a plan. */
function started(): { detector: Detector; step(input: DetectorInput): DetectorEffect[] } {
	const detector = createDetector({ targets: TARGETS, method: "icmp", nowMs: 0 });
	const step = (input: DetectorInput): DetectorEffect[] => detector.step(input);
	step({ kind: "plan", atMs: 0, slots: [] });
	for (const target of TARGETS) step({ kind: "sent", atMs: 0, series: "burst", target, seq: 0, sentAtMs: 0 });
	for (const target of TARGETS) step({ kind: "reply", atMs: 5, series: "burst", target, seq: 0, rttMs: 5 });
	assert.equal(detector.verdict(), "up");
	return { detector, step };
}

test("replies that were read late, one behind the other, are no losses and no outage, whoever of them is read first", () => {
	const { detector, step } = started();
	const sent = (seq: number, atMs: number): DetectorEffect[] =>
		TARGETS.flatMap((target) => step({ kind: "sent", atMs, series: "burst", target, seq, sentAtMs: atMs }));
	sent(1, 1000);
	// All of them were there after 5 ms, but the daemon stood still for two seconds.
	step({ kind: "doubt", atMs: 1010 });
	const told = [
		...step({ kind: "gateway", atMs: 3000, answers: true }),
		...TARGETS.flatMap((target) => step({ kind: "reply", atMs: 3000, series: "burst", target, seq: 1, rttMs: 5 })),
		...step({ kind: "tick", atMs: 3001 }),
	];
	assert.deepEqual(
		told.filter((effect) => effect.kind === "probe" && effect.rttMs === null),
		[],
	);
	assert.ok(!told.some((effect) => effect.kind === "reach" && effect.verdict === "dead"));
	assert.equal(detector.verdict(), "up");
});

test("the gateway answering is written down and is no life; an unanswered recheck leads to dead", () => {
	const { detector, step } = started();
	const reaches: DetectorEffect[] = [];
	assert.deepEqual(step({ kind: "recheck", atMs: 1000 }).filter((effect) => effect.kind === "burst").length, 1);
	assert.equal(detector.verdict(), "up", "asking is no accusation");
	let seq = 100;
	for (
		let at = 1000;
		detector.verdict() !== "dead" && at < 5000;
		at = Math.max(at + 1, detector.deadlineMs() ?? 5000)
	) {
		for (const effect of step({ kind: "tick", atMs: at })) {
			if (effect.kind === "reach") reaches.push(effect);
		}
		step({ kind: "gateway", atMs: at, answers: true });
		for (const target of TARGETS) {
			for (let round = 0; round < 3; round++) {
				step({ kind: "sent", atMs: at, series: "burst", target, seq: seq++, sentAtMs: at });
			}
		}
	}
	const dead = reaches.find((effect) => effect.kind === "reach" && effect.verdict === "dead");
	assert.ok(dead?.kind === "reach");
	assert.equal(dead.evidence.gateway, "answers");
	assert.match(dead.evidence.text, /^\d+ probes to 3 targets unanswered, the gateway answers$/);
});

test("while programs start that ask otherwise, it wakes up for what becomes overdue and no oftener", () => {
	const { detector, step } = started();
	const slots = TARGETS.map((target, index) => ({ target, firstSentMs: 1000 + index * 250, periodMs: 750 }));
	step({ kind: "plan", atMs: 990, slots });
	for (const { target, firstSentMs } of slots) {
		step({ kind: "reply", atMs: firstSentMs + 5, series: "steady", target, seq: 0, rttMs: 5 });
	}
	let wakes = 0;
	let asked = false;
	for (let at = 1600; at < 4000; at = Math.max(at + 1, detector.deadlineMs() ?? 4000)) {
		wakes++;
		for (const effect of step({ kind: "tick", atMs: at })) {
			if (effect.kind !== "burst") continue;
			for (const target of TARGETS) {
				for (let seq = 0; seq < 3; seq++) step({ kind: "sent", atMs: at, series: "burst", target, seq, sentAtMs: at });
			}
		}
		if (!asked && detector.verdict() === "suspect") step({ kind: "asking", atMs: at, on: true });
		asked = detector.verdict() === "suspect";
	}
	assert.equal(detector.verdict(), "suspect", "no verdict before they have asked");
	assert.ok(wakes < 60, `${wakes} in two seconds`);
	step({ kind: "asking", atMs: 4000, on: false });
	assert.equal(detector.verdict(), "dead");
});

test("when bursts cannot be sent the steady probes' silence must do", () => {
	const { detector, step } = started();
	const slots = TARGETS.map((target, index) => ({ target, firstSentMs: 1000 + index * 250, periodMs: 750 }));
	step({ kind: "plan", atMs: 990, slots });
	for (
		let at = 1000;
		at < 20_000 && detector.verdict() !== "dead";
		at = Math.max(at + 1, detector.deadlineMs() ?? at + 100)
	) {
		for (const effect of step({ kind: "tick", atMs: at })) {
			if (effect.kind === "burst") step({ kind: "burst_failed", atMs: at });
		}
	}
	assert.equal(detector.verdict(), "dead");
});

/** Targets from that moment on silent by themselves, whatever the link does. */
function withSilent(silent: readonly string[], spec: Partial<LinkSpec>, seed = 1) {
	const link = createLink({ ...LINE, ...spec }, seeded(seed));
	const isSilent = (target: string, atMs: number): boolean => silent.includes(target) && atMs > 60_000;
	return {
		answerAt: (target: string, atMs: number) => (isSilent(target, atMs) ? null : link.answerAt(target, atMs)),
	};
}

test("a link comes back though most of its targets stay silent: theirs is no missing answer", () => {
	for (const silent of [TARGETS.slice(0, 1), TARGETS.slice(0, 2)]) {
		const link = withSilent(silent, { dark: [[120_000, 180_000]] });
		const result = runOurs(link, { spacingMs: 250, untilMs: 300_000 });
		const [dead] = times(result, "dead");
		assert.ok(dead !== undefined && dead < 122_000);
		const back = times(result, "up").find((at) => at > 180_000);
		assert.ok(back !== undefined && back < 185_000, `${silent.length} silent: up at ${back}`);
	}
	// The other half: it dies during the outage.
	const link = createLink({ ...LINE, dark: [[120_000, 180_000]] }, seeded(1));
	const [one = "", other = ""] = TARGETS;
	const answerAt = (target: string, atMs: number) =>
		target === other && atMs > 150_000 ? null : link.answerAt(target, atMs);
	const result = runOurs({ answerAt }, { spacingMs: 250, untilMs: 300_000, targets: [one, other] });
	const back = times(result, "up").find((at) => at > 180_000);
	assert.ok(back !== undefined && back < 190_000, `up at ${back}`);
});

test("a lossy link that goes silent is found dead, whatever is told between two of its probes", () => {
	const from = 1_200_000;
	const inputs: DetectorInput[] = [];
	for (let atMs = from - 10_000; atMs < from + 60_000; atMs += 500) {
		inputs.push({ kind: "traffic", atMs, state: atMs % 1000 === 0 ? "idle" : "arriving", hint: false });
	}
	for (const [spacingMs, lossPct, silent] of [
		[2000, 12, 0],
		[500, 25, 0],
		[250, 25, 1],
		[250, 12, 2],
	] as const) {
		for (let seed = 1; seed <= 5; seed++) {
			const link = withSilent(TARGETS.slice(0, silent), { lossPct, dark: [[from, 1e9]] }, seed);
			const result = runOurs(link, { spacingMs, untilMs: from + 60_000, inputs });
			const [at] = times(result, "dead").filter((one) => one > from);
			const setting = `${spacingMs} ms, ${lossPct} % loss, ${silent} silent`;
			assert.ok(at !== undefined && at - from < 6 * spacingMs + 5000, `${setting}: dead at ${at}`);
		}
	}
});

test("a recheck finds no loss of the link in what a silent target does not answer", () => {
	const inputs: DetectorInput[] = [];
	for (let atMs = 120_000; atMs < 600_000; atMs += 30_000) inputs.push({ kind: "recheck", atMs });
	const lost: string[] = [];
	const result = runOurs(withSilent(TARGETS.slice(1), {}), {
		spacingMs: 2000,
		untilMs: 610_000,
		inputs,
		onEffect(effect) {
			const isLoss = effect.kind === "probe" && effect.rttMs === null && !effect.excused;
			if (isLoss && effect.atMs > 120_000) lost.push(effect.target);
		},
	});
	assert.ok(result.probes.bursts >= 10);
	assert.deepEqual(lost, []);
	assert.ok(result.detector.lossPct() < 5, `${result.detector.lossPct()} %`);
});

test("the same verdict is repeated every five seconds, no oftener", () => {
	const at: number[] = [];
	simulate({}, { untilMs: 60_000, onEffect: (effect) => effect.kind === "reach" && at.push(effect.atMs) });
	const gaps = at.slice(2).map((one, index) => one - (at[index + 1] ?? 0));
	assert.ok(gaps.length >= 10 && gaps.every((gap) => gap >= 5000 && gap < 5600), gaps.join(" "));
});

test("property: never dead while any target answered within the last RTO, and never stuck", () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 1, max: 1e9 }),
			fc.integer({ min: 5, max: 700 }),
			fc.integer({ min: 0, max: 80 }),
			fc.integer({ min: 0, max: 60 }),
			fc.array(fc.tuple(fc.integer({ min: 5000, max: 60_000 }), fc.integer({ min: 50, max: 9000 })), { maxLength: 6 }),
			(seed, rttMs, jitterMs, lossPct, outages) => {
				const dark = outages.map(([from, long]) => [from, from + long] as const);
				let lastReplyMs = Number.NEGATIVE_INFINITY;
				let steps = 0;
				let before = "unknown";
				runOurs(createLink({ rttMs, jitterMs, lossPct, dark }, seeded(seed)), {
					spacingMs: 250,
					untilMs: 70_000,
					onEffect(effect, detector) {
						steps++;
						if (effect.kind === "probe" && effect.rttMs !== null) lastReplyMs = effect.atMs;
						if (effect.kind !== "reach") return;
						const isNew = effect.verdict !== before;
						before = effect.verdict;
						if (!isNew || effect.verdict !== "dead") return;
						const silent = effect.atMs - lastReplyMs;
						assert.ok(silent >= Math.min(150, detector.rtoMs()), `dead ${silent} ms after a reply`);
					},
				});
				assert.ok(steps < 20_000, "bounded work");
			},
		),
		{ numRuns: 60, seed: 20_261_121 },
	);
});

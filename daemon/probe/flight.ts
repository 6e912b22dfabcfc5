/**
 * Probes in flight over one family of one uplink: what left, what is due when, what is lost, and whose fault that is.
 * Keeps the round trip history per target, the target book and the link's own loss rate. Pure bookkeeping: the verdict
 * is made in detector.ts.
 *
 * A probe is overdue after its target's own RTO, and lost (reported) after three of them, 0.8 to 3 s. A reply after that
 * still proves life, but is not reported twice. Losses in a silence of all are held back: they count for the loss rate
 * when the link turns out to be alive, and for nothing when it was an outage. Losses of one single target that has not
 * answered since are held back too, until it answers (they were the link's), another target loses as well (the same), or
 * the target is found silent (they were its own): a resolver that dies somewhere is no loss of this link. And losses in a
 * silence that only bursts broke are held back until a steady probe is answered; when the schedule is set anew before
 * that, it was the program that was silent.
 */
import type { ProbeEffect, Series } from "./detector-types.ts";
import { createPlan, type PlanSlot } from "./plan.ts";
import { createRttEstimator, INITIAL_RTO_MS } from "./rtt.ts";
import { createTargetBook, type TargetReport } from "./targets.ts";

/** A burst is waited for at least this long, whatever the history says. */
export const MIN_BURST_WAIT_MS = 150;
/** A slot without a reply yet: the process may still be starting. */
const START_GRACE_MS = 500;
const LOSS_MIN_MS = 800;
const LOSS_MAX_MS = 3000;
const LOSS_GAIN = 1 / 32;
const MAX_HELD = 24;
const MAX_OPEN = 256;
/** Enough for two seconds of the usual pace, from one tick to the one after the next, and what is between a probe and its reply. */
const CALM_DUES = 10;
/** A target in doubt for so long is not waited for any more. */
const MAX_DOUBTFUL = 8;

interface Probe {
	readonly series: Series;
	readonly target: string;
	readonly seq: number;
	readonly sentAtMs: number;
	readonly graceMs: number;
	refused: boolean;
}

export interface Flight {
	/** What the new schedule would have sent before now is nobody's loss. */
	setPlan(slots: readonly PlanSlot[], nowMs: number): void;
	/** Books the probes that left by plan up to now; returns them. */
	advance(nowMs: number): readonly { readonly target: string }[];
	send(series: Series, target: string, seq: number, sentAtMs: number): void;
	/** Returns the effect to report (null when it was reported lost before). */
	reply(series: Series, target: string, seq: number, rttMs: number, nowMs: number): ProbeEffect | null;
	refuse(target: string): void;
	/** The probes of a burst never left; returns how many. */
	unsendBursts(): number;
	/** Gives up what is lost by now (`all`: everything open), and reports the losses that are judged. */
	expire(nowMs: number, all?: boolean): readonly ProbeEffect[];
	/** Losses that were held back and are judged now; expire() reports them, too. */
	judged(): readonly ProbeEffect[];
	/** Forgets what is open without a judgement; the schedule must prove itself again. */
	forget(nowMs: number): void;
	/** Held losses: true = they were the link's random loss, false = an outage. */
	settle(wereRandom: boolean): void;
	/** A missing reply of this target means something. */
	counts(target: string): boolean;

	/** Overdue or lost steady probes sent after `sinceMs` and after the last answered one, of targets that count. */
	late(nowMs: number, sinceMs: number): readonly string[];
	/** When `need` of those will be overdue. */
	lateAtMs(need: number, sinceMs: number): number;
	/** When the next steady probe will be overdue, of targets that count. */
	nextLateMs(nowMs: number): number;
	/** Probes of any kind sent after the last answered one: overdue now, and not yet. */
	silent(nowMs: number): { overdue: number; open: number };
	/** When the last probe of the burst is overdue; null when none is in flight. */
	burstDueMs(): number | null;
	nextLossMs(): number;
	/** lateAtMs or nextLossMs, whatever comes first, if 0, 1, 2 ... more are answered; null while a target does not count, or one is lost. */
	calmDues(need: number, sinceMs: number): readonly number[] | null;

	rtoMs(): number;
	srttMs(): number | null;
	/** 0-1. */
	lossRate(): number;
	report(): TargetReport[];
}

const NO_EFFECTS: readonly ProbeEffect[] = [];
const NO_TARGETS: readonly string[] = [];

const rising = (a: number, b: number): number => a - b;

function lossOfTarget(target: string, atMs: number, excused: boolean): ProbeEffect {
	return { kind: "probe", atMs, target, rttMs: null, excused };
}

export function createFlight(targets: readonly string[]): Flight {
	const rtts = new Map(targets.map((target) => [target, createRttEstimator()]));
	const book = createTargetBook(targets);
	let plan = createPlan([]);
	let open: Probe[] = [];
	let answeredSentMs = Number.NEGATIVE_INFINITY;
	let loss = 0;
	let held = 0;
	/** Losses of one target that may be its own. */
	let doubtful: string[] = [];
	/** Steady losses since the last steady reply, though bursts were answered. */
	let mute: Probe[] = [];
	let steadySentMs = Number.NEGATIVE_INFINITY;
	/** Steady probes given up in a silence of all, of targets that count: still without an answer, though no longer open. */
	let gone: Probe[] = [];
	/** Judged since the last report. */
	let judged: ProbeEffect[] = [];
	const answeredOf = new Map<string, number>();

	const rtoOf = (target: string): number => rtts.get(target)?.rtoMs() ?? INITIAL_RTO_MS;
	const dueOf = (one: Probe): number => {
		if (one.refused) return one.sentAtMs;
		const rto = rtoOf(one.target);
		return one.sentAtMs + one.graceMs + (one.series === "burst" ? Math.max(MIN_BURST_WAIT_MS, rto) : rto);
	};
	const lossOf = (one: Probe): number =>
		one.sentAtMs + one.graceMs + Math.min(LOSS_MAX_MS, Math.max(LOSS_MIN_MS, 3 * rtoOf(one.target)));
	const graceOf = ({ synced }: { readonly synced: boolean }): number => (synced ? 0 : START_GRACE_MS);
	/** When no target has a good name the link itself must answer for it. */
	const counts = (target: string): boolean => book.counts(target) || !targets.some((one) => book.counts(one));
	const noteLoss = (lost: boolean): void => {
		loss += ((lost ? 1 : 0) - loss) * LOSS_GAIN;
	};

	function add(series: Series, target: string, seq: number, sentAtMs: number, graceMs: number): void {
		if (open.length >= MAX_OPEN) open.shift();
		open.push({ series, target, seq, sentAtMs, graceMs, refused: false });
	}

	function lose(probe: Probe, nowMs: number): void {
		const { series, target, sentAtMs } = probe;
		if (answeredSentMs <= sentAtMs) {
			book.lostWithAll(target);
			// One that answers nothing, or loses by itself, is not to be believed now either.
			const isOwn = !counts(target);
			if (!isOwn) held = Math.min(held + 1, MAX_HELD);
			if (!isOwn && series === "steady") gone = [...gone, probe].slice(-MAX_HELD);
			judged.push(lossOfTarget(target, nowMs, isOwn));
		} else if (series === "steady" && steadySentMs <= sentAtMs && mute.length < MAX_HELD) mute.push(probe);
		else loseAlone(probe, nowMs);
	}

	/** Others were answered since. */
	function loseAlone({ target, sentAtMs }: Probe, nowMs: number): void {
		if (book.lostAlone(target, loss)) {
			for (const one of [...doubtful, target]) judged.push(lossOfTarget(one, nowMs, true));
			doubtful = [];
			return;
		}
		doubtful.push(target);
		const answeredSince = (answeredOf.get(target) ?? Number.NEGATIVE_INFINITY) > sentAtMs;
		const others = doubtful.some((one) => one !== target);
		if (answeredSince || others || doubtful.length > MAX_DOUBTFUL) blameLink(nowMs);
	}

	/** The program is not mute after all. */
	function unmute(nowMs: number): void {
		const lost = mute;
		mute = [];
		for (const probe of lost) loseAlone(probe, nowMs);
	}

	/** The losses in doubt were the link's. */
	function blameLink(nowMs: number): void {
		for (const target of doubtful) {
			noteLoss(true);
			judged.push(lossOfTarget(target, nowMs, false));
		}
		doubtful = [];
	}

	/** When the next `count` probes of each slot are overdue, of targets that count. */
	function addUpcoming(dues: number[], count: number): void {
		for (const slot of plan.slots()) {
			if (!counts(slot.target)) continue;
			const withinMs = rtoOf(slot.target) + graceOf(slot);
			for (let i = 0; i < count; i++) dues.push(slot.nextSentMs + i * slot.periodMs + withinMs);
		}
	}

	function takeJudged(): readonly ProbeEffect[] {
		if (judged.length === 0) return NO_EFFECTS;
		const report = judged;
		judged = [];
		return report;
	}

	function nextLossMs(): number {
		let next = Number.POSITIVE_INFINITY;
		for (const one of open) next = Math.min(next, lossOf(one));
		return next;
	}

	function advance(nowMs: number): readonly { readonly target: string }[] {
		const due = plan.take(nowMs);
		for (const one of due) add("steady", one.target, one.seq, one.sentAtMs, graceOf(one));
		return due;
	}

	return {
		setPlan(slots, nowMs) {
			open = open.filter((one) => one.series === "burst");
			mute = [];
			gone = [];
			plan = createPlan(slots.filter((slot) => rtts.has(slot.target)));
			plan.take(nowMs);
		},
		advance,
		send(series, target, seq, sentAtMs) {
			if (rtts.has(target)) add(series, target, seq, sentAtMs, 0);
		},
		reply(series, target, seq, rttMs, nowMs) {
			const estimator = rtts.get(target);
			if (!estimator) return null;
			const sentAtMs = nowMs - rttMs;
			const ahead = series === "steady" && plan.sync(target, seq, sentAtMs);
			const index = open.findIndex((one) => one.seq === seq && one.series === series && one.target === target);
			if (index >= 0) open.splice(index, 1);
			estimator.add(rttMs);
			book.answered(target);
			answeredSentMs = Math.max(answeredSentMs, sentAtMs);
			if (gone.length > 0) gone = gone.filter((one) => one.sentAtMs > answeredSentMs);
			if (series === "steady") {
				steadySentMs = Math.max(steadySentMs, sentAtMs);
				unmute(nowMs);
			}
			answeredOf.set(target, Math.max(answeredOf.get(target) ?? sentAtMs, sentAtMs));
			if (doubtful.includes(target)) blameLink(nowMs);
			if (index < 0 && !ahead) return null;
			noteLoss(false);
			return { kind: "probe", atMs: nowMs, target, rttMs, excused: false };
		},
		refuse(target) {
			const one = open.find((probe) => probe.target === target && !probe.refused);
			if (one) one.refused = true;
		},
		unsendBursts() {
			const before = open.length;
			open = open.filter((one) => one.series !== "burst");
			return before - open.length;
		},
		expire(nowMs, all = false) {
			if (all || nextLossMs() <= nowMs) {
				const lost = open.filter((one) => all || lossOf(one) <= nowMs);
				open = open.filter((one) => !lost.includes(one));
				for (const probe of lost) lose(probe, nowMs);
			}
			if (all) blameLink(nowMs);
			return takeJudged();
		},
		judged: takeJudged,
		forget(nowMs) {
			plan.take(nowMs);
			plan.unsync();
			open = [];
			gone = [];
		},
		settle(wereRandom) {
			if (wereRandom) for (let i = 0; i < held; i++) noteLoss(true);
			held = 0;
		},
		counts,

		late(nowMs, sinceMs) {
			let targets: string[] | null = null;
			for (const one of gone) {
				if (one.sentAtMs <= sinceMs) continue;
				targets ??= [];
				targets.push(one.target);
			}
			for (const one of open) {
				if (one.series !== "steady" || one.sentAtMs <= Math.max(answeredSentMs, sinceMs)) continue;
				if (!counts(one.target) || dueOf(one) > nowMs) continue;
				targets ??= [];
				targets.push(one.target);
			}
			return targets ?? NO_TARGETS;
		},
		lateAtMs(need, sinceMs) {
			const dues: number[] = [];
			for (const one of gone) if (one.sentAtMs > sinceMs) dues.push(dueOf(one));
			for (const one of open) {
				if (one.series !== "steady" || one.sentAtMs <= Math.max(answeredSentMs, sinceMs)) continue;
				if (counts(one.target)) dues.push(dueOf(one));
			}
			addUpcoming(dues, need);
			return dues.sort(rising)[need - 1] ?? Number.POSITIVE_INFINITY;
		},
		nextLateMs(nowMs) {
			const dues = open.filter((one) => one.series === "steady" && counts(one.target)).map(dueOf);
			addUpcoming(dues, 1);
			return dues.reduce((next, due) => (due > nowMs ? Math.min(next, due) : next), Number.POSITIVE_INFINITY);
		},
		silent(nowMs) {
			let overdue = 0;
			let waiting = 0;
			for (const one of open) {
				if (one.sentAtMs <= answeredSentMs) continue;
				if (dueOf(one) <= nowMs) overdue++;
				else waiting++;
			}
			return { overdue, open: waiting };
		},
		burstDueMs() {
			let last: number | null = null;
			for (const one of open) if (one.series === "burst") last = Math.max(last ?? 0, dueOf(one));
			return last;
		},
		nextLossMs,
		calmDues(need, sinceMs) {
			const slots = plan.slots().length;
			if (slots === 0 || gone.length > 0 || !targets.every(book.counts)) return null;
			const fromMs = Math.max(answeredSentMs, sinceMs);
			const late: number[] = [];
			for (const one of open) if (one.series === "steady" && one.sentAtMs > fromMs) late.push(dueOf(one));
			addUpcoming(late, Math.ceil(CALM_DUES / slots) + 1);
			late.sort(rising);
			const dues = late.slice(need - 1, need - 1 + CALM_DUES);
			if (open.length === 0) return dues;
			const lost = open.map(lossOf).sort(rising);
			return dues.map((due, answered) => Math.min(due, lost[answered] ?? Number.POSITIVE_INFINITY));
		},

		rtoMs() {
			const known = targets.filter((target) => counts(target) && rtts.get(target)?.srttMs() !== null);
			return known.length === 0 ? INITIAL_RTO_MS : Math.max(...known.map(rtoOf));
		},
		srttMs() {
			const known = [...rtts.values()].map((one) => one.srttMs()).filter((srtt) => srtt !== null);
			return known.length === 0 ? null : Math.min(...known);
		},
		lossRate: () => loss,
		report: () => book.report(),
	};
}

/**
 * When the steady probes leave. The ping program keeps the schedule, and prints replies only; so the detector has to
 * know by itself when a probe went out. Each target has a slot: one probe every periodMs, numbered from 0, the slots
 * staggered so that replies come evenly. Every reply tells the true moment (arrival - rtt) and the slot is put right by
 * it. A slot that has had no reply yet is not `synced`: the start of a process takes an unknown time. Pure.
 */
export interface PlanSlot {
	readonly target: string;
	readonly firstSentMs: number;
	readonly periodMs: number;
}

export interface DuePlan {
	readonly target: string;
	readonly seq: number;
	readonly sentAtMs: number;
	readonly synced: boolean;
}

export interface NextProbe {
	readonly target: string;
	readonly periodMs: number;
	readonly nextSentMs: number;
	readonly synced: boolean;
}

interface Slot extends NextProbe {
	nextSeq: number;
	nextSentMs: number;
	synced: boolean;
}

export interface Plan {
	/** All probes that left up to now and were not yet told, oldest first. After a long gap only the latest few. */
	take(nowMs: number): readonly DuePlan[];
	/** What each slot sends next. */
	slots(): readonly NextProbe[];
	/** A reply tells when its probe left. False when the target is in no slot. */
	sync(target: string, seq: number, sentAtMs: number): boolean;
	/** The schedule may have slipped (suspend, process stopped). */
	unsync(): void;
}

const MAX_CATCH_UP = 4;
const NONE: readonly DuePlan[] = [];

export function createPlan(slots: readonly PlanSlot[]): Plan {
	const state: Slot[] = slots.map((slot) => ({
		target: slot.target,
		periodMs: slot.periodMs,
		nextSeq: 0,
		nextSentMs: slot.firstSentMs,
		synced: false,
	}));
	/** Nothing leaves before. */
	let nextMs = Number.NEGATIVE_INFINITY;
	return {
		take(nowMs) {
			if (nextMs > nowMs) return NONE;
			nextMs = Number.POSITIVE_INFINITY;
			const due: DuePlan[] = [];
			for (const slot of state) {
				const behind = Math.floor((nowMs - slot.nextSentMs) / slot.periodMs) + 1;
				if (behind > MAX_CATCH_UP) {
					slot.nextSeq += behind - MAX_CATCH_UP;
					slot.nextSentMs += (behind - MAX_CATCH_UP) * slot.periodMs;
				}
				while (slot.nextSentMs <= nowMs) {
					due.push({ target: slot.target, seq: slot.nextSeq, sentAtMs: slot.nextSentMs, synced: slot.synced });
					slot.nextSeq++;
					slot.nextSentMs += slot.periodMs;
				}
				nextMs = Math.min(nextMs, slot.nextSentMs);
			}
			return due.length > 1 ? due.sort((a, b) => a.sentAtMs - b.sentAtMs) : due;
		},
		slots: () => state,
		sync(target, seq, sentAtMs) {
			const slot = state.find((one) => one.target === target);
			if (!slot) return false;
			if (seq >= slot.nextSeq) slot.nextSeq = seq + 1;
			slot.nextSentMs = sentAtMs + (slot.nextSeq - seq) * slot.periodMs;
			nextMs = Math.min(nextMs, slot.nextSentMs);
			slot.synced = true;
			return true;
		},
		unsync() {
			for (const slot of state) slot.synced = false;
		},
	};
}

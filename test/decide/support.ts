/** A router in virtual time for the engine's tests: uplinks with a true condition, a prober that sees it, steer that obeys. */
import assert from "node:assert/strict";
import { describe, describeInUse } from "../../daemon/decide/describe.ts";
import { step } from "../../daemon/decide/engine.ts";
import type { Settings } from "../../daemon/decide/settings.ts";
import type { EngineState } from "../../daemon/decide/state.ts";
import { initialState } from "../../daemon/decide/state.ts";
import type { Action, CommandName, Decision, EngineEvent, Input, UplinkFacts } from "../../daemon/decide/types.ts";
import type { Family, ReachEvidence, ReachObservation, ReachVerdict } from "../../daemon/health/types.ts";

export const SETTINGS: Settings = {
	observe: false,
	predictive: true,
	switchMargin: 10,
	minUptimeMs: 20_000,
	cooldownMs: 20_000,
	historyWindowMs: 600_000,
	failover: { lossPct: 5, latencyMs: 1200, minDurationMs: 10_000 },
	restore: { lossPct: 1, latencyMs: 800, minDurationMs: 30_000 },
	severeLossPct: 20,
	severeDurationMs: 3_000,
	holdDownMs: 30_000,
	holdDownMaxMs: 600_000,
	drainMs: 60_000,
	pinMs: 3_600_000,
};

export function facts(id: string, order: number, more: Partial<UplinkFacts> = {}): UplinkFacts {
	return {
		id,
		class: "other",
		present: true,
		up: true,
		carrier: true,
		families: ["ipv4"],
		metered: false,
		weight: 100,
		order,
		disabled: false,
		minUptimeMs: 20_000,
		cooldownMs: 20_000,
		preferRoaming: false,
		...more,
	};
}

export function evidence(more: Partial<ReachEvidence> = {}): ReachEvidence {
	return {
		silentMs: 412,
		expectedMs: 95,
		sent: 9,
		answered: 0,
		targets: 3,
		targetsAnswered: 0,
		gateway: "unknown",
		traffic: "unknown",
		method: "icmp",
		text: "no reply",
		...more,
	};
}

export function reach(uplink: string, atMs: number, verdict: ReachVerdict, family: Family = "ipv4"): ReachObservation {
	return { kind: "reach", uplink, atMs, family, verdict, evidence: evidence() };
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
	let a = seed >>> 0;
	return () => {
		a = (a + 0x6d2b79f5) >>> 0;
		let t = Math.imul(a ^ (a >>> 15), 1 | a);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

export interface Truth {
	lossPct: number;
	rttMs: number;
	/** Nothing comes back; the prober says so `deadAfterMs` later. */
	dead: boolean;
	/** Interface and carrier are up. */
	link: boolean;
	dnsDead: boolean;
	/** Time between probes. */
	everyMs: number;
}

interface Member {
	facts: UplinkFacts;
	readonly truth: Truth;
	nextProbeMs: number;
	nextDnsMs: number;
	told: Map<Family, ReachVerdict>;
	deadSinceMs: number | null;
}

export class World {
	state: EngineState;
	nowMs = 1_000;
	readonly inputs: Input[] = [];
	readonly decisions: Decision[] = [];
	readonly events: EngineEvent[] = [];
	readonly actions: Action[] = [];
	readonly members = new Map<string, Member>();
	/** What steer/ answers; null: nothing. */
	steerOk: ((action: Action) => boolean | null) | null = () => true;
	readonly random: () => number;
	private wakeAtMs: number | null = null;
	private commands = 0;
	readonly settings: Settings;

	constructor(list: readonly UplinkFacts[], more: Partial<Settings> = {}, seed = 1) {
		this.settings = { ...SETTINGS, ...more };
		this.state = initialState(this.settings);
		this.random = randomFrom(seed);
		for (const f of list) {
			const truth = { lossPct: 0, rttMs: 30, dead: false, link: f.up, dnsDead: false, everyMs: 200 };
			this.members.set(f.id, {
				facts: f,
				truth,
				nextProbeMs: 0,
				nextDnsMs: 0,
				told: new Map(),
				deadSinceMs: null,
			});
		}
		this.send({ kind: "uplinks", atMs: this.nowMs, uplinks: list });
	}

	send(input: Input): void {
		this.inputs.push(input);
		const result = step(this.state, input);
		this.state = result.state;
		this.decisions.push(...result.decisions);
		this.events.push(...result.events);
		this.wakeAtMs = result.wakeAtMs;
		for (const action of result.actions) {
			this.actions.push(action);
			if (action.kind !== "steer") continue;
			const ok = this.steerOk?.(action) ?? null;
			if (ok === null) continue;
			this.send({
				kind: "applied",
				atMs: this.nowMs,
				actionId: action.id,
				ok,
				method: "routes",
				durationMs: 12,
				text: ok ? "" : "refused by the kernel",
			});
		}
	}

	set(id: string, change: Partial<Truth>): void {
		const m = this.member(id);
		const { link } = m.truth;
		Object.assign(m.truth, change);
		if (m.truth.link === link) return;
		if (!m.truth.link) this.send({ kind: "link", atMs: this.nowMs, uplink: id, event: "carrier_lost" });
		m.facts = { ...m.facts, up: m.truth.link, carrier: m.truth.link };
		m.told.clear();
		m.deadSinceMs = null;
		this.discover();
	}

	facts(id: string, change: Partial<UplinkFacts>): void {
		const m = this.member(id);
		m.facts = { ...m.facts, ...change };
		this.discover();
	}

	discover(): void {
		const uplinks = [...this.members.values()].map((m) => m.facts);
		this.send({ kind: "uplinks", atMs: this.nowMs, uplinks });
	}

	command(name: CommandName, uplink: string | null = null, forMs: number | null = null): void {
		this.commands++;
		this.send({ kind: "command", atMs: this.nowMs, id: `c${this.commands}`, name, uplink, forMs, reason: "test" });
	}

	/** Lets time pass: probes, verdicts 400 ms after the truth, ticks when the engine asked for them. */
	run(ms: number): this {
		const endMs = this.nowMs + ms;
		while (this.nowMs < endMs) {
			let next = endMs;
			for (const m of this.members.values()) next = Math.min(next, Math.max(this.nowMs + 1, m.nextProbeMs));
			if (this.wakeAtMs !== null) next = Math.min(next, Math.max(this.nowMs + 1, Math.ceil(this.wakeAtMs)));
			this.nowMs = next;
			if (this.wakeAtMs !== null && this.nowMs >= this.wakeAtMs) this.send({ kind: "tick", atMs: this.nowMs });
			for (const m of this.members.values()) if (this.nowMs >= m.nextProbeMs) this.probe(m);
		}
		return this;
	}

	private probe(m: Member): void {
		const { truth } = m;
		const { id } = m.facts;
		m.nextProbeMs = this.nowMs + truth.everyMs * (0.8 + 0.4 * this.random());
		if (!truth.link || !m.facts.present) return;
		const lost = truth.dead || this.random() * 100 < truth.lossPct;
		const rttMs = lost ? null : truth.rttMs * (0.9 + 0.2 * this.random());
		for (const family of m.facts.families) {
			this.send({
				kind: "probe",
				uplink: id,
				atMs: this.nowMs,
				family,
				method: "icmp",
				target: "1.1.1.1",
				rttMs,
				excused: false,
			});
		}
		if (truth.dead) m.deadSinceMs ??= this.nowMs;
		else m.deadSinceMs = null;
		const dead = m.deadSinceMs !== null && this.nowMs - m.deadSinceMs >= 400;
		const verdict = dead ? "dead" : lost ? "suspect" : "up";
		for (const family of m.facts.families) {
			if (m.told.get(family) === verdict) continue;
			if (verdict === "suspect" && m.told.get(family) === "dead") continue;
			m.told.set(family, verdict);
			this.send(reach(id, this.nowMs, verdict, family));
		}
		if (this.nowMs < m.nextDnsMs) return;
		m.nextDnsMs = this.nowMs + 5_000;
		const dnsMs = lost || truth.dnsDead ? null : 20;
		this.send({ kind: "dns", uplink: id, atMs: this.nowMs, family: "ipv4", server: "9.9.9.9", rttMs: dnsMs });
	}

	member(id: string): Member {
		const m = this.members.get(id);
		if (m === undefined) throw new Error(`no member ${id}`);
		return m;
	}

	get primary(): string | null {
		return this.state.primary;
	}

	stateOf(id: string): string {
		const { started, primary, degraded, steerError, uplinks } = describe(this.state);
		const inUse = uplinks
			.filter((one) => one.primary)
			.map(({ id, state, reason, primary }) => ({ id, state, reason, primary }));
		assert.deepEqual(describeInUse(this.state), { started, primary, degraded, steerError, uplinks: inUse });
		return uplinks.find((u) => u.id === id)?.state ?? "unknown";
	}

	/** Decisions that moved the traffic, as "rule:from>to". */
	moves(): string[] {
		return this.decisions
			.filter((d) => d.kind !== "none" && d.kind !== "avoid" && d.from !== d.to)
			.map((d) => `${d.rule}:${d.from}>${d.to}`);
	}

	rules(): string[] {
		return this.decisions.map((d) => d.rule);
	}

	last(): Decision {
		const d = this.decisions[this.decisions.length - 1];
		if (d === undefined) throw new Error("no decision");
		return d;
	}
}

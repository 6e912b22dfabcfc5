/**
 * What may happen to a router: each fault begins, lasts a random while and ends, several at a time. Everything random
 * comes from the seed. Links report as real ones do: carrier and ifdown by an event at once, netifd's picture a moment
 * later.
 */
import type { Settings } from "../../daemon/decide/settings.ts";
import type { CommandName } from "../../daemon/decide/types.ts";
import type { FakeTime } from "../../test/support/fake-platform.ts";
import { hasLink, type Link, type Net, type Truth, WELL } from "./net.ts";
import type { Oracle } from "./oracle.ts";
import type { Member, Router } from "./router.ts";

export interface Faults {
	/** Something random, now. */
	strike(): void;
	/** Ends everything but what is wrong with the links. */
	calmDown(): void;
	/** Makes links well, or dead; `dead` names those that are dead. */
	links(dead: readonly string[]): void;
	change(id: string, change: Partial<Truth>): void;
	readonly counts: ReadonlyMap<string, number>;
}

export interface FaultOptions {
	readonly time: FakeTime;
	readonly net: Net;
	readonly router: Router;
	readonly oracle: Oracle;
	readonly random: () => number;
	readonly settings: Settings;
	readonly maxRamMb: number;
}

const YEARS_50_MS = 50 * 365 * 86_400_000;
const TARGETS = ["1.1.1.1", "8.8.8.8", "9.9.9.9"];

export function createFaults(options: FaultOptions): Faults {
	const { time, net, router, oracle, random } = options;
	const counts = new Map<string, number>();
	const between = (low: number, high: number): number => low + random() * (high - low);
	const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
	const anyone = (): Member => pick(router.members);
	/** Bumped to make what was planned before void. */
	let era = 0;

	function after(ms: number, run: () => void): void {
		const mine = era;
		time.timers.after(ms, () => {
			if (mine === era) run();
		});
	}

	function discoverSoon(): void {
		time.timers.after(between(50, 400), () => router.discover());
	}

	function set(member: Member, change: Partial<Truth>): void {
		const { link } = member;
		const { carrier, up, present, configured } = link.truth;
		Object.assign(link.truth, change);
		oracle.noted(link);
		const now = link.truth;
		if (now.present && carrier !== now.carrier) router.link(link.id, now.carrier ? "carrier_back" : "carrier_lost");
		if (now.present && up !== now.up) router.link(link.id, now.up ? "ifup" : "ifdown");
		if (carrier !== now.carrier || up !== now.up || present !== now.present || configured !== now.configured) {
			discoverSoon();
		}
	}

	/** Begins, and ends after a while; now and then only when everything is made well again. */
	function spell(member: Member, change: Partial<Truth>, forMs: number): void {
		set(member, change);
		const back: Partial<Truth> = {};
		for (const key of Object.keys(change) as (keyof Truth)[]) Object.assign(back, { [key]: WELL[key] });
		if (random() < 0.85) after(forMs, () => set(member, back));
	}

	function flap(member: Member, times: number): void {
		set(member, { dark: true });
		after(between(300, 6_000), () => {
			set(member, { dark: false });
			if (times > 1) after(between(300, 20_000), () => flap(member, times - 1));
		});
	}

	function reload(change: Partial<Settings>, maxRamMb = options.maxRamMb): void {
		oracle.steerTrouble();
		router.reload({ ...router.settings(), ...change }, maxRamMb);
	}

	function operator(): void {
		const name = pick<CommandName>([
			"failover",
			"failover",
			"promote",
			"hold",
			"hold",
			"recheck",
			"restore",
			"release",
		]);
		const who = random() < 0.25 ? null : anyone().link.id;
		oracle.operator(true);
		router.command(name, who, pick([null, 0, 5_000, 60_000]));
		if (random() < 0.2) router.command("recheck", "nobody", null);
	}

	const kinds: Readonly<Record<string, () => void>> = {
		blackhole: () => spell(anyone(), { dark: true }, between(500, 120_000)),
		blackhole_all() {
			for (const member of router.members) spell(member, { dark: true }, between(5_000, 60_000));
		},
		gateway_only: () => spell(anyone(), { gatewayOnly: true }, between(1_000, 120_000)),
		loss: () => spell(anyone(), { lossPct: between(5, 60) }, between(2_000, 240_000)),
		latency: () => spell(anyone(), { extraMs: between(100, 3_000) }, between(2_000, 180_000)),
		carrier: () => spell(anyone(), { carrier: false }, between(200, 90_000)),
		ifdown: () => spell(anyone(), { up: false }, between(200, 90_000)),
		flap: () => flap(anyone(), Math.ceil(between(1, 6))),
		icmp_filtered: () => spell(anyone(), { icmpFiltered: true }, between(5_000, 180_000)),
		target_dead() {
			const deadTarget = pick(TARGETS);
			for (const member of random() < 0.5 ? router.members : [anyone()]) {
				spell(member, { deadTarget }, between(5_000, 240_000));
			}
		},
		dns_dead: () => spell(anyone(), { dnsDead: true }, between(5_000, 120_000)),
		family_dead() {
			const dual = router.members.filter((member) => member.link.families.length > 1);
			const member = dual.length > 0 ? pick(dual) : anyone();
			spell(member, { darkFamily: pick(["ipv4", "ipv6"]) }, between(2_000, 120_000));
		},
		gone: () => spell(anyone(), { present: false }, between(1_000, 90_000)),
		unconfigured: () => spell(anyone(), { configured: false }, between(5_000, 90_000)),
		disabled() {
			const member = anyone();
			const change = (disabled: boolean): void => {
				member.disabled = disabled;
				oracle.noted(member.link);
				router.discover();
			};
			change(true);
			after(between(5_000, 60_000), () => change(false));
		},
		program_killed: () => net.killOne(random()),
		reload: () => reload({ switchMargin: between(0, 30), cooldownMs: between(0, 60_000) }, pick([2, options.maxRamMb])),
		observe() {
			reload({ observe: true });
			after(between(5_000, 40_000), () => reload({ observe: false }));
		},
		command: operator,
		clock_jump: () => time.jumpWall(pick([-1, 1]) * between(2_000, YEARS_50_MS)),
		steer_failure() {
			oracle.steerTrouble();
			router.steer.mood = pick(["fails", "slow"]);
			after(between(5_000, 60_000), () => {
				oracle.steerTrouble();
				router.steer.mood = "well";
			});
		},
		risk() {
			const uplink = anyone().link.id;
			const horizonMs = between(5_000, 60_000);
			const confidence = random();
			const atMs = time.clock.monotonicMs();
			router.loop.feed({ kind: "risk", uplink, atMs, risk: random(), confidence, horizonMs, cause: "soak", text: "" });
		},
		sense() {
			const member = anyone();
			const values = {
				rsrp_dbm: between(-130, -70),
				obstruction_pct: between(0, 8),
				outages: Math.floor(between(0, 3)),
			};
			router.observe({ kind: "sense", uplink: member.link.id, atMs: time.clock.monotonicMs(), values });
		},
	};
	const names = Object.keys(kinds);

	return {
		strike() {
			const name = pick(names);
			counts.set(name, (counts.get(name) ?? 0) + 1);
			kinds[name]?.();
		},
		calmDown() {
			era++;
			router.steer.mood = "well";
			for (const member of router.members) member.disabled = false;
			reload(options.settings);
			router.command("release", null, null);
			router.command("restore", null, null);
			oracle.operator(false);
			for (const { link } of router.members) {
				oracle.noted(link);
				// Sensors go on telling; what they told last would stay.
				const values = { rsrp_dbm: -80, obstruction_pct: 0, outages: 0 };
				router.observe({ kind: "sense", uplink: link.id, atMs: time.clock.monotonicMs(), values });
			}
		},
		links(dead) {
			for (const member of router.members) {
				const isDead = dead.includes(member.link.id);
				const how = isDead ? pick<Partial<Truth>>([{ dark: true }, { gatewayOnly: true }, { carrier: false }]) : {};
				set(member, { ...WELL, ...how });
			}
		},
		change(id, change) {
			for (const member of router.members) if (member.link.id === id) set(member, change);
		},
		counts,
	};
}

/** Alive as far as the link layer goes; for the count of programs that should run. */
export function watched(members: readonly Member[]): number {
	const up = (link: Link): number => (hasLink(link.truth) ? link.families.length : 0);
	return members.reduce((sum, member) => sum + up(member.link), 0);
}

/**
 * The sensor of a dish: looks whether one answers through its uplink, and asks it while it does. An uplink is Starlink when
 * a dish answers through it, and for nothing else. Paces: the status every second while the uplink carries traffic, every
 * 5 s on standby; where no dish is, a knock up to every 5 minutes in the half hour after something happened to the link,
 * then once an hour. All that a dish needs is loaded when the first one answers.
 * States in prose: knocking (absent) -> answering (ok) -> silent (failing: the channel is made anew, the pause grows to 15 s)
 * -> after 10 minutes of silence on a working uplink nothing is there any more.
 */
import { AutonomyError, errorText, isAutonomyError } from "../../platform/error.ts";
import type { Closable } from "../../platform/platform.ts";
import { createPoller } from "../poller.ts";
import type { Sensor, SensorContext, SensorKind } from "../sensor.ts";
import { type DishAddress, knock } from "./knock.ts";
import type { DishSession } from "./session.ts";

const PACE = { active: 1000, standby: 5000 } as const;
/** Rule and route are made meanwhile, by programs that take their time on a slow router; asked too early, nobody is there for minutes. */
const FIRST_MS = 1500;
const ROUTE_MS = 2000;
const BUSY_MS = 60_000;
/**
 * A dish takes minutes to boot, and behind a switch or its own router nobody tells. Each change of the way costs rules and
 * routes, a dozen programs: that is tried for a shorter time, and with each of the rare knocks after it.
 */
const BOTH_WAYS_MS = 600_000;
const EAGER_MS = 1_800_000;
const RARE_MS = 3_600_000;
const GONE_MS = 600_000;
/** Every step in it has its own limit (starlink.api.timeout_s); this one is for a defect. */
const LIMIT_MS = 70_000;
/** A dish that restarts is back in minutes: then its first word counts. */
const SILENT_PAUSE_MS = 15_000;

export function createStarlink(context: SensorContext): Sensor {
	const { platform, config } = context;
	const { clock } = platform;
	let uplink = context.uplink;
	let active = false;
	let session: DishSession | null = null;
	let direct = false;
	/** What was told last; null: nothing yet. */
	let reached: string | null = null;
	let retry: Closable | null = null;
	/** Last answer of a dish through this uplink; null: never, or given up. */
	let answeredMs: number | null = null;
	let leftMs = Number.NEGATIVE_INFINITY;
	/** Last change of the link by which a dish may have come. */
	let happenedMs = clock.monotonicMs();
	let closed = false;

	/** Just left, or in trouble: how long it lasts decides what follows. */
	function busy(): boolean {
		return clock.monotonicMs() - leftMs < BUSY_MS || session?.troubled() === true;
	}

	/** Null: as any source that is not there. */
	function longestPauseMs(): number | null {
		if (answeredMs !== null) return SILENT_PAUSE_MS;
		return clock.monotonicMs() - happenedMs < EAGER_MS ? null : RARE_MS;
	}

	function addressNow(): DishAddress {
		const local = uplink.ipv4?.address ?? null;
		if (local === null) throw new AutonomyError("not_found", `${uplink.id} has no IPv4 address now`);
		const { host, port, webPort } = config().starlink;
		return { host, port, webPort, localAddress: local };
	}

	/** The question must leave by this uplink whatever the router's own tables say, and the other way is tried in turn. */
	function reach(): void {
		const { enabled, host } = config().starlink;
		const key = enabled ? `${host} ${direct}` : "";
		if (key === reached) return;
		reached = key;
		context.reach(enabled ? { host, direct } : null);
	}

	/** By the gateway most dishes answer, in bypass mode some only by the device alone. */
	function tryOtherWay(): void {
		const gateway = uplink.ipv4?.gateway ?? null;
		if (gateway === null && !direct) return;
		const forMs = clock.monotonicMs() - happenedMs;
		if (!direct && forMs >= BOTH_WAYS_MS && forMs < EAGER_MS) return;
		direct = !direct && gateway !== null;
		reach();
		// The second way at once, the first one again at the next knock.
		if (direct) retry = platform.timers.after(ROUTE_MS, () => poller.soon());
	}

	/** Lives from the first open door on, over restarts of the dish: it remembers them. */
	async function sessionNow(): Promise<DishSession | null> {
		if (session !== null) return session;
		await knock(platform, addressNow(), null);
		const { createDishSession } = await import("./session.ts");
		if (closed) return null;
		session ??= createDishSession(context, addressNow);
		session.setActive(active);
		return session;
	}

	async function work(wanted: () => boolean): Promise<string> {
		retry?.close();
		reach(); // switched off, or another address
		if (!config().starlink.enabled) {
			forget();
			throw new AutonomyError("not_found", "switched off: starlink.api.enabled is 0");
		}
		try {
			const open = await sessionNow();
			const text = (await open?.ask(wanted)) ?? "";
			if (!wanted()) return "";
			if (answeredMs === null) context.classify({ class: "starlink", reason: "a dish answers through it" });
			answeredMs = clock.monotonicMs();
			return text;
		} catch (error) {
			if (wanted()) {
				giveUp();
				if (answeredMs === null && isAutonomyError(error, "not_found")) tryOtherWay();
			}
			if (!wanted() || answeredMs === null) throw error;
			throw new AutonomyError("connection_failed", `the dish is silent: ${errorText(error)}`);
		}
	}

	/** As if no dish had ever answered. */
	function forget(): void {
		session?.close();
		session = null;
		if (answeredMs !== null) context.classify(null);
		answeredMs = null;
		happenedMs = clock.monotonicMs();
	}

	/** The one that was there is gone for good: another cable is in that port, or the dish was sold. */
	function giveUp(): void {
		if (answeredMs === null || !uplink.up || clock.monotonicMs() - answeredMs < GONE_MS) return;
		forget();
		context.event("dish_gone", "no dish has answered for ten minutes");
	}

	const poller = createPoller({
		platform,
		intervalMs: () => (active || busy() ? PACE.active : PACE.standby),
		maxPauseMs: longestPauseMs,
		limitMs: LIMIT_MS,
		firstMs: FIRST_MS,
		work,
		onState(health) {
			if (health.state === "ok") return;
			session?.lose();
			if (answeredMs !== null) context.suspect("the dish does not answer any more");
		},
	});

	const firstAtMs = clock.monotonicMs() + FIRST_MS;
	reach();
	return {
		follow(next, isActive) {
			const plugged = (next.up && !uplink.up) || (next.carrier === true && uplink.carrier === false);
			const moved = next.ipv4?.address !== uplink.ipv4?.address || plugged;
			const woken = isActive && !active;
			if (active && !isActive) leftMs = clock.monotonicMs();
			uplink = next;
			active = isActive;
			session?.setActive(active);
			// To carry the traffic from the start on is no reason to ask before the first time.
			if (moved) {
				happenedMs = clock.monotonicMs();
				poller.anew();
			} else if (woken && clock.monotonicMs() >= firstAtMs) poller.soon();
		},
		moved: () => session?.moved(),
		health: () => poller.health(),
		details: () => session?.details() ?? null,
		picture: () => session?.picture() ?? null,
		close() {
			closed = true;
			retry?.close();
			poller.close();
			session?.close();
		},
	};
}

export function starlinkKind(): SensorKind {
	return {
		name: "starlink",
		cost: "one question of 0.5 kB a second over the dish's cable (a fifth on standby); a knock every 5 minutes to an hour where no dish is",
		serves(uplink) {
			if (uplink.tunnel || uplink.class === "cellular") return null;
			if (uplink.class === "starlink") return uplink.classReason;
			const device = uplink.device ?? uplink.id;
			if (uplink.class === "lan") return `${device} is a wire: a dish may be behind it`;
			return uplink.class === "wifi" ? `${device} is Wi-Fi: a dish may be behind it` : null;
		},
		create: createStarlink,
	};
}

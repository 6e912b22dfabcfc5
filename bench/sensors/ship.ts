/**
 * A recorded dish through sensor, detector and engine: each second as the reply it was, judged as the sensor does; probes
 * through the dish end as its own pings did that second (their latency, their share lost, nothing in an outage), and go
 * through the real detector; a second uplink stands by in full health. Virtual time.
 */
import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { readConfig } from "../../daemon/config/read.ts";
import { toSettings } from "../../daemon/config/settings.ts";
import { step } from "../../daemon/decide/engine.ts";
import { initialState } from "../../daemon/decide/state.ts";
import type { Input, UplinkFacts } from "../../daemon/decide/types.ts";
import { possible } from "../../daemon/health/senses.ts";
import type { DetectorInput } from "../../daemon/probe/detector-types.ts";
import { patienceMs } from "../../daemon/probe/patience.ts";
import { createDishJudge } from "../../daemon/sense/starlink/judge.ts";
import { readStatus } from "../../daemon/sense/starlink/status.ts";
import { decodeAnswer } from "../../daemon/sense/starlink/wire.ts";
import { parseUci } from "../../daemon/uci/parse.ts";
import type { Plain } from "../../lab/dish/answers.ts";
import { encodeAnswer } from "../../lab/dish/encode.ts";
import { type Link, seeded } from "../detectors/link.ts";
import { runOurs } from "../detectors/ours.ts";

/** One answer of the dish. */
export interface ShipSecond {
	/** Since the first one. */
	readonly atMs: number;
	/** CONNECTED, or the cause of an outage. */
	readonly state: string;
	/** 0-1, as its own pings were lost. */
	readonly drop: number;
	readonly latencyMs: number;
	/** The alerts as bits, in the order of their field numbers. */
	readonly alerts: number;
	/** Share of the sky, 0-1. */
	readonly skyObstructed: number;
	readonly aboveNoise: boolean;
}

export interface Voyage {
	readonly hours: number;
	/** When, by which rule and why the traffic left the dish. */
	readonly left: readonly string[];
	/** How often it came back. */
	readonly returns: number;
	readonly risks: readonly string[];
	readonly suspects: number;
	/** How often the detector called the dish's link suspect, and dead. */
	readonly doubts: number;
	readonly deaths: number;
	/** Values that left the sensor and are not physically possible. */
	readonly impossible: readonly string[];
}

const DISH = "wan";
const OTHER = "wanb";
/** As the prober paces uplinks that carry traffic and that stand by, unmetered and balanced. */
const SPACING_MS = 250;
const STANDBY_MS = 2000;
const OTHER_RTT_MS = 40;
/** Measured: 2 to 4 s from an outage to the drop rate that counts it. */
const LAG_MS = 4000;
/** The recording does not say how the uptime began. */
const UPTIME_S = 100_000;

/** The recording of this repository, or of the folder SHIP_DATA names, as published. */
export function shipFiles(): string[] {
	const folder = process.env.SHIP_DATA ?? "";
	const [from, name] =
		folder === "" ? ["test/samples/traces", /^ship-dish-.*\.csv\.gz$/] : [folder, /^dish-.*\.csv\.gz$/];
	const files = readdirSync(from).filter((one) => name.test(one));
	if (files.length === 0) throw new Error(`${from} holds no recording of a dish (dish-*.csv.gz)`);
	return files.sort().map((one) => `${from}/${one}`);
}

/** The excerpts of this repository and the files as published, by their head lines. */
export function readShip(path: string): ShipSecond[] {
	const [head = "", ...lines] = gunzipSync(readFileSync(path)).toString("utf8").trimEnd().split("\n");
	const columns = head.trim().split(",");
	const published = columns.includes("t_unix");
	const at = (name: string): number => {
		const index = columns.indexOf(name);
		if (index < 0) throw new Error(`${path} has no column ${name}`);
		return index;
	};
	const rows = lines.map((line) => line.trim().split(","));
	if (published) {
		const startS = Number(rows[0]?.[at("t_unix")]);
		return rows.map((row) => ({
			atMs: Math.round((Number(row[at("t_unix")]) - startS) * 1000),
			state: row[at("state")] ?? "",
			drop: Number(row[at("pop_ping_drop_rate")]),
			latencyMs: Number(row[at("pop_ping_latency_ms")]),
			alerts: Number(row[at("alerts_bitfield")]),
			skyObstructed: Number(row[at("fraction_obstructed")]),
			aboveNoise: row[at("is_snr_above_noise_floor")] === "1",
		}));
	}
	let atMs = -1000;
	let sky = 0;
	return rows.map((row) => {
		const cell = (name: string): string => row[at(name)] ?? "";
		atMs += 1000 * Number(cell("after_s") || 1);
		sky = cell("sky_obstructed") === "" ? sky : Number(cell("sky_obstructed"));
		return {
			atMs,
			state: cell("state") || "CONNECTED",
			drop: Number(cell("drop")),
			latencyMs: Number(cell("latency_ms")),
			alerts: Number(cell("alerts")),
			skyObstructed: sky,
			aboveNoise: cell("below_noise") === "",
		};
	});
}

const ALERT_BITS: Readonly<Record<number, string>> = {
	1: "motors_stuck",
	2: "thermal_shutdown",
	3: "thermal_throttle",
	4: "unexpected_location",
	5: "mast_not_near_vertical",
	6: "slow_ethernet_speeds",
	7: "roaming",
	8: "install_pending",
	9: "is_heating",
	10: "power_supply_thermal_throttle",
	11: "is_power_save_idle",
	17: "lower_signal_than_predicted",
};

/** The reply that a dish in this state gives. */
function replyOf(second: ShipSecond, outageSinceMs: number | null): Plain {
	const alerts = Object.entries(ALERT_BITS).filter(([bit]) => (second.alerts & (1 << (Number(bit) - 1))) !== 0);
	const durationMs = outageSinceMs === null ? 0 : second.atMs - outageSinceMs;
	return {
		device_info: { id: "ship", software_version: "ship", bootcount: 7 },
		device_state: { uptime_s: UPTIME_S + Math.floor(second.atMs / 1000) },
		pop_ping_drop_rate: second.drop,
		pop_ping_latency_ms: second.latencyMs,
		obstruction_stats: { fraction_obstructed: second.skyObstructed, valid_s: UPTIME_S },
		alerts: Object.fromEntries(alerts.map(([, name]) => [name, true])),
		is_snr_above_noise_floor: second.aboveNoise,
		disablement_code: "OKAY",
		...(outageSinceMs === null
			? {}
			: { outage: { cause: second.state, duration_ns: String(durationMs * 1_000_000), start_timestamp_ns: "1" } }),
	};
}

/** What the sensor says of the recording, each at its time. */
function sense(seconds: readonly ShipSecond[]): { told: Input[]; rechecks: DetectorInput[]; impossible: string[] } {
	const told: Input[] = [];
	const rechecks: DetectorInput[] = [];
	const impossible: string[] = [];
	let atMs = 0;
	const judge = createDishJudge(
		{
			observe(values) {
				const kept = possible(values);
				for (const [name, value] of Object.entries(values)) {
					if (kept[name as keyof typeof kept] !== value) impossible.push(`${name} ${value}`);
				}
				told.push({ kind: "sense", uplink: DISH, atMs, values: kept });
			},
			risk: (risk) => told.push({ kind: "risk", uplink: DISH, atMs, ...risk }),
			suspect: () => rechecks.push({ kind: "recheck", atMs }),
			event: () => undefined,
		},
		() => 60_000,
	);
	let outageSinceMs: number | null = null;
	for (const second of seconds) {
		atMs = second.atMs;
		outageSinceMs = second.state === "CONNECTED" ? null : (outageSinceMs ?? atMs);
		const bytes = encodeAnswer({ dish_get_status: replyOf(second, outageSinceMs) });
		judge.status(atMs, atMs, readStatus(decodeAnswer("get_status", bytes)));
	}
	return { told, rechecks, impossible };
}

interface Sky {
	/** Share of probes lost in that second, 0-1. */
	readonly drop: readonly number[];
	/** Start and end of the times in which nothing passes. */
	readonly dark: readonly (readonly [number, number])[];
}

/**
 * The dish tells an outage at once and counts the pings lost in it up to four seconds later: that many seconds' worth of
 * its pings is how long the outage was. What was lost without an outage was lost here and there in that second.
 */
function skyOf(seconds: readonly ShipSecond[]): Sky {
	const drop = seconds.map((one) => one.drop);
	const dark: (readonly [number, number])[] = [];
	for (const [at, { state, atMs }] of seconds.entries()) {
		if (state === "CONNECTED" || (seconds[at - 1]?.state ?? "CONNECTED") !== "CONNECTED") continue;
		let last = at;
		while ((seconds[last + 1]?.state ?? "CONNECTED") !== "CONNECTED") last++;
		let lost = 0;
		for (let n = at; n < seconds.length && (seconds[n]?.atMs ?? 0) <= (seconds[last]?.atMs ?? 0) + LAG_MS; n++) {
			lost += drop[n] ?? 0;
			drop[n] = 0;
		}
		dark.push([atMs, atMs + 1000 * lost]);
	}
	return { drop, dark };
}

/** Between two runs of the recorder the last second holds. */
function linkOf(seconds: readonly ShipSecond[], random: () => number): Link {
	const { drop, dark } = skyOf(seconds);
	let at = 0;
	return {
		answerAt(_target, nowMs) {
			while ((seconds[at + 1]?.atMs ?? Number.POSITIVE_INFINITY) <= nowMs) at++;
			const lost = random() < (drop[at] ?? 1);
			const backMs = nowMs + (seconds[at]?.latencyMs ?? 0);
			const gone = dark.some(([from, to]) => (nowMs >= from && nowMs < to) || (backMs >= from && backMs < to));
			return lost || gone ? null : backMs;
		},
	};
}

function facts(id: string, order: number): UplinkFacts {
	return {
		id,
		order,
		class: order === 0 ? "starlink" : "lan",
		present: true,
		up: true,
		carrier: true,
		families: ["ipv4"],
		metered: false,
		weight: 100 - 20 * order,
		disabled: false,
		minUptimeMs: 20_000,
		cooldownMs: 20_000,
		preferRoaming: false,
	};
}

export function sail(seconds: readonly ShipSecond[], seed: number): Voyage {
	const untilMs = seconds.at(-1)?.atMs ?? 0;
	const { told, rechecks, impossible } = sense(seconds);
	const inputs: Input[] = [...told];
	let doubts = 0;
	let deaths = 0;
	runOurs(linkOf(seconds, seeded(seed)), {
		spacingMs: SPACING_MS,
		phaseMs: (seed * 83) % SPACING_MS,
		untilMs,
		inputs: [{ kind: "patience", ms: patienceMs("starlink"), atMs: 0 }, ...rechecks],
		onEffect(effect) {
			if (effect.kind === "reach") {
				const { atMs, verdict, evidence } = effect;
				if (verdict === "suspect") doubts++;
				if (verdict === "dead") deaths++;
				inputs.push({ kind: "reach", uplink: DISH, atMs, family: "ipv4", verdict, evidence });
			} else if (effect.kind === "probe") {
				inputs.push({ ...effect, uplink: DISH, family: "ipv4", method: "icmp" });
			}
		},
	});
	const all = [...inputs, ...standBy(untilMs)].sort((a, b) => a.atMs - b.atMs);
	return { ...decide(all, untilMs), risks: texts(told), suspects: rechecks.length, doubts, deaths, impossible };
}

function texts(told: readonly Input[]): string[] {
	return told.flatMap((one) => (one.kind === "risk" && one.risk > 0 ? [`${hour(one.atMs)}: ${one.text}`] : []));
}

function standBy(untilMs: number): Input[] {
	const told: Input[] = [];
	runOurs(
		{ answerAt: (_target, nowMs) => nowMs + OTHER_RTT_MS },
		{
			spacingMs: STANDBY_MS,
			untilMs,
			onEffect(effect) {
				if (effect.kind === "reach") {
					const { atMs, verdict, evidence } = effect;
					told.push({ kind: "reach", uplink: OTHER, atMs, family: "ipv4", verdict, evidence });
				} else if (effect.kind === "probe") {
					told.push({ ...effect, uplink: OTHER, family: "ipv4", method: "icmp" });
				}
			},
		},
	);
	return told;
}

const hour = (atMs: number): string => `${(atMs / 3_600_000).toFixed(3)} h`;

/** The engine alone: each input at its time, ticks when it wants them, every order obeyed at once. */
function decide(inputs: readonly Input[], untilMs: number): Pick<Voyage, "hours" | "left" | "returns"> {
	const settings = toSettings(readConfig(parseUci("", { file: "ship" }), "ship").config);
	let state = initialState(settings);
	let wakeAtMs: number | null = null;
	const left: string[] = [];
	let returns = 0;
	const feed = (input: Input): void => {
		const out = step(state, input);
		state = out.state;
		wakeAtMs = out.wakeAtMs;
		for (const { from, to, kind, rule, text } of out.decisions) {
			if (from === to || kind === "start") continue;
			if (from === DISH) left.push(`${hour(input.atMs)}: ${rule}: ${text}`);
			else if (to === DISH) returns++;
		}
		for (const { kind, id } of out.actions) {
			const done = { ok: true, method: "ship", durationMs: 0, text: "" } as const;
			if (kind === "steer") feed({ kind: "applied", atMs: input.atMs, actionId: id, ...done });
		}
	};
	feed({ kind: "uplinks", atMs: 0, uplinks: [facts(DISH, 0), facts(OTHER, 1)] });
	for (const input of inputs) {
		while (wakeAtMs !== null && wakeAtMs < input.atMs) feed({ kind: "tick", atMs: wakeAtMs });
		feed(input);
	}
	return { hours: untilMs / 3_600_000, left, returns };
}

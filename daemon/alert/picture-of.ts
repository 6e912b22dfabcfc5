/**
 * Takes the picture the detector judges: from the engine's view, the sensors, the record and a few small files. The dear
 * parts (obstruction over a day, certificates) are looked at every ten minutes, files every minute.
 */
import type { Config } from "../config/types.ts";
import type { InUseView } from "../decide/describe.ts";
import type { Platform } from "../platform/platform.ts";
import { type ClockReading, readClocks } from "../record/clocks.ts";
import type { Recorder } from "../record/recorder.ts";
import type { SensorStatus } from "../sense/senses.ts";
import type { Details } from "../sense/sensor.ts";
import { createDisks } from "./disks.ts";
import type { Picture } from "./picture.ts";
import { createSpikes } from "./spikes.ts";
import { isTimeKnown } from "./zone.ts";

export interface PictureWorld {
	readonly platform: Pick<Platform, "clock" | "files" | "outlets" | "processes">;
	readonly recorder: Pick<Recorder, "history">;
	config(): Config;
	view(): InUseView;
	/** The uplink that would carry the traffic if all were well. */
	preferred(): string | null;
	uplinks(): readonly { readonly id: string; readonly class: string }[];
	sensors(uplink: string): readonly SensorStatus[];
	/** What is wrong with the configuration. */
	problems(): readonly string[];
	/** File in which starwatch leaves what it did last: seconds since boot, a word, a sentence. */
	readonly actedPath: string;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const RARELY_MS = 600_000;
const GONE: ReadonlySet<string> = new Set(["absent", "disabled", "offline", "down"]);

export function createPictureTaker(world: PictureWorld): { take(): Picture } {
	const { clock, files, outlets } = world.platform;
	const spikes = createSpikes();
	const disk = createDisks(world.platform);
	let minuteMs = Number.NEGATIVE_INFINITY;
	let rareMs = Number.NEGATIVE_INFINITY;
	let disks: Picture["disks"] = [];
	let freeMib: number | null = null;
	let obstructions: Picture["obstructions"] = [];
	let certificates: Picture["certificates"] = [];
	let watchdog: Picture["watchdog"] = null;

	function readable(path: string): string | null {
		try {
			return files.readTextIfAny(path);
		} catch {
			return null; // whoever uses the file says what is wrong with it
		}
	}

	function lookAtRouter(): void {
		disks = disk.look();
		const kib = /^MemAvailable:\s+(\d+) kB/m.exec(readable("/proc/meminfo") ?? "")?.[1];
		freeMib = kib === undefined ? null : Number(kib) / 1024;
		watchdog = actedOf(readable(world.actedPath) ?? "", readClocks(clock, files));
	}

	function lookAtSky(): void {
		const now = clock.monotonicMs();
		obstructions = world.uplinks().flatMap(({ id, class: kind }) => {
			if (kind !== "starlink") return [];
			const hours = world.recorder.history(id, now - DAY_MS, 24)?.points ?? [];
			const means = hours.flatMap(({ atMs, values }) => {
				const mean = values.obstruction_pct?.mean;
				return mean === undefined ? [] : [{ atMs, mean }];
			});
			const last = means.at(-1);
			const before = means.slice(0, -1);
			if (last === undefined || before.length < 3) return [];
			const usualPct = before.reduce((sum, one) => sum + one.mean, 0) / before.length;
			return [{ uplink: id, nowPct: last.mean, usualPct }];
		});
	}

	function lookAtCertificates(): void {
		const { mqtt, email } = world.config();
		const paths = [...(mqtt.enabled ? [mqtt.caFile, mqtt.certFile] : []), ...(email.enabled ? [email.caFile] : [])];
		const found: { name: string; daysLeft: number }[] = [];
		for (const path of paths) {
			const pem = path === null ? null : readable(path);
			if (path === null || pem === null) continue;
			outlets.certificateEndUnixMs(pem).then(
				(endMs) => {
					if (endMs === null) return;
					found.push({ name: path, daysLeft: (endMs - clock.wallMs()) / DAY_MS });
					// A router that has not heard the time yet finds every certificate good for decades.
					certificates = isTimeKnown(clock.wallMs()) ? [...found] : [];
				},
				() => undefined,
			);
		}
		if (paths.every((path) => path === null)) certificates = [];
	}

	function fromUsage(
		uplink: string,
		details: SensorStatus["details"],
		atMs: number,
	): Pick<Picture, "plans" | "spikes"> {
		const number = (name: string): number | null => {
			const value = details?.[name];
			return typeof value === "number" ? value : null;
		};
		const usedPct = number("used_pct");
		const today = (number("today_rx_bytes") ?? 0) + (number("today_tx_bytes") ?? 0);
		const spike = spikes.feed(uplink, today, atMs);
		const plans =
			usedPct === null
				? []
				: [
						{
							uplink,
							usedPct,
							warnPct: number("warn_pct") ?? 80,
							fromUnixMs: number("from_unix_ms"),
							resetUnixMs: number("reset_unix_ms"),
							text: planText(uplink, usedPct, number),
						},
					];
		return { plans, spikes: spike === null ? [] : [{ uplink, text: spike }] };
	}

	return {
		take() {
			const atMs = clock.monotonicMs();
			if (atMs - minuteMs >= MINUTE_MS) {
				minuteMs = atMs;
				lookAtRouter();
			}
			if (atMs - rareMs >= RARELY_MS) {
				rareMs = atMs;
				lookAtSky();
				lookAtCertificates();
			}
			const view = world.view();
			const current = view.uplinks.find((one) => one.primary);
			const gone = current === undefined || GONE.has(current.state);
			const unsure = current?.state === "warm_up" || current?.state === "suspect";
			const offline = view.started && unsure ? null : view.started && gone;
			const used = { plans: [] as Picture["plans"][number][], spikes: [] as Picture["spikes"][number][] };
			const sensors: Picture["sensors"][number][] = [];
			const modems: Picture["modems"][number][] = [];
			const dishes: Picture["dishes"][number][] = [];
			const uplinks = world.uplinks().map((one) => one.id);
			for (const id of uplinks) {
				for (const { sensor, health, details } of world.sensors(id)) {
					sensors.push({ uplink: id, sensor, state: health.state, forMs: atMs - health.sinceMs, text: health.text });
					if (sensor === "usage") {
						const found = fromUsage(id, details, atMs);
						used.plans.push(...found.plans);
						used.spikes.push(...found.spikes);
					}
					if (health.state !== "ok" || details === null) continue;
					if (sensor === "cellular") modems.push(modemOf(id, details));
					if (sensor === "starlink") dishes.push({ uplink: id, alerts: namesIn(details.alerts) });
				}
			}
			return {
				atMs,
				started: view.started,
				primary: view.primary,
				offline,
				degraded: view.started && view.degraded,
				reason: current === undefined ? "none is left" : `${current.id}: ${current.reason}`,
				onPreferred: view.started && offline === false && view.primary !== null && view.primary === world.preferred(),
				steerError: view.steerError,
				problems: world.problems(),
				uplinks,
				modems,
				dishes,
				watchdog,
				sensors,
				...used,
				obstructions,
				disks,
				freeMib,
				certificates,
			};
		},
	};
}

function modemOf(uplink: string, details: Details): Picture["modems"][number] {
	const { registration, trouble, roaming } = details;
	const registered = (registration === "home" || registration === "roaming") && trouble === undefined;
	return {
		uplink,
		registered,
		roaming: typeof roaming === "boolean" ? roaming : null,
		mute: details.source === "sysfs",
	};
}

/** Of the alerts in a dish's details. */
function namesIn(alerts: unknown): string[] {
	const list: readonly unknown[] = Array.isArray(alerts) ? alerts : [];
	return list.flatMap((one) =>
		typeof one === "object" && one !== null && "name" in one && typeof one.name === "string" ? [one.name] : [],
	);
}

/** Null: nothing, nothing of the last hour, or not what starwatch writes. */
function actedOf(text: string, { monotonicMs, uptimeMs }: ClockReading): Picture["watchdog"] {
	const [, seconds, , words] = /^(\d{1,9}) ([a-z_]{1,20}) (.{1,400})$/m.exec(text) ?? [];
	if (seconds === undefined || words === undefined) return null;
	// The monotonic clock may have begun with this process.
	const agoMs = (uptimeMs ?? monotonicMs) - Number(seconds) * 1000;
	return agoMs > 3_600_000 || agoMs < -60_000 ? null : { atMs: monotonicMs - agoMs, text: words };
}

function planText(uplink: string, usedPct: number, number: (name: string) => number | null): string {
	const left = number("left_bytes");
	const days = number("days_left");
	const daily = number("daily_bytes");
	const rest = left === null ? "" : `; ${(left / 1e9).toFixed(2)} GB are left`;
	const time = days === null ? "" : ` for ${days.toFixed(1)} days`;
	const each = daily === null ? "" : `, ${Math.round(daily / 1e6)} MB a day`;
	const used = usedPct >= 100 ? "the data plan is used up" : `${Math.round(usedPct)} % of the data plan is used`;
	return `${uplink}: ${used}${rest}${time}${each}`;
}

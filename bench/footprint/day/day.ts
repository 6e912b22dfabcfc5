/**
 * A day of the daemon in virtual time, in the engine this is called in: the whole daemon with its configuration for
 * "all on", four uplinks and a dish. Every three hours the uplink in use is dark for a minute; a status is asked for every
 * minute, as an open page or a collector does. Tells what the process holds after every hour, as one line of JSON.
 *
 * Arguments: hours, uplinks, folder of the dish's answers, its marks, its clock at the start, /etc/config/autonomy.
 */
import type { Reply } from "../../../contract/api.ts";
import type { Logger, LogLevel } from "../../../daemon/platform/log.ts";
import type { Platform } from "../../../daemon/platform/platform.ts";
import { serveNetifd } from "./bus.ts";
import type { Marks } from "./dish.ts";
import { ownKb } from "./own.ts";
import { createDayWorld } from "./platform.ts";
import { virtualTime } from "./time.ts";

export interface DayRuntime {
	readonly platform: Platform;
	createLogger(level: LogLevel): Logger;
	/** Resolves after all promises that can settle have. */
	turn(): Promise<void>;
	/** Anonymous memory of the engine and the daemon's platform, before the stand-ins were loaded. */
	readonly engineKb: number;
}

const HOUR_MS = 3_600_000;
const START_MS = 60_000;
const WALL_MS = 1_790_000_000_000;
const ASK_MS = 60_000;
const LOOK_MS = 300_000;
/** All is found, and was asked for. */
const FIRST_MS = 180_000;
const DARK_EVERY_HOURS = 3;
const DARK_MS = 60_000;

export async function day({ platform: real, createLogger, turn, engineKb }: DayRuntime): Promise<void> {
	const [hours = "24", uplinks = "4", dishFolder = "", marks = "{}", dishBootS = "0", config = ""] = real.host.args;
	const time = virtualTime(START_MS, WALL_MS, turn);
	const { platform, links } = createDayWorld({
		real,
		time,
		uplinks: Number(uplinks),
		config: real.files.readText(config),
		dishFolder,
		dishMarks: JSON.parse(marks) as Marks,
		dishBootS: Number(dishBootS),
	});
	const log = createLogger("error");
	const netifd = serveNetifd(platform, log, links);
	const tell = (line: object): void => real.host.print(`${JSON.stringify(line)}\n`);
	const kb = (name: string): number => ownKb(real, name);
	// The engine, the stand-ins, and what of the bus and the platform the daemon has, too.
	tell({ engine_kb: engineKb, before_kb: kb("Anonymous") });
	const [{ createConfigStore }, { createDaemon }] = await Promise.all([
		import("../../../daemon/config/store.ts"),
		import("../../../daemon/loop/daemon.ts"),
	]);
	const store = createConfigStore({ files: platform.files, log });
	store.load();
	const daemon = createDaemon({ platform, log, store, version: "0.0.0" });
	daemon.start();
	let status: Reply<"status"> | null = null;
	time.timers.every(ASK_MS, () => {
		netifd.call("autonomy", "status", {}, { timeoutMs: 5000 }).then(
			(reply) => {
				status = reply as unknown as Reply<"status">;
			},
			(error: unknown) => log.error("status", { reason: String(error) }),
		);
	});
	const live = (ms: number): Promise<void> => time.liveUntil(START_MS + ms);
	await live(FIRST_MS);
	const { rooms } = daemon;
	const recordKb = (): number => {
		const { samples, inputs, lists } = rooms.recorder.stats();
		const bytes = Object.values(lists).reduce((sum, list) => sum + list.bytes, samples.bytes + inputs.bytes);
		return Math.round(bytes / 1024);
	};
	let lowKb = Number.POSITIVE_INFINITY;
	time.timers.every(LOOK_MS, () => {
		lowKb = Math.min(lowKb, kb("Anonymous"));
	});
	const tellHour = (hour: number): void => {
		const anonKb = kb("Anonymous");
		tell({ hour, anon_kb: anonKb, low_kb: Math.min(lowKb, anonKb), rss_kb: kb("Rss"), record_kb: recordKb() });
		lowKb = anonKb;
	};
	tellHour(0);
	for (let hour = 1; hour <= Number(hours); hour++) {
		if (hour % DARK_EVERY_HOURS === 0) {
			const first = links[0];
			await live((hour - 0.5) * HOUR_MS);
			if (first) first.truth.dark = true;
			await live((hour - 0.5) * HOUR_MS + DARK_MS);
			if (first) first.truth.dark = false;
		}
		await live(hour * HOUR_MS);
		tellHour(hour);
	}
	const sensors = links.flatMap(({ id }) =>
		rooms.senses.status(id).flatMap(({ sensor, health }) => (health.state === "ok" ? [`${id} ${sensor}`] : [])),
	);
	tell({ status, sensors, record: rooms.recorder.stats(), decisions: rooms.loop.state().decisions });
	real.host.exit(0);
}

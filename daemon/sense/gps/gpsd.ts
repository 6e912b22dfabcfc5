/**
 * gpsd on this router (TCP, JSON lines; gpsd_json): says VERSION, takes `?WATCH`, then reports TPV (position) and SKY
 * (satellites). Connected to for one answer and left again: a report every second would cost more than a position a minute
 * is worth. What it says before the time is over decides; more than 64 KiB, or a line of more than 8 KiB, is not gpsd.
 */
import { AutonomyError } from "../../platform/error.ts";
import type { Platform } from "../../platform/platform.ts";
import { at, numberIn } from "../values.ts";
import { type Fix, fixOf } from "./fix.ts";

const WAIT_MS = 6_000;
const MAX_BYTES = 65_536;
const MAX_LINE = 8_192;
const WATCH = '?WATCH={"enable":true,"json":true};\n';

export interface GpsdReport {
	readonly fix: Fix | null;
	readonly satellites: number | null;
	readonly hdop: number | null;
}

/** One line; null when it says nothing about the position. */
export function parseGpsdLine(line: string, atMs: number): GpsdReport | null {
	let value: unknown;
	try {
		value = JSON.parse(line);
	} catch {
		return null;
	}
	const kind = at(value, "class");
	if (kind === "SKY") {
		const list = at(value, "satellites");
		const used = Array.isArray(list) ? list.slice(0, 200).filter((one) => at(one, "used") === true).length : null;
		return {
			fix: null,
			satellites: numberIn(at(value, "uSat"), 0, 100) ?? used,
			hdop: numberIn(at(value, "hdop"), 0.1, 50),
		};
	}
	if (kind !== "TPV") return null;
	const mode = numberIn(at(value, "mode"), 2, 3);
	if (mode === null) return { fix: null, satellites: null, hdop: null };
	const [epx, epy] = [numberIn(at(value, "epx"), 0, 50_000), numberIn(at(value, "epy"), 0, 50_000)];
	const given = {
		latitude: at(value, "lat"),
		longitude: at(value, "lon"),
		altitude: at(value, "altMSL") ?? at(value, "alt"),
		accuracy: at(value, "eph") ?? (epx === null || epy === null ? null : Math.hypot(epx, epy)),
		speedMps: at(value, "speed"),
		heading: at(value, "track"),
	};
	return { fix: fixOf("gpsd", atMs, given, mode === 3 ? 15 : 30), satellites: null, hdop: null };
}

/** The first position it reports. Rejects with connection_failed, timeout or not_found (it answers and has no fix). */
export function askGpsd(platform: Pick<Platform, "streams" | "timers" | "clock">, port: number): Promise<Fix> {
	return new Promise((resolve, reject) => {
		let text = "";
		let bytes = 0;
		let greeted = false;
		let reported = false;
		let satellites: number | null = null;
		let done = false;

		const end = (error: AutonomyError | null, fix?: Fix): void => {
			if (done) return;
			done = true;
			timer.close();
			stream.close();
			if (fix !== undefined) resolve({ ...fix, satellites: fix.satellites ?? satellites });
			else reject(error);
		};
		const timer = platform.timers.after(WAIT_MS, () => {
			if (reported) end(new AutonomyError("not_found", "gpsd has no position: the receiver sees too few satellites"));
			else if (greeted) end(new AutonomyError("not_found", "gpsd has no receiver that reports"));
			else end(new AutonomyError("timeout", `port ${port} does not answer as gpsd does`));
		});
		const take = (line: string): void => {
			if (line.startsWith("{") && line.includes('"class"')) greeted = true;
			const report = parseGpsdLine(line, platform.clock.monotonicMs());
			if (report === null) return;
			reported = true;
			satellites = report.satellites ?? satellites;
			if (report.fix !== null) end(null, report.fix);
		};
		const stream = platform.streams.connect(
			{ kind: "tcp", host: "127.0.0.1", port },
			{
				onOpen: () => void stream.write(asciiBytes(WATCH)),
				onData(chunk) {
					bytes += chunk.length;
					text += asciiText(chunk);
					const lines = text.split("\n");
					text = lines.pop() ?? "";
					for (const line of lines) if (!done) take(line.trim());
					if (bytes > MAX_BYTES || text.length > MAX_LINE) {
						end(new AutonomyError("connection_failed", `port ${port} talks too much to be gpsd`));
					}
				},
				onClose: (error) =>
					end(new AutonomyError("connection_failed", error === null ? "gpsd closed the connection" : `gpsd: ${error}`)),
			},
		);
	});
}

function asciiBytes(text: string): Uint8Array {
	return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** gpsd writes ASCII; anything else in a string of it does no harm as a question mark. */
function asciiText(bytes: Uint8Array): string {
	let text = "";
	for (const byte of bytes) text += byte < 0x80 ? String.fromCharCode(byte) : "?";
	return text;
}

/** gps and gps_status for the terminal. Pure. */
import type { Reply } from "../../../contract/api.ts";
import { type TextStyle, type Tone, tableLines, wrap } from "./layout.ts";
import { figure, span } from "./words.ts";

const NAMES: Readonly<Record<string, string>> = {
	rutos: "RutOS",
	gpsd: "gpsd",
	dish: "dish",
	opencellid: "OpenCellID",
};

const TONES: Readonly<Record<string, Tone>> = { ok: "good", failing: "bad", denied: "bad" };

export function gpsText(where: Reply<"gps">, status: Reply<"gps_status">, style: TextStyle): string[] {
	if (!status.enabled)
		return wrap("Off. 'option enabled 1' in section gps of /etc/config/autonomy turns it on.", style);
	const lines: string[] = [];
	if (where.latitude == null || where.longitude == null) lines.push(`Position: ${where.text}`);
	else {
		const place = `${where.latitude.toFixed(6)}, ${where.longitude.toFixed(6)}`;
		const age = where.age_s == null ? "" : `, ${span(where.age_s)} ago`;
		lines.push(`Position: ${place} (within ${figure(where.accuracy_m, 0)} m${age})`, `${where.text}`);
		if (where.altitude_m != null) lines.push(`Altitude: ${figure(where.altitude_m, 0)} m`);
		if (where.satellites != null) lines.push(`Satellites: ${where.satellites}`);
	}
	if (status.moving != null) {
		lines.push(status.moving ? `Moves, ${figure(status.travelled_m, 0)} m so far` : "Stands still");
	}
	const rows = status.sources.map((one) => [
		{ text: NAMES[one.source] ?? one.source, tone: one.active ? ("strong" as const) : ("plain" as const) },
		{ text: one.state, tone: TONES[one.state] ?? "dim" },
		{ text: one.text },
	]);
	const columns = [{ title: "SOURCE" }, { title: "STATE" }, { title: "WHAT", flexible: true }];
	return [...lines.flatMap((line) => wrap(line, style)), "", ...tableLines(columns, rows, style)];
}

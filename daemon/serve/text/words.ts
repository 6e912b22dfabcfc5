/** Numbers and times as people read them. Pure. */
import type { Tone } from "./layout.ts";

/** "45s", "12m", "3h 20m", "5d 4h". */
export function span(seconds: number): string {
	const s = Math.max(0, Math.round(seconds));
	if (s < 60) {
		return `${s}s`;
	}
	const minutes = Math.floor(s / 60);
	if (minutes < 60) {
		return `${minutes}m`;
	}
	const hours = Math.floor(minutes / 60);
	if (hours < 48) {
		return minutes % 60 === 0 ? `${hours}h` : `${hours}h ${minutes % 60}m`;
	}
	return hours % 24 === 0 ? `${Math.floor(hours / 24)}d` : `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** Three significant places at most: 0.3, 12.5, 140. "-" when not known. */
export function figure(value: number | null | undefined, digits = 1): string {
	if (value === null || value === undefined || !Number.isFinite(value)) {
		return "-";
	}
	return Math.abs(value) >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(digits);
}

/** "850", "1.2k", "3.4M", "12G". */
export function amount(value: number | null | undefined): string {
	if (value === null || value === undefined || !Number.isFinite(value)) {
		return "-";
	}
	let rest = Math.abs(value);
	for (const unit of ["", "k", "M", "G"]) {
		if (rest < 1_000 || unit === "G") {
			return `${rest >= 100 || unit === "" ? Math.round(rest) : rest.toFixed(1)}${unit}`;
		}
		rest /= 1_000;
	}
	return String(value);
}

/** "2026-11-21 01:42:03" in universal time: the daemon knows no time zone on every engine. */
export function when(unixMs: number): string {
	const date = new Date(unixMs);
	return Number.isNaN(date.getTime()) ? "-" : date.toISOString().slice(0, 19).replace("T", " ");
}

/** "01:42:03", with the date in front when it was another day than `nowUnixMs`. */
export function clockTime(unixMs: number, nowUnixMs: number): string {
	const text = when(unixMs);
	return text.slice(0, 10) === when(nowUnixMs).slice(0, 10) ? text.slice(11) : text.slice(5);
}

export function stateTone(state: string): Tone {
	switch (state) {
		case "eligible":
		case "up":
		case "primary":
		case "ok":
			return "good";
		case "down":
		case "offline":
		case "failing":
		case "dead":
			return "bad";
		case "absent":
		case "disabled":
			return "dim";
		default:
			return "warn";
	}
}

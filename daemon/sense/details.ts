/** Small helpers for the pictures sensors give to the API. */
import type { Detail, Details } from "./sensor.ts";

/** Without what is not known. */
export function known(fields: Readonly<Record<string, Detail | undefined>>): Details {
	const kept = Object.entries(fields).filter(
		(entry): entry is [string, Detail] => entry[1] !== null && entry[1] !== undefined,
	);
	return Object.fromEntries(kept);
}

/** Tenths are enough for people; more would pretend. */
export function tenths(value: number | null | undefined): number | null {
	return value === null || value === undefined ? null : Math.round(value * 10) / 10;
}

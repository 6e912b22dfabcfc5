/** When nobody is told but of emergencies, and why. Pure. */
import type { Config } from "../config/types.ts";
import { isTimeKnown, minuteOfDay, type Zone } from "./zone.ts";

export type Hush = "quiet_hours" | "maintenance";

/** Null: all is told. */
export function hushOf(
	{ maintenance, quietHours, quietStart, quietEnd }: Config["notify"],
	zone: Zone,
	wallMs: number,
): Hush | null {
	if (maintenance) return "maintenance";
	// A router that has not heard the time yet must not take the day for the night.
	if (!quietHours || !isTimeKnown(wallMs)) return null;
	const [start, end] = [minutesOf(quietStart), minutesOf(quietEnd)];
	const minute = minuteOfDay(zone, wallMs);
	const isQuiet = start <= end ? minute >= start && minute < end : minute >= start || minute < end;
	return isQuiet ? "quiet_hours" : null;
}

function minutesOf(clock: string): number {
	const [hours = "0", minutes = "0"] = clock.split(":");
	return Number(hours) * 60 + Number(minutes);
}

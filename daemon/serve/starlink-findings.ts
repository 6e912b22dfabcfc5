/** What is not as it should be with a dish, in words, the gravest first. Pure. */
import type { Reply } from "../../contract/api.ts";

type Dish = Reply<"starlink_status">["starlink"][string];
type Diagnosis = Reply<"starlink_diagnostics">["starlink"][string];

/** Of the sky or the time: below it nobody notices. */
const BLOCKED_PCT = 2;
/** So far off, Starlink's app asks to turn the dish. */
const OFF_DEG = 10;

export function findingsOf(dish: Dish, told: Diagnosis): string[] {
	const found: string[] = [];
	const graded = (grade: string): string[] =>
		dish.alerts.filter((alert) => alert.grade === grade).map((alert) => `${alert.name}: ${alert.text}`);
	found.push(...graded("critical"));
	if (told.self_test === "FAILED") {
		const faults = told.self_test_faults.join(", ") || "it does not say what";
		found.push(`its self test failed: ${faults}`);
	}
	const disabled = [dish.disablement, told.disablement].find((code) => code != null && !OKAY.has(code));
	if (disabled !== undefined) found.push(`Starlink gives it no service: ${disabled}`);
	if (dish.outage != null) found.push(`no service now: ${dish.outage.text}`);
	if (dish.danger != null && COMES_AGAIN.has(dish.danger.cause)) found.push(dish.danger.text);
	if (told.stowed === true) found.push("it is stowed: unstow it in Starlink's app");
	if (dish.signal_persistently_low === true) found.push("its signal has been too weak for long");
	found.push(...graded("warning"));
	const { sky_pct, time_pct } = dish.obstruction ?? {};
	if ((sky_pct ?? 0) >= BLOCKED_PCT || (time_pct ?? 0) >= BLOCKED_PCT) {
		found.push(`something stands in its view: ${percent(sky_pct)} of the sky, ${percent(time_pct)} of the time`);
	}
	const off = offDeg(dish);
	if (off !== null && off >= OFF_DEG) found.push(`it looks ${Math.round(off)} degrees past where it should: turn it`);
	if (told.rate_limited === true) found.push("the data of its plan are used up: it is slowed down");
	if ((dish.ethernet_mbps ?? 1_000) < 1_000)
		found.push(`its cable runs at ${dish.ethernet_mbps} Mbit/s: check cable and port`);
	if (dish.gps?.valid === false && !dish.gps.inhibited) found.push("its receiver does not know where it is");
	return found;
}

const OKAY: ReadonlySet<string> = new Set(["OKAY", "UNKNOWN"]);

/** The other dangers have a line of their own. */
const COMES_AGAIN: ReadonlySet<string> = new Set(["boot_loop", "outages_repeat"]);

function percent(value: number | null | undefined): string {
	return value == null ? "an unknown share" : `${value.toFixed(1)} %`;
}

/** Between where it looks and where it should; null while not known, or it may move. */
function offDeg(dish: Dish): number | null {
	const { azimuth_deg, elevation_deg, wanted_azimuth_deg, wanted_elevation_deg } = dish;
	if (dish.mobility !== "STATIONARY" || (wanted_azimuth_deg === 0 && wanted_elevation_deg === 0)) return null;
	if (azimuth_deg == null || elevation_deg == null || wanted_azimuth_deg == null || wanted_elevation_deg == null) {
		return null;
	}
	const rad = Math.PI / 180;
	const [one, other] = [elevation_deg * rad, wanted_elevation_deg * rad];
	const turn = (azimuth_deg - wanted_azimuth_deg) * rad;
	const cos = Math.sin(one) * Math.sin(other) + Math.cos(one) * Math.cos(other) * Math.cos(turn);
	return Math.acos(Math.max(-1, Math.min(1, cos))) / rad;
}

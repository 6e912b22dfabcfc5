/** get_diagnostics and get_location: asked rarely, refused often. */
import { figure, flag, part, type Raw, text } from "./raw.ts";
import { nameOf } from "./wire.ts";

export interface DishDiagnostics {
	readonly firmware: string | null;
	/** NO_RESULT, PASSED, FAILED. */
	readonly selfTest: string;
	readonly selfTestFaults: readonly string[];
	readonly alerts: readonly string[];
	readonly disablement: string;
	readonly stowed: boolean;
	/** The plan's data is used up and the speed is limited. */
	readonly rateLimited: boolean;
	/** Only when the owner allowed it in Starlink's app. */
	readonly position: DishPosition | null;
}

export interface DishPosition {
	readonly latitude: number;
	readonly longitude: number;
	readonly altitudeM: number | null;
	readonly accuracyM: number | null;
	readonly speedMps: number | null;
}

const ALERTS = [
	"dish_is_heating",
	"dish_thermal_throttle",
	"dish_thermal_shutdown",
	"power_supply_thermal_throttle",
	"motors_stuck",
	"mast_not_near_vertical",
	"slow_ethernet_speeds",
	"software_install_pending",
	"obstructed",
] as const;

/** Zero for both is what is sent when nothing is known. */
function place(raw: Raw | null, lat: string, lon: string): { latitude: number; longitude: number } | null {
	const latitude = figure(raw, lat, -90, 90);
	const longitude = figure(raw, lon, -180, 180);
	if (latitude === null || longitude === null || (latitude === 0 && longitude === 0)) return null;
	return { latitude, longitude };
}

export function readDiagnostics(raw: Raw): DishDiagnostics {
	const alerts = part(raw, "alerts");
	const location = part(raw, "location");
	const where = flag(location, "enabled") ? place(location, "latitude", "longitude") : null;
	const sure = flag(location, "uncertainty_meters_valid");
	const codes = raw.hardware_self_test_codes;
	return {
		firmware: text(raw, "software_version"),
		selfTest: nameOf("DishGetDiagnosticsResponse.TestResult", raw.hardware_self_test),
		selfTestFaults: (Array.isArray(codes) ? codes.slice(0, 32) : []).map((code) =>
			nameOf("DishGetDiagnosticsResponse.TestResultCode", code),
		),
		alerts: ALERTS.filter((name) => flag(alerts, name)),
		disablement: nameOf("DisablementCode", raw.disablement_code),
		stowed: flag(raw, "stowed"),
		rateLimited: flag(raw, "overage_rate_limited"),
		position: where && {
			...where,
			altitudeM: figure(location, "altitude_meters", -500, 20_000),
			accuracyM: sure ? figure(location, "uncertainty_meters", 0.01, 1e6) : null,
			speedMps: null,
		},
	};
}

export function readLocation(raw: Raw): DishPosition | null {
	const lla = part(raw, "lla");
	const where = place(lla, "lat", "lon");
	return (
		where && {
			...where,
			altitudeM: figure(lla, "alt", -500, 20_000),
			accuracyM: figure(raw, "sigma_m", 0.01, 1e6),
			speedMps: figure(raw, "horizontal_speed_mps", 0, 1000),
		}
	);
}

/** gps and gps_status: where the router is and who says so. */
import type { Reply } from "../../contract/api.ts";
import type { ServeDeps } from "./deps.ts";

export function gpsReply(deps: ServeDeps): Reply<"gps"> {
	const { enabled, fix, ageMs, stale, accuracyNowM, moving } = deps.gps();
	const ts = deps.platform.clock.wallMs();
	if (fix === null) {
		const text = enabled ? "not known yet" : "off: option enabled in section gps turns it on";
		return { ts, available: false, text, fix_status: "0" };
	}
	const status = fix.accuracyM < 5 ? "2" : fix.accuracyM < 50 ? "1" : "0";
	return {
		ts,
		available: !stale,
		text: stale ? "the last position that was known" : `known from ${fix.source}`,
		source: fix.source,
		latitude: fix.latitude,
		longitude: fix.longitude,
		altitude_m: fix.altitudeM,
		accuracy_m: fix.accuracyM,
		accuracy_now_m: accuracyNowM,
		age_s: ageMs === null ? null : ageMs / 1_000,
		speed_mps: fix.speedMps,
		heading_deg: fix.headingDeg,
		satellites: fix.satellites,
		fix_status: stale ? "0" : status,
		moving,
	};
}

export function gpsStatusReply(deps: ServeDeps): Reply<"gps_status"> {
	const { enabled, fix, sources, moving, travelledM, openCellId } = deps.gps();
	const { clock } = deps.platform;
	const nowMs = clock.monotonicMs();
	return {
		enabled,
		active_source: sources.find((one) => one.active)?.source,
		last_update: fix === null ? null : clock.wallMs() - (nowMs - fix.atMs),
		moving,
		travelled_m: travelledM,
		sources: sources.map(({ source, health, active }) => ({
			source,
			state: health.state,
			text: health.text,
			active,
			since_s: (nowMs - health.sinceMs) / 1_000,
			next_try_s: health.nextTryMs === null ? null : Math.max(0, health.nextTryMs - nowMs) / 1_000,
		})),
		opencellid: {
			lookups_last_hour: openCellId.lookupsLastHour,
			contributions_last_day: openCellId.contributionsLastDay,
			cached: openCellId.cached,
			waiting: openCellId.waiting,
			resting: openCellId.resting,
		},
	};
}

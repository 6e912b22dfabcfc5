/** wifi_status: what the Wi-Fi sensor knows now. */
import type { Reply } from "../../contract/api.ts";
import type { ServeDeps } from "./deps.ts";

type Radio = Reply<"wifi_status">["wifi"][string];

export function wifiStatusReply(deps: ServeDeps): Reply<"wifi_status"> {
	const radios = deps.discovered().uplinks.flatMap(({ id }) => {
		const sensor = deps.sensors(id).find((one) => one.sensor === "wifi");
		if (sensor === undefined) return [];
		const { state, text } = sensor.health;
		// Details are plain JSON: that they are what the contract says is checked when the reply is encoded.
		return [[id, { ...sensor.details, state, text } as unknown as Radio] as const];
	});
	const all = radios.map(([, radio]) => radio);
	const risks = all.flatMap((one) => one.predictive_risk ?? []);
	return {
		ts: deps.platform.clock.wallMs(),
		wifi: Object.fromEntries(radios),
		summary: {
			total: all.length,
			associated: all.filter((one) => one.associated === true).length,
			weak: all.filter((one) => one.quality === "poor" || one.quality === "bad").length,
			highest_risk: risks.length === 0 ? null : Math.max(...risks),
		},
	};
}

import type { KindHead } from "../lazy.ts";

export const WIFI: KindHead = {
	name: "wifi",
	cost: "one question on ubus every 2 s (10 s on standby), two more every 10 s; no program is started",
	serves(uplink) {
		const isWifi = (uplink.medium ?? uplink.class) === "wifi";
		return isWifi
			? `it is a Wi-Fi client (${uplink.medium === undefined ? uplink.classReason : "by its device"})`
			: null;
	},
};

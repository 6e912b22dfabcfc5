/** What publish/ asks, answered by the very functions that answer on ubus. */
import type { Source } from "../publish/source.ts";
import { healthReply, infoReply } from "../serve/about.ts";
import { alertsReply, notificationStatusReply } from "../serve/alerts.ts";
import type { ServeDeps } from "../serve/deps.ts";
import { membersReply } from "../serve/members.ts";
import { statusReply } from "../serve/status.ts";
import { dataUsageReply } from "../serve/usage.ts";
import type { Rooms } from "./rooms.ts";

export function sourceOf(rooms: Rooms, deps: ServeDeps, device: () => string): Source {
	return {
		version: rooms.version,
		device,
		toUnixMs: rooms.recorder.toUnixMs,
		status: () => statusReply(deps),
		members: () => membersReply(deps),
		health: () => healthReply(deps, rooms.bus),
		info: () => infoReply(deps, 0),
		usage: () => dataUsageReply(deps, { interface: undefined }),
		alerts: () => alertsReply(deps),
		channels: () => notificationStatusReply(deps),
		async command(name, uplink, forS) {
			const forMs = forS === null ? null : forS * 1000;
			const { ok, text } = await deps.command({ name, uplink, forMs, reason: "over MQTT" });
			return { ok, text };
		},
	};
}

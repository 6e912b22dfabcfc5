/** What serve/ asks of daemon/alert: the alerts, the channels that tell them, the browsers that are told. */
import type { Reply } from "../../contract/api.ts";
import type { AlertKindName, AlertLevel } from "../../contract/options-alerts.ts";

/** What serve/ needs to know of an alert; daemon/alert/types.ts has more. */
export interface AlertView {
	readonly id: string;
	readonly kind: AlertKindName;
	readonly level: AlertLevel;
	readonly state: "active" | "acknowledged" | "cleared";
	readonly uplink: string | null;
	readonly text: string;
	readonly raisedAtMs: number;
	readonly changedAtMs: number;
	readonly clearedAtMs: number | null;
	readonly acknowledgedBy: string | null;
	readonly count: number;
}

type Channel = Reply<"notification_status">["channels"][number];

export interface ChannelView {
	readonly name: Channel["name"];
	readonly state: Channel["state"];
	readonly text: string;
	readonly queued: number;
	readonly sent: number;
	readonly failed: number;
	readonly lastOkMs: number | null;
	readonly lastError: string | null;
	readonly lastErrorMs: number | null;
	readonly nextTryMs: number | null;
}

/** The part of daemon/alert that serve/ asks. */
export interface AlertAccess {
	active(): readonly AlertView[];
	history(limit: number): readonly AlertView[];
	acknowledge(id: string, by: string): number;
	status(): {
		readonly channels: readonly ChannelView[];
		readonly hush: "quiet_hours" | "maintenance" | null;
		readonly waiting: number;
		readonly limited: number;
	};
	/** The channels as they were before; those that miss something are not tried. */
	test(
		channel: Channel["name"] | null,
		text: string,
		level: AlertLevel,
	): readonly (Pick<ChannelView, "name" | "state" | "text"> & { readonly missing: boolean })[];
}

interface PushView {
	readonly endpoint: string;
	readonly label: string;
	readonly sinceUnixMs: number;
}

/** The part of daemon/alert/subscriptions.ts that serve/ asks. */
export interface PushAccess {
	/** The package that is missing for it; null: none. */
	lacks(): string | null;
	list(): readonly PushView[];
	keys(): Promise<{ readonly publicKey: string }>;
	add(subscription: {
		readonly endpoint: string;
		readonly p256dh: string;
		readonly auth: string;
		readonly label: string;
	}): void;
	remove(endpoint: string): number;
}

/** What alerts need of the daemon, and what they give it. */
import type { Bus } from "../bus/bus.ts";
import type { Decision } from "../decide/types.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable } from "../platform/platform.ts";
import type { RecordedEvent, Recorder } from "../record/recorder.ts";
import type { ChannelName } from "./channels/channel.ts";
import type { ChannelStatus } from "./delivery.ts";
import type { Hush } from "./hush.ts";
import type { ChannelWorld } from "./make-channels.ts";
import type { PictureWorld } from "./picture-of.ts";
import type { Alert, AlertLevel, Notice } from "./types.ts";

export interface AlertsWorld extends Omit<ChannelWorld, "isOffline">, PictureWorld {
	readonly platform: ChannelWorld["platform"];
	readonly bus: Bus;
	readonly log: Logger;
	readonly version: string;
	readonly recorder: Pick<Recorder, "history" | "toUnixMs">;
	/** How often the daemon was started without an orderly end before, as the wrapper counts. */
	restarts(): number;
	/** Name of this router. */
	device(): string;
	/** File in RAM that tells the daemon's next start what is open; absent: it begins anew. */
	readonly memoryPath?: string;
}

export interface AlertsStatus {
	readonly channels: readonly ChannelStatus[];
	/** Nobody is told but of emergencies: why; null: all is told. */
	readonly hush: Hush | null;
	readonly waiting: number;
	readonly limited: number;
}

export interface Alerts extends Closable {
	start(): void;
	/** After each step that had something to say. */
	output(decisions: readonly Decision[], events: readonly RecordedEvent[]): void;
	configure(): void;
	active(): readonly Alert[];
	history(limit: number): readonly Alert[];
	/** How many were acknowledged. */
	acknowledge(id: string, by: string): number;
	status(): AlertsStatus;
	/** Tried at once; gives the channels as they were before. Refused when none of this name can be tried. */
	test(channel: ChannelName | null, text: string, level: AlertLevel): readonly ChannelStatus[];
	/** A text of the daemon's own for one channel, such as a report. */
	post(channel: ChannelName, text: string, html?: string | null): boolean;
	/** Every step of every alert, also those nobody is told of. */
	onNotice(listener: (notice: Notice) => void): void;
}

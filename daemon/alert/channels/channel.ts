/**
 * What a channel is: it turns one message into what a service takes, and the service's answer into one of few outcomes.
 * Most are HTTP: these are described by HttpChannel, and http.ts does the rest. Time limits, order and trying again are
 * the outbox's matter (../outbox.ts).
 */
import type { HttpRequest, HttpResponse } from "../../platform/platform.ts";
import type { Message } from "../types.ts";
import type { Worded } from "../words.ts";

export type ChannelName =
	| "pushover"
	| "email"
	| "slack"
	| "discord"
	| "telegram"
	| "pagerduty"
	| "webhook"
	| "sms"
	| "push";

/**
 * - again: not now; waitMs is what the service asked for (null: as one sees fit);
 * - settings: it will not work before somebody changes something: name or key refused, address gone;
 * - rejected: this one message will never be taken.
 */
export type Sent =
	/** text: by which way, and why not by a better one; skipped: this channel is not for this message now. */
	| { readonly ok: true; readonly text?: string; readonly skipped?: true }
	| {
			readonly ok: false;
			readonly why: "again" | "settings" | "rejected";
			readonly waitMs: number | null;
			readonly text: string;
	  };

export interface Letter {
	readonly message: Message;
	readonly words: Worded;
	/** Name of this router. */
	readonly device: string;
	/** When the message happened, and now; Unix ms. */
	readonly happenedUnixMs: number;
	readonly nowUnixMs: number;
	readonly version: string;
	toUnixMs(atMs: number): number;
}

export interface Channel {
	/** Keeps the life of alerts itself: hears of every step, also of those that people are not told. */
	readonly keepsLife: boolean;
	/** Works without an uplink. */
	readonly offline: boolean;
	/** What is missing in its configuration; null: nothing. */
	readonly missing: string | null;
	/** Values that must never be seen anywhere. */
	readonly secrets: readonly string[];
	send(letter: Letter): Promise<Sent>;
	/** Asks the service whether somebody has acknowledged; only while alerts are open. */
	readonly acknowledgements?: () => Promise<readonly Acknowledgement[]>;
}

export interface Acknowledgement {
	/** Id of an alert, or "all". */
	readonly id: string;
	readonly by: string;
}

export type Post = (request: HttpRequest) => Promise<HttpResponse>;

/** Priority words are the same everywhere: a message that only says that something is over is not urgent. */
export function isCalm(message: Message): boolean {
	const heard = message.notices.filter((one) => !one.silent);
	return message.kind === "test" || message.kind === "report" || heard.every((one) => one.change === "cleared");
}

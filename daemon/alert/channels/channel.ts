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
	/** Whether this alert still holds and nobody has acknowledged it. */
	isOpen(id: string): boolean;
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
	/** Asks the service whether somebody has acknowledged; only while alerts are open, or something is pending. */
	readonly acknowledgements?: (isOpen: (id: string) => boolean) => Promise<readonly Acknowledgement[]>;
	/** The service repeats something that is over by now, and must be told so. */
	isPending?(isOpen: (id: string) => boolean): boolean;
	/** What it must know to understand an acknowledgement, for its successor: after a change of its section, or a restart. */
	memory?(): unknown;
	/** Takes what an earlier one knew; whatever it is not sure of is left out. */
	recall?(memory: unknown): void;
}

/** What a channel remembers of a message between its tries; of the last few only, since a test may come between. */
export function createProgress<T>(fresh: () => T): (id: string) => T {
	const known = new Map<string, T>();
	return (id) => {
		const one = known.get(id) ?? fresh();
		known.set(id, one);
		if (known.size > 4) known.delete(known.keys().next().value ?? "");
		return one;
	};
}

/** [key, ids] as it comes from a file. */
export function isIds(value: unknown): value is readonly [string | number, readonly string[]] {
	if (!Array.isArray(value)) return false;
	const [key, ids] = value as unknown[];
	const isKey = typeof key === "string" || typeof key === "number";
	return isKey && Array.isArray(ids) && ids.every((one) => typeof one === "string");
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

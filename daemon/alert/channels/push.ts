/**
 * Web push to every phone and browser that subscribed. Each has its own push service; a message that only some took is
 * tried again with the others alone, and not for ever: one dead service must not hold up those that work. A subscription
 * its service no longer knows (404, 410) is taken out, as is one whose keys are none.
 */
import type { Config } from "../../config/types.ts";
import { AutonomyError, errorText } from "../../platform/error.ts";
import type { Platform } from "../../platform/platform.ts";
import type { Subscription, Subscriptions } from "../subscriptions.ts";
import type { Message } from "../types.ts";
import { type Channel, createProgress, isCalm, type Letter, type Post, type Sent } from "./channel.ts";
import { cut, readAnswer } from "./http.ts";

export interface PushWorld {
	readonly platform: Pick<Platform, "outlets">;
	readonly subscriptions: Pick<Subscriptions, "list" | "keys" | "remove">;
}

/** How long a service keeps a message for a phone that is off. */
const KEEP_S = 86_400;
const TRIES = 3;
const MAX_TEXT = 700;

/** What the app's worker shows (web/app/sw.ts). */
export function payloadOf({ message, words, happenedUnixMs }: Letter): string {
	const open = message.notices.filter((one) => !one.silent);
	const [only] = open.length === 1 ? open : [];
	const ack = only !== undefined && only.alert.state === "active" && !isCalm(message) ? only.alert.id : "";
	return JSON.stringify({
		title: words.title,
		text: cut(words.text, MAX_TEXT),
		level: message.level,
		ts: happenedUnixMs,
		// One condition is one notification: its end takes the place of its beginning.
		tag: only === undefined ? message.id : only.alert.id,
		...(ack === "" ? {} : { ack, ack_title: "Acknowledge" }),
	});
}

function urgency(message: Message): "low" | "normal" | "high" {
	if (isCalm(message) || message.level === "info") return "low";
	return message.level === "warning" ? "normal" : "high";
}

export function createPush(config: Config["push"], post: Post, world: PushWorld): Channel {
	const { subscriptions, platform } = world;
	const progressOf = createProgress(() => ({ tries: 0, done: new Set<string>() }));

	async function sendOne(to: Subscription, letter: Letter): Promise<Sent> {
		const { headers, body } = await platform.outlets.sealPush({
			...to,
			keys: await subscriptions.keys(),
			payload: payloadOf(letter),
			contact: config.contact === null ? null : `mailto:${config.contact}`,
			nowMs: letter.nowUnixMs,
		});
		const answer = await post({
			url: to.endpoint,
			method: "POST",
			headers: { ...headers, ttl: String(KEEP_S), urgency: urgency(letter.message) },
			body,
			publicOnly: !config.allowPrivate,
		});
		if (answer.status === 404 || answer.status === 410) {
			subscriptions.remove(to.endpoint, `its push service no longer knows it (${answer.status})`);
			return { ok: true };
		}
		return readAnswer(answer);
	}

	async function attempt(to: Subscription, letter: Letter): Promise<Sent> {
		try {
			return await sendOne(to, letter);
		} catch (error) {
			const code = error instanceof AutonomyError ? error.code : "internal";
			if (code === "bad_argument") {
				subscriptions.remove(to.endpoint, errorText(error));
				return { ok: true };
			}
			return { ok: false, why: code === "refused" ? "settings" : "again", waitMs: null, text: errorText(error) };
		}
	}

	return {
		keepsLife: false,
		offline: false,
		get missing() {
			const lacks = platform.outlets.pushLacks();
			if (lacks !== null) return `the package ${lacks}`;
			return subscriptions.list().length === 0 ? "a phone or browser that wants to be told" : null;
		},
		get secrets() {
			return subscriptions.list().flatMap(({ endpoint, auth }) => [endpoint, endpoint.slice(-32), auth]);
		},
		async send(letter): Promise<Sent> {
			const progress = progressOf(letter.message.id);
			const { done } = progress;
			progress.tries++;
			const waiting = subscriptions.list().filter((one) => !done.has(one.endpoint));
			const results = await Promise.all(
				waiting.map(async (to) => {
					const sent = await attempt(to, letter);
					if (sent.ok) done.add(to.endpoint);
					return { label: to.label, sent };
				}),
			);
			const failed = results.flatMap(({ label, sent }) =>
				sent.ok ? [] : [{ ...sent, text: `${label}: ${sent.text}` }],
			);
			const [first] = failed;
			if (first === undefined) return { ok: true, text: `${done.size} told` };
			const worst = failed.find((one) => one.why === "again") ?? first;
			if (done.size === 0 || (worst.why === "again" && progress.tries < TRIES)) return worst;
			return { ok: true, text: `${done.size} told, not ${failed.map((one) => one.text).join("; ")}` };
		},
	};
}

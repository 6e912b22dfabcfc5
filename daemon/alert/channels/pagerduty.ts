/**
 * PagerDuty Events API v2: one event per step of an alert, with the condition as dedup_key, so that the same trouble is
 * one incident, acknowledged and resolved by itself. A message is tried again from the event that failed on: a trigger
 * sent again after its resolve would be a new incident.
 */
import type { Config } from "../../config/types.ts";
import type { Notice } from "../types.ts";
import { headline, plain } from "../words.ts";
import { type Channel, createProgress, type Letter, type Post, type Sent } from "./channel.ts";
import { cut, JSON_TYPE, readAnswer } from "./http.ts";

const BASES = { us: "https://events.pagerduty.com", eu: "https://events.eu.pagerduty.com" } as const;
const SEVERITY = { info: "info", warning: "warning", critical: "error", emergency: "critical" } as const;

function actionOf({ change }: Notice): "trigger" | "acknowledge" | "resolve" {
	if (change === "cleared") return "resolve";
	return change === "acknowledged" ? "acknowledge" : "trigger";
}

export function createPagerDuty(config: Config["pagerduty"], post: Post, base: string = BASES[config.region]): Channel {
	const { routingKey } = config;
	const progressOf = createProgress(() => ({ done: 0 }));
	/** The attempt under way: one given up by its time limit may still be at work. */
	let current: Promise<unknown> = Promise.resolve();

	async function event(fields: object): Promise<Sent> {
		const body = JSON.stringify({ routing_key: routingKey, ...fields });
		const sent = readAnswer(await post({ url: `${base}/v2/enqueue`, method: "POST", headers: JSON_TYPE, body }));
		// What 400 refuses here is the key: the rest is made of checked parts.
		return !sent.ok && sent.why === "rejected" ? { ...sent, why: "settings" } : sent;
	}

	function fieldsOf(notice: Notice, letter: Letter): object {
		const { alert } = notice;
		const action = actionOf(notice);
		const dedup_key = cut(`${letter.device}/${alert.key}`, 255);
		if (action !== "trigger") return { event_action: action, dedup_key };
		return {
			event_action: action,
			dedup_key,
			payload: {
				summary: cut(plain(`${letter.device}: ${headline(notice)}: ${alert.text}`, 1024), 1024),
				source: letter.device,
				severity: SEVERITY[alert.level],
				timestamp: new Date(letter.toUnixMs(notice.atMs)).toISOString(),
				component: alert.uplink ?? "router",
				class: alert.kind,
				custom_details: { alert_id: alert.id, change: notice.change, count: alert.count },
			},
			client: "autonomy",
		};
	}

	async function rest({ message, ...letter }: Letter): Promise<Sent> {
		const progress = progressOf(message.id);
		for (const notice of message.notices.slice(progress.done)) {
			const sent = await event(fieldsOf(notice, { message, ...letter }));
			if (!sent.ok) return sent;
			progress.done++;
		}
		return { ok: true };
	}

	return {
		keepsLife: true,
		offline: false,
		missing: routingKey === null ? "option routing_key" : null,
		secrets: routingKey === null ? [] : [routingKey],
		async send(letter) {
			if (letter.message.notices.length === 0) {
				const payload = {
					summary: cut(`${letter.words.title}: ${letter.words.text}`, 1024),
					source: letter.device,
					severity: "info",
				};
				const dedup_key = `${letter.device}/test`;
				const sent = await event({ event_action: "trigger", dedup_key, payload });
				return sent.ok ? event({ event_action: "resolve", dedup_key }) : sent;
			}
			const work = current.then(() => rest(letter));
			current = work.catch(() => undefined);
			return work;
		},
	};
}

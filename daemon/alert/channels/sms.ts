/**
 * SMS through a modem of this router (sms-ways.ts). Short, since each costs money: title and text in one part (160 places of
 * the 7 bit alphabet, else 70 characters), by default only while no uplink works or in an emergency, and only so many a day.
 */
import type { Bus } from "../../bus/bus.ts";
import type { Config } from "../../config/types.ts";
import { errorText } from "../../platform/error.ts";
import type { Platform } from "../../platform/platform.ts";
import { type Channel, createProgress, type Letter, type Sent } from "./channel.ts";
import { createSmsWays, isAbsent, type SmsWayName } from "./sms-ways.ts";

const DAY_MS = 86_400_000;
const ALL_WAYS: readonly SmsWayName[] = ["rutos", "modemmanager", "sms_tool"];

export interface SmsWorld {
	readonly platform: Pick<Platform, "clock" | "processes">;
	readonly bus: Bus;
	/** No uplink works. */
	isOffline(): boolean;
}

/** Takes two places in the 7 bit alphabet (3GPP TS 23.038, 6.2.1.1). */
const TWO_PLACES = /[\^{}\\[~\]|]/g;

export function smsText({ words }: Pick<Letter, "words">): string {
	const text = `${words.title}. ${words.text}`.replace(/\s+/g, " ").replace(/`/g, "'").trim();
	if (!/^[\x20-\x7e]*$/.test(text)) {
		return text.length <= 70 ? text : `${text.slice(0, 67).replace(/[\ud800-\udbff]$/, "")}...`;
	}
	const places = (part: string): number => part.length + (part.match(TWO_PLACES)?.length ?? 0);
	if (places(text) <= 160) return text;
	let end = 157;
	while (places(text.slice(0, end)) > 157) end--;
	return `${text.slice(0, end)}...`;
}

export function createSms(config: Config["sms"], world: SmsWorld): Channel {
	const { platform } = world;
	const recipients = config.recipients ?? [];
	const ways = createSmsWays(platform, world.bus, config.device);
	let sentAtMs: number[] = [];
	/** Who has a message: a failure at the second number must not reach the first again. */
	const numbersOf = createProgress(() => new Set<string>());
	/** The attempt under way: one given up by its time limit may still be at work. */
	let current: Promise<unknown> = Promise.resolve();

	/** By the first way that works; what the ones before it said is told too. */
	async function one(number: string, text: string): Promise<string> {
		const chosen = config.provider === "auto" ? ALL_WAYS : [config.provider];
		const failed: string[] = [];
		const absent: string[] = [];
		for (const name of chosen) {
			try {
				const used = await ways[name].send(number, text);
				return failed.length === 0 ? `by ${used}` : `by ${used}, after ${failed.join("; ")}`;
			} catch (error) {
				(isAbsent(error) ? absent : failed).push(`${name}: ${errorText(error)}`);
			}
		}
		throw new Error([...failed, ...absent].join("; "));
	}

	async function toAll(letter: Letter): Promise<Sent> {
		const now = platform.clock.monotonicMs();
		sentAtMs = sentAtMs.filter((atMs) => now - atMs < DAY_MS);
		const done = numbersOf(letter.message.id);
		let text = "";
		for (const number of recipients) {
			if (done.has(number)) continue;
			if (sentAtMs.length >= config.maxPerDay) {
				const why = `${config.maxPerDay} SMS were sent within 24 hours: no more today (option max_per_day of section sms)`;
				return { ok: false, why: "rejected", waitMs: null, text: why };
			}
			try {
				text = await one(number, smsText(letter));
			} catch (error) {
				return { ok: false, why: "again", waitMs: null, text: errorText(error) };
			}
			sentAtMs.push(now);
			done.add(number);
		}
		return { ok: true, text };
	}

	return {
		keepsLife: false,
		offline: true,
		missing: recipients.length === 0 ? "option recipients" : null,
		secrets: recipients,
		async send(letter): Promise<Sent> {
			const { level, kind } = letter.message;
			const wanted = !config.onlyOffline || world.isOffline() || level === "emergency" || kind === "test";
			if (!wanted) return { ok: true, skipped: true, text: "not needed while an uplink works" };
			const work = current.then(() => toAll(letter));
			current = work.catch(() => undefined);
			return work;
		},
	};
}

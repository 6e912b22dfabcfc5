/**
 * A message in words: title and text, once for all channels. Pure. Everything in it may come from outside, so what a
 * terminal or a phone would obey (control characters, direction marks) is taken out here; markup is each channel's own
 * matter. Plain text, bounded.
 */
import { ALERT_KINDS } from "../../contract/options-alerts.ts";
import type { Message, Notice } from "./types.ts";
import { localText, type Zone } from "./zone.ts";

export interface Worded {
	readonly title: string;
	readonly text: string;
}

export interface WordContext {
	readonly device: string;
	readonly zone: Zone;
	readonly nowMs: number;
	toUnixMs(atMs: number): number;
}

/** From here on it is said that a message comes late; longer than what is held back to come together by default. */
export const LATE_MS = 15_000;
const MAX_LINES = 20;
/** Lines of a report. */
const MAX_LEAD = 200;
const MAX_TITLE = 100;
const MAX_LINE = 400;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const HARMFUL = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g;

/** Printable, without anything that changes how other text is shown. */
export function plain(text: string, max: number): string {
	const clean = text.replace(HARMFUL, " ").replace(/\p{Cs}/gu, "\ufffd");
	return clean.length <= max ? clean : `${[...clean].slice(0, max - 3).join("")}...`;
}

export function wordsOf(message: Message, context: WordContext): Worded {
	const heard = message.notices.filter((one) => !one.silent);
	const lead = message.lead?.split("\n").slice(0, MAX_LEAD) ?? [];
	const lines: string[] = lead.map((line) => plain(line, MAX_LINE));
	const { leftOut = 0 } = message;
	if (leftOut > 0) lines.push(leftOut === 1 ? "1 older one is not listed" : `${leftOut} older ones are not listed`);
	const alone = heard.length === 1 && message.kind !== "digest";
	for (const notice of heard.slice(0, MAX_LINES)) lines.push(lineOf(notice, alone, context));
	if (heard.length > MAX_LINES) lines.push(`and ${heard.length - MAX_LINES} more; see autonomyctl alerts`);
	const late = context.nowMs - message.atMs;
	const happened = localText(context.zone, context.toUnixMs(message.atMs));
	if (late >= LATE_MS && message.kind !== "report") {
		const what = alone || heard.length === 0 ? "it happened" : "the first of it happened";
		lines.push(`Sent late: ${what} at ${happened}, ${duration(late)} ago.`);
	} else if (alone) lines.push(`At ${happened}.`);
	return { title: plain(`${context.device}: ${subject(message, heard)}`, MAX_TITLE), text: lines.join("\n") };
}

function subject(message: Message, heard: readonly Notice[]): string {
	const [first] = heard;
	if (message.kind === "test") return "Test message";
	if (message.kind === "report") return "Report";
	if (first === undefined) return "Alerts";
	if (message.kind === "digest") return `${heard.length} ${heard.length === 1 ? "alert" : "alerts"} that waited`;
	const more = heard.length === 1 ? "" : ` and ${heard.length - 1} more`;
	return `${headline(first)}${more}`;
}

export function headline({ alert, change }: Notice): string {
	const { title } = ALERT_KINDS[alert.kind];
	const about = alert.uplink === null ? "" : ` (${alert.uplink})`;
	switch (change) {
		case "cleared":
			return `${endTitle(alert.kind) ?? `Over: ${title}`}${about}`;
		case "acknowledged":
			return `Acknowledged: ${title}${about}`;
		case "unacknowledged":
			return `Nobody has acknowledged: ${title}${about}`;
		case "escalated":
			return `Worse: ${title}${about}`;
		default:
			return `${title}${about}`;
	}
}

function endTitle(kind: Notice["alert"]["kind"]): string | null {
	if (kind === "failover" || kind === "predictive") return ALERT_KINDS.failback.title;
	return kind === "member_down" ? ALERT_KINDS.member_up.title : null;
}

function lineOf(notice: Notice, alone: boolean, context: WordContext): string {
	const text = `${plain(notice.alert.text, MAX_LINE)}.`;
	if (alone) return text;
	const at = localText(context.zone, context.toUnixMs(notice.atMs));
	return `${at} ${plain(headline(notice), MAX_TITLE)}: ${text}`;
}

export function duration(ms: number): string {
	const minutes = Math.round(ms / 60_000);
	if (minutes < 1) return `${Math.round(ms / 1000)} s`;
	if (minutes < 120) return `${minutes} min`;
	const hours = Math.round(minutes / 60);
	return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

/**
 * How answers of HTTP services are read, the same for all: 2xx taken; 429 and 5xx later, as long as the service asks;
 * a redirect, 401, 403, 404, 410 a matter of the configuration; other refusals are this message's own fault.
 */
import type { HttpResponse } from "../../platform/platform.ts";
import { plain } from "../words.ts";
import type { Sent } from "./channel.ts";

const MAX_WAIT_MS = 3_600_000;

export function readAnswer(answer: HttpResponse): Sent {
	const { status } = answer;
	if (status >= 200 && status < 300) return { ok: true };
	const words = `${status}${saidBy(answer)}`;
	if (status === 429) return { ok: false, why: "again", waitMs: waitOf(answer), text: `too many messages: ${words}` };
	if (status >= 500 || status === 408 || status === 425) {
		return { ok: false, why: "again", waitMs: waitOf(answer), text: `the service has trouble: ${words}` };
	}
	if (status >= 300 && status < 400) {
		return {
			ok: false,
			why: "settings",
			waitMs: null,
			text: `answers with a redirect (${status})${whither(answer)}, which is not followed`,
		};
	}
	if ([401, 403, 404, 410].includes(status)) {
		return { ok: false, why: "settings", waitMs: null, text: `refused: ${words}` };
	}
	return { ok: false, why: "rejected", waitMs: null, text: `the message was refused: ${words}` };
}

/** The host a redirect leads to; its path may hold what nobody should see. */
function whither(answer: HttpResponse): string {
	const host = /^https?:\/\/(?:[^/?#@]*@)?([A-Za-z0-9.:[\]-]{1,100})/i.exec(answer.headers.location ?? "")?.[1];
	return host === undefined ? "" : ` to ${host}`;
}

/** Retry-After in seconds or as a date, else what Discord and Telegram write into the body. */
function waitOf(answer: HttpResponse): number | null {
	const header = answer.headers["retry-after"];
	if (header !== undefined && /^\d{1,6}(\.\d+)?$/.test(header)) return limited(Number(header) * 1000);
	if (header !== undefined) {
		const now = Date.parse(answer.headers.date ?? "");
		const until = Date.parse(header);
		if (!Number.isNaN(now) && !Number.isNaN(until)) return limited(until - now);
	}
	const body = jsonOf(answer);
	const seconds = at(body, "retry_after") ?? at(at(body, "parameters"), "retry_after");
	return typeof seconds === "number" && seconds >= 0 ? limited(seconds * 1000) : null;
}

function limited(ms: number): number {
	return Math.max(0, Math.min(MAX_WAIT_MS, Math.ceil(ms)));
}

/** The service's own words, for the owner. */
function saidBy(answer: HttpResponse): string {
	const body = jsonOf(answer);
	const errors = at(body, "errors");
	const said =
		(Array.isArray(errors) ? errors.filter((one) => typeof one === "string").join("; ") : null) ||
		[at(body, "description"), at(body, "message"), at(body, "error")].find((one) => typeof one === "string") ||
		(body === null && /^[a-z_ .-]{1,60}$/i.test(answer.body.trim()) ? answer.body.trim() : "");
	return said === "" ? "" : ` (${plain(String(said), 160)})`;
}

export function jsonOf(answer: HttpResponse): unknown {
	try {
		return JSON.parse(answer.body) as unknown;
	} catch {
		return null; // some services answer in plain words
	}
}

export function at(value: unknown, name: string): unknown {
	return typeof value === "object" && value !== null && Object.hasOwn(value, name)
		? (value as Readonly<Record<string, unknown>>)[name]
		: undefined;
}

export function form(fields: Readonly<Record<string, string | number | null>>): string {
	return Object.entries(fields)
		.filter(([, value]) => value !== null)
		.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
		.join("&");
}

/** The first `max` characters, never half of one. */
export function cut(text: string, max: number): string {
	if (text.length <= max) return text;
	return `${text.slice(0, max - 3).replace(/[\ud800-\udbff]$/, "")}...`;
}

export const JSON_TYPE = { "content-type": "application/json" } as const;

/**
 * Any HTTP server. The body is all fields as JSON, or the owner's template, in which {{field}} stands for a value encoded
 * for the kind of body (JSON string, form, XML; else as it is) and {{json field}} for a whole JSON value. Only the fields
 * of FIELDS exist: a template can compute nothing and reach nothing. Names that lead to private addresses are refused
 * after they are resolved, redirects as well, unless the owner allows either.
 */
import type { Config } from "../../config/types.ts";
import type { Outlets } from "../../platform/outlets.ts";
import type { HttpRequest, HttpResponse } from "../../platform/platform.ts";
import { headline } from "../words.ts";
import { type Channel, createProgress, type Letter, type Post, type Sent } from "./channel.ts";
import { pathSecrets } from "./chat.ts";
import { form, readAnswer } from "./http.ts";

type Value = string | number | null | readonly object[];

/** Everything a template may name, with what it means (docs/alerts.md). */
export const FIELDS: Readonly<Record<string, (letter: Letter) => Value>> = {
	id: ({ message }) => message.id,
	type: ({ message }) => message.notices[0]?.alert.kind ?? message.kind,
	kind: ({ message }) => message.kind,
	title: ({ words }) => words.title,
	message: ({ words }) => words.text,
	priority: ({ message }) => message.level,
	change: ({ message }) => message.notices[0]?.change ?? null,
	uplink: ({ message }) => message.notices[0]?.alert.uplink ?? null,
	count: ({ message }) => message.notices.length,
	timestamp: ({ happenedUnixMs }) => new Date(happenedUnixMs).toISOString(),
	ts: ({ happenedUnixMs }) => happenedUnixMs,
	late_s: ({ happenedUnixMs, nowUnixMs }) => Math.max(0, Math.round((nowUnixMs - happenedUnixMs) / 1000)),
	source: () => "autonomy",
	version: ({ version }) => version,
	hostname: ({ device }) => device,
	alerts: (letter) =>
		letter.message.notices
			.filter((one) => !one.silent)
			.map((one) => ({
				id: one.alert.id,
				key: one.alert.key,
				kind: one.alert.kind,
				change: one.change,
				level: one.alert.level,
				uplink: one.alert.uplink,
				title: headline(one),
				text: one.alert.text,
				ts: letter.toUnixMs(one.atMs),
			})),
};

type Encode = (value: Value) => string;

const asText: Encode = (value) =>
	typeof value === "object" && value !== null ? JSON.stringify(value) : String(value ?? "");
const ENTITIES: Readonly<Record<string, string>> = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	'"': "&quot;",
	"'": "&#39;",
};

function encoderFor(contentType: string): Encode {
	const type = contentType.toLowerCase();
	if (type.includes("json")) return (value) => JSON.stringify(asText(value)).slice(1, -1);
	if (type.includes("x-www-form-urlencoded")) return (value) => encodeURIComponent(asText(value));
	if (type.includes("xml") || type.includes("html"))
		return (value) => asText(value).replace(/[&<>"']/g, (one) => ENTITIES[one] ?? "");
	return asText;
}

/** Null: not a field. */
export function fill(template: string, contentType: string, letter: Letter): string {
	const encode = encoderFor(contentType);
	return template.replace(
		/\{\{\s*(json\s+)?\.?([a-z_]{1,20})\s*\}\}/gi,
		(_, json: string | undefined, name: string) => {
			const field = fieldOf(name);
			const value = field === null ? null : field(letter);
			return json === undefined ? encode(value) : JSON.stringify(value);
		},
	);
}

function fieldOf(name: string): ((letter: Letter) => Value) | null {
	const lower = name.toLowerCase();
	return Object.hasOwn(FIELDS, lower) ? (FIELDS[lower] ?? null) : null;
}

/** Names in a template that are no fields. */
export function unknownFields(template: string): string[] {
	const names = [...template.matchAll(/\{\{\s*(?:json\s+)?\.?([^}]*?)\s*\}\}/gi)].map(([, name = ""]) => name);
	return names.filter((name) => fieldOf(name) === null);
}

export function createWebhook(
	config: Config["webhook"],
	post: Post,
	outlets: Pick<Outlets, "hmacSha256" | "base64">,
): Channel {
	const { url, template, authToken, authUsername, authPassword, hmacSecret } = config;
	const contentType = config.contentType ?? "application/json";
	const refusals = createProgress(() => ({ count: 0 }));

	function authorization(): Record<string, string> {
		switch (config.authType) {
			case "none":
				return {};
			case "bearer":
				return { authorization: `Bearer ${authToken ?? ""}` };
			case "basic":
				return { authorization: `Basic ${outlets.base64(`${authUsername ?? ""}:${authPassword ?? ""}`)}` };
			case "api_key":
			case "custom":
				return { [(config.authHeader ?? "X-API-Key").toLowerCase()]: authToken ?? "" };
		}
	}

	async function exchange(request: HttpRequest): Promise<HttpResponse> {
		const answer = await post(request);
		const location = answer.headers.location;
		if (!config.followRedirect || answer.status < 300 || answer.status >= 400 || location === undefined) return answer;
		if (!/^https?:\/\//i.test(location)) return answer;
		// What proves who we are is for the first host alone, and not for the same one without TLS.
		const proofs = Object.keys(authorization());
		const headers = Object.fromEntries(
			Object.entries(request.headers ?? {}).filter(([name]) => !proofs.includes(name)),
		);
		const same = originOf(location) === originOf(request.url);
		return post({ ...request, url: location, ...(same ? {} : { headers }) });
	}

	/** A server that refuses for a while must not hold all others up for ever. */
	function bounded(sent: Sent, id: string): Sent {
		if (sent.ok || sent.why !== "again") return sent;
		const tries = refusals(id);
		return ++tries.count > config.retryAttempts ? { ...sent, why: "rejected" } : sent;
	}

	const secrets = [url, authToken, authPassword, hmacSecret].filter((one) => one !== null);
	return {
		keepsLife: false,
		offline: false,
		missing: url === null ? "option url" : template === null ? null : wrongTemplate(template),
		secrets: [...secrets, ...(url === null ? [] : pathSecrets(url)), ...Object.values(authorization())].filter(
			(one) => one.length > 3,
		),
		async send(letter) {
			const all = Object.fromEntries(Object.entries(FIELDS).map(([name, read]) => [name, read(letter)]));
			const isForm = contentType.includes("x-www-form-urlencoded");
			const whole = isForm
				? form(Object.fromEntries(Object.entries(all).map(([name, value]) => [name, asText(value)])))
				: JSON.stringify(all);
			const body = template === null ? whole : fill(template, contentType, letter);
			const signature =
				hmacSecret === null ? {} : { "x-autonomy-signature": `sha256=${await outlets.hmacSha256(hmacSecret, body)}` };
			const answer = await exchange({
				url: url ?? "",
				method: config.method.toUpperCase(),
				headers: {
					"content-type": contentType,
					"user-agent": `autonomy/${letter.version}`,
					"x-autonomy-delivery": `${letter.happenedUnixMs}-${letter.message.id}`,
					...signature,
					...authorization(),
				},
				body,
				timeoutMs: config.timeout * 1000,
				publicOnly: !config.allowPrivate,
			});
			return bounded(readAnswer(answer), letter.message.id);
		},
	};
}

/** Scheme and host; null for what is no address of the web. */
function originOf(url: string): string | null {
	const [, scheme, host] = /^(https?):\/\/(?:[^/?#@]*@)?([^/?#]*)/i.exec(url) ?? [];
	return scheme === undefined || host === undefined ? null : `${scheme}://${host}`.toLowerCase();
}

function wrongTemplate(template: string): string | null {
	const [unknown] = unknownFields(template);
	return unknown === undefined ? null : `a known field in option template ({{${unknown}}} is none)`;
}

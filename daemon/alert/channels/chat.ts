/**
 * Slack and Discord: incoming webhooks that take a text. Slack reads & < > as markup (its documentation: escape these
 * three); Discord reads Markdown and mentions: both are made harmless, and mentions are forbidden in the request too.
 */
import type { Config } from "../../config/types.ts";
import type { Message } from "../types.ts";
import { type Channel, isCalm, type Letter, type Post } from "./channel.ts";
import { cut, JSON_TYPE, readAnswer } from "./http.ts";

const SIGNS = {
	info: "\u2139\ufe0f",
	warning: "\u26a0\ufe0f",
	critical: "\ud83d\udd34",
	emergency: "\ud83d\udea8",
} as const;

function sign(message: Message): string {
	return isCalm(message) ? "\u2705" : SIGNS[message.level];
}

function escapeSlack(text: string): string {
	return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

function escapeDiscord(text: string): string {
	return text.replace(/[\\*_~|`>#[\]()<@-]/g, "\\$&");
}

function present<T extends Readonly<Record<string, unknown>>>(fields: T): Partial<T> {
	return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as Partial<T>;
}

export function createSlack(config: Config["slack"], post: Post): Channel {
	const { webhookUrl: url, channel, username, iconEmoji } = config;
	return {
		keepsLife: false,
		offline: false,
		missing: url === null ? "option webhook_url" : null,
		secrets: url === null ? [] : [url, ...pathSecrets(url)],
		async send({ message, words }: Letter) {
			const text = `${sign(message)} *${escapeSlack(words.title)}*\n${escapeSlack(cut(words.text, 3000))}`;
			const body = JSON.stringify({ text, ...present({ channel, username, icon_emoji: iconEmoji }) });
			return readAnswer(await post({ url: url ?? "", method: "POST", headers: JSON_TYPE, body }));
		},
	};
}

export function createDiscord(config: Config["discord"], post: Post): Channel {
	const { webhookUrl: url, username, avatarUrl } = config;
	return {
		keepsLife: false,
		offline: false,
		missing: url === null ? "option webhook_url" : null,
		secrets: url === null ? [] : [url, ...pathSecrets(url)],
		async send({ message, words }: Letter) {
			// 2000 characters are the service's limit.
			const content = cut(`${sign(message)} **${escapeDiscord(words.title)}**\n${escapeDiscord(words.text)}`, 2000);
			const body = JSON.stringify({
				content,
				allowed_mentions: { parse: [] },
				...present({ username, avatar_url: avatarUrl }),
			});
			return readAnswer(await post({ url: url ?? "", method: "POST", headers: JSON_TYPE, body }));
		},
	};
}

/** In these addresses the path is the key. */
export function pathSecrets(url: string): string[] {
	return url.split(/[/?=&]/).filter((part) => part.length >= 8 && !part.includes("."));
}

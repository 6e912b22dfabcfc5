/**
 * Telegram: sendMessage without parse_mode (plain text, up to 4096 characters) with a button under it. Acknowledged by
 * the button or by answering "ack" to the message, and only from the chat it was sent to. While alerts are open getUpdates
 * is asked now and then, without holding the connection; a bot that has a webhook set elsewhere refuses that (409), and
 * then sending still works.
 */
import type { Config } from "../../config/types.ts";
import { type Acknowledgement, type Channel, isCalm, isIds, type Post, type Sent } from "./channel.ts";
import { at, cut, JSON_TYPE, jsonOf, readAnswer } from "./http.ts";

const MAX_REMEMBERED = 50;

export function createTelegram(config: Config["telegram"], post: Post, base = "https://api.telegram.org"): Channel {
	const { token, chatId } = config;
	/** Message number at Telegram -> alerts in it. */
	const messages = new Map<number, readonly string[]>();
	let offset = 0;

	const call = (method: string, body: object) =>
		post({
			url: `${base}/bot${token ?? ""}/${method}`,
			method: "POST",
			headers: JSON_TYPE,
			body: JSON.stringify(body),
		});

	function isOurChat(chat: unknown): boolean {
		const username = at(chat, "username");
		return String(at(chat, "id")) === chatId || (typeof username === "string" && `@${username}` === chatId);
	}

	async function read(update: unknown): Promise<readonly Acknowledgement[]> {
		const query = at(update, "callback_query");
		const message = at(query, "message") ?? at(at(update, "message"), "reply_to_message");
		const chat = at(at(query, "message"), "chat") ?? at(at(update, "message"), "chat");
		const answered =
			query !== undefined
				? at(query, "data") === "ack"
				: /^\s*(ack|ok)\b/i.test(String(at(at(update, "message"), "text")));
		if (!answered || !isOurChat(chat)) return [];
		const ids = messages.get(Number(at(message, "message_id"))) ?? [];
		const id = at(query, "id");
		// Unanswered, the button would turn on the phone for a while.
		const text = ids.length > 0 ? "Acknowledged" : "Not known any more: see autonomyctl alerts";
		if (typeof id === "string") await call("answerCallbackQuery", { callback_query_id: id, text });
		return ids.map((one) => ({ id: one, by: "telegram" }));
	}

	return {
		keepsLife: false,
		offline: false,
		missing: token === null ? "option token" : chatId === null ? "option chat_id" : null,
		secrets: token === null ? [] : [token, encodeURIComponent(token)],
		memory: () => ({ offset, messages: [...messages] }),
		recall(memory) {
			const [number, known] = [at(memory, "offset"), at(memory, "messages")];
			if (typeof number === "number" && Number.isSafeInteger(number)) offset = Math.max(offset, number);
			for (const [key, ids] of Array.isArray(known) ? (known as unknown[]).filter(isIds) : []) {
				if (typeof key === "number") messages.set(key, ids);
			}
		},
		async send({ message, words }): Promise<Sent> {
			const open = !isCalm(message) && message.notices.length > 0;
			const answer = await call("sendMessage", {
				chat_id: chatId,
				text: cut(`${words.title}\n\n${words.text}`, 4096),
				disable_notification: isCalm(message) || message.level === "info",
				...(open ? { reply_markup: { inline_keyboard: [[{ text: "Acknowledge", callback_data: "ack" }]] } } : {}),
			});
			const number = at(at(jsonOf(answer), "result"), "message_id");
			if (open && typeof number === "number") {
				messages.set(
					number,
					message.notices.map((one) => one.alert.id),
				);
				if (messages.size > MAX_REMEMBERED) messages.delete(messages.keys().next().value ?? 0);
			}
			const sent = readAnswer(answer);
			// 400 is "chat not found" or the like: the text has nothing that could be wrong.
			return !sent.ok && sent.why === "rejected" ? { ...sent, why: "settings" } : sent;
		},
		async acknowledgements() {
			if (messages.size === 0) return [];
			const answer = await call("getUpdates", {
				offset,
				timeout: 0,
				limit: 50,
				allowed_updates: ["message", "callback_query"],
			});
			const updates = at(jsonOf(answer), "result");
			const all: Acknowledgement[] = [];
			for (const update of Array.isArray(updates) ? (updates as unknown[]) : []) {
				const number = at(update, "update_id");
				if (typeof number === "number") offset = Math.max(offset, number + 1);
				all.push(...(await read(update)));
			}
			return all;
		},
	};
}

/**
 * Pushover, POST /1/messages.json. Emergencies have priority 2: repeated every minute for an hour until somebody
 * acknowledges on the phone; the receipt tells us then. Title up to 250, text up to 1024 characters; plain text.
 * A refusal by 400 names the parameter: all of them are settings here (token, user, device, sound).
 */
import type { Config } from "../../config/types.ts";
import type { Message } from "../types.ts";
import { type Acknowledgement, type Channel, isCalm, type Post, type Sent } from "./channel.ts";
import { at, cut, form, jsonOf, readAnswer } from "./http.ts";

const RETRY_S = 60;
const EXPIRE_S = 3600;
/** Receipts that are watched at a time. */
const MAX_RECEIPTS = 10;
const PRIORITY = { info: -1, warning: 0, critical: 1, emergency: 2 } as const;

export function createPushover(config: Config["pushover"], post: Post, base = "https://api.pushover.net"): Channel {
	const { token, user, device, sound } = config;
	const receipts = new Map<string, readonly string[]>();

	function priorityOf(message: Message): number {
		return isCalm(message) ? Math.min(0, PRIORITY[message.level]) : PRIORITY[message.level];
	}

	async function receiptOf(receipt: string): Promise<readonly Acknowledgement[]> {
		const url = `${base}/1/receipts/${receipt}.json?${form({ token })}`;
		const answer = await post({ url });
		const body = jsonOf(answer);
		const ids = receipts.get(receipt) ?? [];
		const acknowledged = at(body, "acknowledged") === 1;
		const over =
			acknowledged ||
			at(body, "expired") === 1 ||
			(answer.status >= 400 && answer.status < 500 && answer.status !== 429);
		if (over) receipts.delete(receipt);
		return acknowledged ? ids.map((id) => ({ id, by: "pushover" })) : [];
	}

	return {
		keepsLife: false,
		offline: false,
		missing: token === null ? "option token" : user === null ? "option user" : null,
		secrets: [token, user].filter((one) => one !== null),
		async send({ message, words, happenedUnixMs }): Promise<Sent> {
			const priority = priorityOf(message);
			const answer = await post({
				url: `${base}/1/messages.json`,
				method: "POST",
				headers: { "content-type": "application/x-www-form-urlencoded" },
				body: form({
					token,
					user,
					device,
					title: cut(words.title, 250),
					message: cut(words.text === "" ? words.title : words.text, 1024),
					priority,
					sound: priority >= 1 ? sound : null,
					timestamp: Math.floor(happenedUnixMs / 1000),
					retry: priority === 2 ? RETRY_S : null,
					expire: priority === 2 ? EXPIRE_S : null,
				}),
			});
			const receipt = at(jsonOf(answer), "receipt");
			if (priority === 2 && typeof receipt === "string" && /^[A-Za-z0-9]{1,64}$/.test(receipt)) {
				receipts.set(
					receipt,
					message.notices.map((one) => one.alert.id),
				);
				if (receipts.size > MAX_RECEIPTS) receipts.delete(receipts.keys().next().value ?? "");
			}
			const sent = readAnswer(answer);
			return !sent.ok && sent.why === "rejected" ? { ...sent, why: "settings" } : sent;
		},
		async acknowledgements() {
			const all: Acknowledgement[] = [];
			for (const receipt of receipts.keys()) all.push(...(await receiptOf(receipt)));
			return all;
		},
	};
}

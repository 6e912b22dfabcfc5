/**
 * Pushover, POST /1/messages.json. Emergencies have priority 2: repeated every minute for an hour until somebody
 * acknowledges on the phone; the receipt tells us then. What is over or acknowledged elsewhere is cancelled there, and
 * what is over before it can be sent does not begin to repeat. Title up to 250, text up to 1024 characters; plain text.
 * A refusal by 400 names the parameter: all of them are settings here (token, user, device, sound).
 */
import type { Config } from "../../config/types.ts";
import { type Acknowledgement, type Channel, isCalm, isIds, type Letter, type Post, type Sent } from "./channel.ts";
import { at, cut, form, jsonOf, readAnswer } from "./http.ts";

const RETRY_S = 60;
const EXPIRE_S = 3600;
/** Receipts that are watched at a time. */
const MAX_RECEIPTS = 10;
const RECEIPT = /^[A-Za-z0-9]{1,64}$/;
const PRIORITY = { info: -1, warning: 0, critical: 1, emergency: 2 } as const;

export function createPushover(config: Config["pushover"], post: Post, base = "https://api.pushover.net"): Channel {
	const { token, user, device, sound } = config;
	const receipts = new Map<string, readonly string[]>();

	function priorityOf({ message, isOpen }: Letter): number {
		const priority = PRIORITY[message.level];
		if (isCalm(message)) return Math.min(0, priority);
		const holds = message.notices.some(({ alert }) => alert.level === "emergency" && isOpen(alert.id));
		return priority === 2 && !holds ? 1 : priority;
	}

	async function cancel(receipt: string): Promise<void> {
		const answer = await post({
			url: `${base}/1/receipts/${receipt}/cancel.json`,
			method: "POST",
			headers: { "content-type": "application/x-www-form-urlencoded" },
			body: form({ token }),
		});
		// It repeats for an hour at most; what the service does not take is not worth more than that.
		if (answer.status < 500 && answer.status !== 429) receipts.delete(receipt);
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
		isPending: (isOpen) => [...receipts.values()].some((ids) => !ids.some(isOpen)),
		memory: () => [...receipts],
		recall(memory) {
			for (const one of Array.isArray(memory) ? (memory as unknown[]).filter(isIds) : []) {
				if (RECEIPT.test(String(one[0]))) receipts.set(String(one[0]), one[1]);
			}
		},
		async send(letter): Promise<Sent> {
			const { message, words, happenedUnixMs } = letter;
			const priority = priorityOf(letter);
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
			if (priority === 2 && typeof receipt === "string" && RECEIPT.test(receipt)) {
				receipts.set(
					receipt,
					message.notices.filter(({ alert }) => letter.isOpen(alert.id)).map(({ alert }) => alert.id),
				);
				if (receipts.size > MAX_RECEIPTS) receipts.delete(receipts.keys().next().value ?? "");
			}
			const sent = readAnswer(answer);
			return !sent.ok && sent.why === "rejected" ? { ...sent, why: "settings" } : sent;
		},
		async acknowledgements(isOpen) {
			const all: Acknowledgement[] = [];
			for (const [receipt, ids] of [...receipts]) {
				if (ids.some(isOpen)) all.push(...(await receiptOf(receipt)));
				else await cancel(receipt);
			}
			return all;
		},
	};
}

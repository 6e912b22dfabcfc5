/**
 * Web push on QuickJS, which has no cryptography: by arithmetic of our own (push-steps.ts), in slices. Owns the tokens that
 * are good for more than one message.
 */
import { AutonomyError } from "../error.ts";
import type { PushKeys, PushToSend, SealedPush } from "../outlets.ts";
import { headersOf, refuseTooLong } from "../push-message.ts";
import { encodeText } from "../text.ts";
import { decodeBase64, encodeBase64Url } from "./base64.ts";
import { qjsRandom } from "./clock.ts";
import { BASE, bytesOf, bytesOfPoint, multiply, privateOf, type Steps } from "./p256.ts";
import { type Browser, browserOf, encrypt, tokenOf } from "./push-steps.ts";
import { inSlices } from "./slices.ts";

function randomBytes(count: number): Uint8Array {
	const bytes = new Uint8Array(count);
	const view = new DataView(bytes.buffer);
	for (let at = 0; at < count; at += 4) view.setUint32(at, qjsRandom.uint32());
	return bytes;
}

function newPrivate(): bigint {
	for (;;) {
		const number = privateOf(randomBytes(32));
		if (number !== null) return number;
	}
}

/** For every message to this service for some hours: signing is a third of the work. */
interface Token {
	readonly of: string;
	readonly sinceMs: number;
	readonly token: string;
}

const TOKEN_MS = 6 * 3600_000;
/** As many as there can be subscriptions. */
const MAX_TOKENS = 16;
let tokens: readonly Token[] = [];

function* tokenFor(push: PushToSend, key: bigint): Steps<string> {
	const { endpoint, contact, keys, nowMs } = push;
	const of = [endpoint.split("/", 3).join("/"), contact, keys.publicKey].join(" ");
	// A clock that was set back makes them useless, too.
	tokens = tokens.filter((one) => nowMs >= one.sinceMs && nowMs < one.sinceMs + TOKEN_MS);
	const known = tokens.find((one) => one.of === of);
	if (known !== undefined) return known.token;
	const token = yield* tokenOf(push, key);
	tokens = [...tokens, { of, sinceMs: nowMs, token }].slice(-MAX_TOKENS);
	return token;
}

export async function newPushKeys(): Promise<PushKeys> {
	const number = newPrivate();
	const point = await inSlices(multiply(number, BASE));
	return { publicKey: encodeBase64Url(bytesOfPoint(point)), privateKey: encodeBase64Url(bytesOf(number)) };
}

function* seal(push: PushToSend, to: Browser, payload: Uint8Array, key: bigint): Steps<SealedPush> {
	const body = yield* encrypt(payload, to, newPrivate(), randomBytes(16));
	return { body, headers: headersOf(yield* tokenFor(push, key), push.keys.publicKey) };
}

export async function sealPush(push: PushToSend): Promise<SealedPush> {
	const payload = encodeText(push.payload);
	refuseTooLong(payload);
	const to = browserOf(push);
	const key = privateOf(decodeBase64(push.keys.privateKey));
	if (key === null) throw new AutonomyError("internal", "the router's own key for web push is none");
	return inSlices(seal(push, to, payload, key));
}

/**
 * What a web push consists of on both engines, but for the cryptography: the coding aes128gcm in one record (RFC 8188) with
 * the names its keys are derived by (RFC 8291), and what the token says (VAPID, RFC 8292). Pure.
 */
import { AutonomyError } from "./error.ts";
import type { PushToSend } from "./outlets.ts";

const RECORD_BYTES = 4096;
const SALT_BYTES = 16;
const POINT_BYTES = 65;
/** So that all of it is one record: besides there are salt, size of a record, length and bytes of the sender's point (RFC 8188 2.1), delimiter and tag. */
const MOST_BYTES = RECORD_BYTES - SALT_BYTES - 5 - POINT_BYTES - 17;
/** A token is good for a day at most (RFC 8292 2); clocks differ. */
const TOKEN_S = 12 * 3600;

/** Names of derived keys, each ended by a zero byte (RFC 8291 3.4). */
export const NAMES = {
	material: "WebPush: info\0",
	key: "Content-Encoding: aes128gcm\0",
	nonce: "Content-Encoding: nonce\0",
} as const;

/** What ends the text of the last record. */
export const LAST = 2;

export function refuseTooLong(payload: Uint8Array): void {
	if (payload.length <= MOST_BYTES) return;
	throw new AutonomyError("bad_argument", `${payload.length} bytes are too long for a push`);
}

export function noPoint(): AutonomyError {
	return new AutonomyError("bad_argument", "the key of the browser is not a point of P-256");
}

export function refuseSecret(auth: Uint8Array): void {
	if (auth.length === SALT_BYTES) return;
	throw new AutonomyError("bad_argument", "the secret of the browser does not have 16 bytes");
}

/** `keyId`: here the point of the key made for this message. */
export function headOf(salt: Uint8Array, keyId: Uint8Array): Uint8Array {
	const head = new Uint8Array(SALT_BYTES + 5 + keyId.length);
	head.set(salt);
	new DataView(head.buffer).setUint32(SALT_BYTES, RECORD_BYTES);
	head[SALT_BYTES + 4] = keyId.length;
	head.set(keyId, SALT_BYTES + 5);
	return head;
}

/** Scheme, host and port of a push service, as browsers write them. */
function originOf(endpoint: string): string {
	const [origin = ""] = /^https:\/\/[^/?#]+/i.exec(endpoint) ?? [];
	return origin.toLowerCase().replace(/:443$/, "");
}

/** Header and claims of the token, as JSON: what is signed is both in base64url, with a dot between. */
export function claimsOf({
	endpoint,
	contact,
	nowMs,
}: Pick<PushToSend, "endpoint" | "contact" | "nowMs">): readonly [string, string] {
	const claims = {
		aud: originOf(endpoint),
		exp: Math.floor(nowMs / 1000) + TOKEN_S,
		...(contact === null ? {} : { sub: contact }),
	};
	return [JSON.stringify({ typ: "JWT", alg: "ES256" }), JSON.stringify(claims)];
}

export function headersOf(token: string, publicKey: string): Readonly<Record<string, string>> {
	return {
		authorization: `vapid t=${token}, k=${publicKey}`,
		"content-encoding": "aes128gcm",
		"content-type": "application/octet-stream",
	};
}

/**
 * One DNS question and the least that must be understood of an answer (RFC 1035 4.1). The answer comes from outside: its
 * length, its names and its counts are not trusted; only the header and the repeated question are read.
 */
export type DnsVerdict =
	/** The server answered: the name exists, or it knows that it does not. */
	| "answered"
	/** The server is there, but could not or would not resolve (its own uplink may be dead). */
	| "failed"
	/** Not an answer to this question. */
	| "foreign";

const HEADER_BYTES = 12;
const TYPE_A = 1;
const CLASS_IN = 1;
const RECURSION_DESIRED = 0x0100;
const RESPONSE = 0x8000;
const OPCODE = 0x7800;
const NO_ERROR = 0;
const NX_DOMAIN = 3;
const MAX_MESSAGE = 4096;

/** Is this a name that can be asked for: labels of 1-63 letters, digits, "-" or "_", 253 characters in all. */
export function isDnsName(name: string): boolean {
	return name.length <= 253 && name.length > 0 && name.split(".").every((label) => /^[a-zA-Z0-9_-]{1,63}$/.test(label));
}

/** The question for the A record of `name`; null when the name cannot be asked for. */
export function encodeDnsQuery(id: number, name: string): Uint8Array | null {
	if (!isDnsName(name)) return null;
	const bytes = [id >> 8, id & 255, RECURSION_DESIRED >> 8, 0, 0, 1, 0, 0, 0, 0, 0, 0];
	for (const label of name.split(".")) {
		bytes.push(label.length);
		for (let i = 0; i < label.length; i++) bytes.push(label.charCodeAt(i));
	}
	bytes.push(0, 0, TYPE_A, 0, CLASS_IN);
	return Uint8Array.from(bytes);
}

/** What a datagram says about the question in `query`. */
export function judgeDnsAnswer(query: Uint8Array, answer: Uint8Array): DnsVerdict {
	if (answer.length < query.length || answer.length > MAX_MESSAGE) return "foreign";
	const word = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
	if (word(answer, 0) !== word(query, 0)) return "foreign";
	const flags = word(answer, 2);
	if ((flags & RESPONSE) === 0 || (flags & OPCODE) !== 0 || word(answer, 4) !== 1) return "foreign";
	for (let at = HEADER_BYTES; at < query.length; at++) {
		if (lower(answer[at] ?? 0) !== lower(query[at] ?? 0)) return "foreign";
	}
	const code = flags & 15;
	return code === NO_ERROR || code === NX_DOMAIN ? "answered" : "failed";
}

/** Names compare without case (RFC 1035 2.3.3); length bytes are below "A" and stay. */
function lower(byte: number): number {
	return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}

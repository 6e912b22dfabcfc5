/** When a certificate ends (RFC 5280 4.1.2.5). Pure; reads just as much of it, and hostile ones as well. */
import { decodeBase64 } from "./base64.ts";

interface Element {
	readonly tag: number;
	readonly from: number;
	readonly to: number;
}

const SEQUENCE = 0x30;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
/** [0]: the version, which may be missing. */
const VERSION = 0xa0;

/** Of the first certificate in a PEM text; null: there is none. */
function derOf(pem: string): Uint8Array | null {
	const body = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END/.exec(pem)?.[1];
	if (body === undefined) return null;
	return decodeBase64(body);
}

/** The element at this place; null when it is not whole (X.690 8.1). */
function element(der: Uint8Array, at: number, end: number): Element | null {
	const tag = der[at];
	const first = der[at + 1];
	if (tag === undefined || first === undefined || at + 2 > end) return null;
	let length = first;
	let from = at + 2;
	if (first >= 0x80) {
		const count = first & 0x7f;
		if (count === 0 || count > 3) return null;
		length = 0;
		for (let i = 0; i < count; i++) length = length * 256 + (der[from++] ?? 0);
	}
	return from + length <= end ? { tag, from, to: from + length } : null;
}

/** The elements in another, as far as they are whole. */
function children(der: Uint8Array, parent: Element): Element[] {
	const found: Element[] = [];
	for (let at = parent.from; at < parent.to; ) {
		const one = element(der, at, parent.to);
		if (one === null) break;
		found.push(one);
		at = one.to;
	}
	return found;
}

function timeOf(der: Uint8Array, { tag, from, to }: Element): number | null {
	const text = String.fromCharCode(...der.subarray(from, Math.min(to, from + 20)));
	const digits = tag === GENERALIZED_TIME ? /^(\d{4})/ : /^(\d{2})/;
	const year = Number(digits.exec(text)?.[1] ?? Number.NaN);
	const rest = text.slice(tag === GENERALIZED_TIME ? 4 : 2);
	if ((tag !== UTC_TIME && tag !== GENERALIZED_TIME) || !/^\d{10}Z$/.test(rest)) return null;
	const full = tag === GENERALIZED_TIME ? year : year < 50 ? 2000 + year : 1900 + year;
	const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = (rest.match(/\d\d/g) ?? []).map(Number);
	if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return null;
	const ends = Date.UTC(full, month - 1, day, hour, minute, second);
	return Number.isNaN(ends) ? null : ends;
}

/** Null when it cannot be read. */
export function certificateEndUnixMs(pem: string): number | null {
	const der = derOf(pem);
	const whole = der === null ? null : element(der, 0, der.length);
	if (der === null || whole?.tag !== SEQUENCE) return null;
	const [signed] = children(der, whole);
	if (signed?.tag !== SEQUENCE) return null;
	const fields = children(der, signed);
	// serialNumber, signature, issuer, validity
	const validity = fields[fields[0]?.tag === VERSION ? 4 : 3];
	if (validity?.tag !== SEQUENCE) return null;
	const [, notAfter] = children(der, validity);
	return notAfter === undefined ? null : timeOf(der, notAfter);
}

/** Base64 and base64url (RFC 4648). Pure. */
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function encodeBase64(bytes: Uint8Array): string {
	let out = "";
	for (let at = 0; at < bytes.length; at += 3) {
		const left = bytes.length - at;
		const word = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
		for (let digit = 0; digit < 4; digit++) {
			out += digit <= left ? DIGITS.charAt((word >> (18 - 6 * digit)) & 63) : "=";
		}
	}
	return out;
}

export function encodeBase64Url(bytes: Uint8Array): string {
	return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Either alphabet; what is no digit is passed over. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
	const digits = text
		.replaceAll("-", "+")
		.replaceAll("_", "/")
		.replace(/[^\w+/]/g, "");
	const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
	let word = 0;
	let bits = 0;
	let at = 0;
	for (const digit of digits) {
		word = ((word << 6) | DIGITS.indexOf(digit)) & 0xffffff;
		bits += 6;
		if (bits < 8) continue;
		bits -= 8;
		bytes[at++] = word >> bits;
	}
	return bytes;
}

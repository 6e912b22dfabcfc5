/** Base64 (RFC 4648). Pure. */
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

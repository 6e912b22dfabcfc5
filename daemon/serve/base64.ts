/** Base64 (RFC 4648, 4) without the runtime: not every engine the daemon is made for has it. Pure. */
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function encodeBase64(bytes: Uint8Array): string {
	let out = "";
	for (let at = 0; at < bytes.length; at += 3) {
		const three = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
		const there = bytes.length - at;
		out += DIGITS.charAt(three >> 18) + DIGITS.charAt((three >> 12) & 63);
		out += (there > 1 ? DIGITS.charAt((three >> 6) & 63) : "=") + (there > 2 ? DIGITS.charAt(three & 63) : "=");
	}
	return out;
}

/** Of what encodeBase64 made; null for anything else. */
export function decodeBase64(text: string): Uint8Array | null {
	if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
	const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
	const bytes = new Uint8Array((text.length / 4) * 3 - padding);
	for (let at = 0, to = 0; at < text.length; at += 4, to += 3) {
		let three = 0;
		for (const digit of text.slice(at, at + 4)) three = (three << 6) | Math.max(0, DIGITS.indexOf(digit));
		// Past the end a typed array takes nothing.
		bytes[to] = three >> 16;
		bytes[to + 1] = three >> 8;
		bytes[to + 2] = three;
	}
	return bytes;
}

/** Addresses as text, and whether they are of the public internet (IANA special-purpose registries). Pure. */

/** 4 or 16 bytes; null when it is no address as it is written everywhere (no octal, no hex, no zone). */
export function parseAddress(text: string): readonly number[] | null {
	return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): number[] | null {
	if (!/^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(text)) return null;
	const bytes = text.split(".").map(Number);
	return bytes.every((byte) => byte < 256) ? bytes : null;
}

function parseIpv6(text: string): number[] | null {
	const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
	const four = tail === null ? [] : parseIpv4(tail[2] ?? "");
	if (four === null) return null;
	// An IPv4 address at the end takes the place of two groups.
	const whole = tail === null ? text : `${tail[1]}0:0`;
	const halves = whole.split("::");
	if (halves.length > 2) return null;
	const [head = [], rest] = halves.map((half) => (half === "" ? [] : half.split(":")));
	const groups = [...head, ...(rest ?? [])];
	if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
	const missing = 8 - groups.length;
	if (rest === undefined ? missing !== 0 : missing < 1) return null;
	const all = rest === undefined ? groups : [...head, ...new Array<string>(missing).fill("0"), ...rest];
	const bytes = all.flatMap((group) => {
		const value = Number.parseInt(group, 16);
		return [value >> 8, value & 255];
	});
	return [...bytes.slice(0, 16 - four.length), ...four];
}

type Net = readonly [bytes: readonly number[], bits: number];

const SPECIAL_4: readonly Net[] = [
	[[0], 8],
	[[10], 8],
	[[100, 64], 10],
	[[127], 8],
	[[169, 254], 16],
	[[172, 16], 12],
	[[192, 0, 0], 24],
	[[192, 0, 2], 24],
	[[192, 168], 16],
	[[198, 18], 15],
	[[198, 51, 100], 24],
	[[203, 0, 113], 24],
	[[224], 3],
];
/** Those that hold an IPv4 address: mapped, and translated by NAT64. */
const HOLDING_4: readonly Net[] = [
	[[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 96],
	[[0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], 96],
];
const SPECIAL_6: readonly Net[] = [
	[[], 127],
	[[0, 0x64, 0xff, 0x9b, 0, 1], 48],
	[[1, 0, 0, 0, 0, 0, 0, 0], 64],
	[[0x20, 1, 0x0d, 0xb8], 32],
	[[0x20, 2], 16],
	[[0xfc], 7],
	[[0xfe, 0x80], 10],
	[[0xfe, 0xc0], 10],
	[[0xff], 8],
];

function within(address: readonly number[], [net, bits]: Net): boolean {
	for (let bit = 0; bit < bits; bit++) {
		const [at, mask] = [bit >> 3, 0x80 >> (bit & 7)];
		if (((address[at] ?? 0) & mask) !== ((net[at] ?? 0) & mask)) return false;
	}
	return true;
}

/** False for what is no address. */
export function isPublicAddress(text: string): boolean {
	const address = parseAddress(text);
	if (address === null) return false;
	if (address.length === 4) return !SPECIAL_4.some((net) => within(address, net));
	if (SPECIAL_6.some((net) => within(address, net))) return false;
	const inner = address.slice(12);
	return !HOLDING_4.some((net) => within(address, net) && SPECIAL_4.some((one) => within(inner, one)));
}

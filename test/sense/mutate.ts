/** A reply as a broken or hostile source could give it: something in it replaced, left out, doubled or of another type. */
import type { Random } from "../../daemon/platform/platform.ts";

const ODD: readonly unknown[] = [
	null,
	undefined,
	true,
	"",
	"--",
	"-61",
	"1e999",
	"\u0000\u001b[31m",
	"x".repeat(5000),
	-0.5,
	0,
	-1,
	255,
	65_535,
	-2_147_483_648,
	4_294_967_295,
	Number.MAX_VALUE,
	Number.NaN,
	Number.POSITIVE_INFINITY,
	18_446_744_073_709_551_615n,
	[],
	{},
	[[[]]],
	{ __proto__: null, constructor: 1 },
];

export function mutate(value: unknown, random: Random, depth = 0): unknown {
	const dice = random.uint32() % 100;
	if (dice < (depth === 0 ? 2 : 6)) return ODD[random.uint32() % ODD.length];
	if (typeof value === "string") {
		if (dice > 30) return value;
		const at = random.uint32() % (value.length + 1);
		return value.slice(0, at) + String.fromCharCode(random.uint32() % 256) + value.slice(at + (random.uint32() % 3));
	}
	if (typeof value === "number") {
		if (dice < 14) return -value;
		if (dice < 20) return value * 10 ** (random.uint32() % 12);
		return dice < 26 ? value + 0.25 : value;
	}
	if (Array.isArray(value)) {
		const changed = value.map((one) => mutate(one, random, depth + 1));
		if (dice < 12) changed.push(...changed);
		return dice > 92 ? changed.slice(1) : changed;
	}
	if (typeof value !== "object" || value === null) return value;
	const entries = Object.entries(value).flatMap(([name, one]): [string, unknown][] => {
		const lot = random.uint32() % 100;
		if (lot < 3) return [];
		return [[lot < 5 ? `${name}x` : name, mutate(one, random, depth + 1)]];
	});
	return Object.fromEntries(entries);
}

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import "./words.ts";
import { bytes, clock, duration, ms, number, percent, rate, setLocale, when, withUnit } from "../../web/format.ts";
import { say } from "../../web/say.ts";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");

describe("figures for people", () => {
	const table: readonly [string, string][] = [
		[ms(0.04), "0 ms"],
		[ms(9.94), "9.9 ms"],
		[ms(1234.4), "1,234 ms"],
		[ms(null), "\u2013"],
		[ms(undefined), "\u2013"],
		[ms(Number.NaN), "\u2013"],
		[ms(Number.POSITIVE_INFINITY), "\u2013"],
		[percent(0), "0 %"],
		[percent(2.25), "2.3 %"],
		[percent(33.3), "33 %"],
		[number(-0.2), "0"],
		[withUnit(-85, "dBm"), "-85 dBm"],
		[bytes(999), "999 B"],
		[bytes(1000), "1 kB"],
		[bytes(123_456), "123 kB"],
		[bytes(4_560_000_000), "4.6 GB"],
		[rate(125), "1 kbit/s"],
		[rate(1_250_000_000), "10 Gbit/s"],
		[duration(0), "0 s"],
		[duration(59.6), "1 min"],
		[duration(61), "1 min 1 s"],
		[duration(600), "10 min"],
		[duration(3600), "1 h"],
		[duration(7500), "2 h 5 min"],
		[duration(86_400 * 4 + 3600 * 3), "4 d 3 h"],
		[duration(-5), "0 s"],
	];
	for (const [found, wanted] of table) test(wanted, () => assert.equal(plain(found), wanted));

	test("by the locale, and a wrong one does no harm", () => {
		setLocale("de");
		assert.equal(plain(ms(1234)), "1.234 ms");
		setLocale("no such thing");
		assert.equal(typeof ms(1234), "string");
		setLocale("pt_BR");
		assert.equal(plain(number(1.5, 1)), "1,5");
		setLocale("en-GB");
	});

	test("times in the zone of the browser; a date where the day is another", () => {
		const at = new Date(2026, 10, 21, 7, 8, 9).getTime();
		assert.equal(clock(at), "07:08:09");
		assert.equal(when(at, at + 3_600_000), "07:08:09");
		assert.match(when(at, at + 86_400_000), /21 Nov 2026/);
		assert.equal(when(null, at), "\u2013");
	});
});

test("values in texts: unknown places stay, nothing is inherited, values are not looked into", () => {
	assert.equal(say("{name} is {what}, {constructor}", { name: "{what}", what: "<b>" }), "{what} is <b>, {constructor}");
});

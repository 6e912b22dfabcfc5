import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AutonomyError } from "../../daemon/platform/error.ts";
import { PackageDraft } from "../../daemon/uci/build.ts";
import { applyDelta, formatDelta, parseDelta, type UciChange } from "../../daemon/uci/delta.ts";
import type { UciPackage } from "../../daemon/uci/package.ts";
import { parseUci } from "../../daemon/uci/parse.ts";
import { formatUci } from "../../daemon/uci/write.ts";

const name = fc.stringMatching(/^[A-Za-z0-9_]{1,8}$/);
const type = fc.stringMatching(/^[!-~]{1,8}$/);
/** Everything but NUL, with a taste for what has a meaning in UCI. */
const value = fc.oneof(
	fc.string({ unit: fc.constantFrom("'", '"', "\\", "\n", "\r", "#", ";", " ", "\t", "a", "é"), maxLength: 12 }),
	fc.string({ unit: "binary", maxLength: 12 }).map((text) => text.replaceAll("\0", "")),
);
const filled = value.filter((text) => text !== "");
const option = fc.tuple(name, fc.oneof(filled, fc.array(value, { minLength: 1, maxLength: 4 })));
const section = fc.record({
	name: fc.option(name, { nil: null }),
	type,
	options: fc.uniqueArray(option, { selector: ([key]) => key, maxLength: 5 }),
});
const packages = fc
	.uniqueArray(section, { selector: (one) => one.name ?? {}, maxLength: 6 })
	.map((sections): UciPackage => {
		const draft = new PackageDraft("pkg");
		for (const one of sections) {
			const target = one.name === null ? draft.addAnonymous(one.type) : draft.addNamed(one.name, one.type);
			for (const [key, content] of one.options)
				target.options.set(key, typeof content === "string" ? content : [...content]);
		}
		return draft.finish([]);
	})
	// A generated name may by chance be a given one; libuci cannot tell them apart either.
	.filter((pkg) => new Set(pkg.sections.map((one) => one.name)).size === pkg.sections.length);

const read = (text: string): UciPackage => parseUci(text, { file: "/etc/config/pkg" });

test("what is written reads back the same", () => {
	fc.assert(
		fc.property(packages, fc.boolean(), (pkg, header) => {
			assert.deepEqual(read(formatUci(pkg, { header })), pkg);
		}),
		{ numRuns: 2000 },
	);
});

test("CRLF between lines changes nothing", () => {
	const simple = packages.filter((pkg) => !/[\r\n]/.test(JSON.stringify(pkg.sections.map((one) => [...one.options]))));
	fc.assert(
		fc.property(simple, (pkg) => {
			const text = formatUci(pkg);
			fc.pre(!pkg.sections.some((one) => [...one.options.values()].some((entry) => entry.toString().includes("\n"))));
			assert.deepEqual(read(text.replaceAll("\n", "\r\n")), pkg);
		}),
		{ numRuns: 300 },
	);
});

const fragment = fc.oneof(
	fc.constantFrom("config ", "option ", "list ", "package ", "c ", "o ", "l ", "p ", "\n", "\r\n", " ", "\t", "'", '"'),
	fc.constantFrom(
		"\\",
		"#",
		";",
		"\\\n",
		"a",
		"n-m",
		"é",
		"\uFEFF",
		"\0",
		"config a n\n",
		"\toption x '1'\n",
		"d.n.x='1'\n",
	),
	fc.constantFrom("+d.c='t'\n", "-d.n\n", "@d.n='m'\n", "^d.n='1'\n", "|d.n.x='2'\n", "~d.n.x='2'\n"),
	fc.string({ maxLength: 6 }),
);
const soup = fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join(""));

/** The text, or null when it is refused in the only way that is allowed. */
function attempt(work: () => UciPackage): UciPackage | null {
	try {
		return work();
	} catch (error) {
		assert.ok(error instanceof AutonomyError && error.code === "uci_parse", String(error));
		assert.equal(typeof error.context.reason, "string");
		return null;
	}
}

test("any text is read or refused with a place, never anything else; what was read can be written and read again", () => {
	let accepted = 0;
	fc.assert(
		fc.property(soup, fc.boolean(), (text, strict) => {
			const pkg = attempt(() => parseUci(text, { file: "/etc/config/pkg", strict }));
			if (pkg === null) return;
			accepted++;
			const again = read(formatUci(pkg));
			assert.equal(formatUci(again), formatUci(pkg));
		}),
		{ numRuns: 8000 },
	);
	assert.ok(accepted > 500, `only ${accepted} texts were acceptable: the test tests too little`);
});

test("any delta file leaves a package that can be written", () => {
	fc.assert(
		fc.property(packages, soup, (pkg, text) => {
			const draft = PackageDraft.from(pkg);
			attempt(() => draft.finish(applyDelta(draft, text.replaceAll("d.", "pkg."), "/tmp/.uci/pkg")));
			read(formatUci(draft.finish([])));
		}),
		{ numRuns: 2000 },
	);
});

test("deltas that are written read back the same", () => {
	const text = value.filter((one) => [...one].every((char) => char >= " " || "\t\n\r".includes(char)));
	const change: fc.Arbitrary<UciChange> = fc.oneof(
		fc.record({ op: fc.constantFrom("set", "list_add", "list_del"), section: name, option: name, value: text }),
		fc.record({ op: fc.constantFrom("set", "add"), section: name, option: fc.constant(null), value: text }),
		fc.record({ op: fc.constant("remove"), section: name, option: fc.option(name), value: fc.constant(null) }),
		fc.record({ op: fc.constant("rename"), section: name, option: fc.option(name), value: name }),
		fc.record({ op: fc.constant("reorder"), section: name, option: fc.constant(null), value: fc.nat().map(String) }),
	);
	fc.assert(
		fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
			const back = parseDelta("pkg", formatDelta("pkg", changes), "/tmp/.uci/pkg");
			assert.equal(JSON.stringify(back), JSON.stringify(changes));
		}),
		{ numRuns: 1000 },
	);
});

test("what cannot be written is refused", () => {
	const pkg = (kind: string, key: string, content: string): UciPackage => ({
		name: "pkg",
		warnings: [],
		sections: [{ name: "n", type: kind, anonymous: false, options: new Map([[key, content]]) }],
	});
	for (const bad of [pkg("a b", "x", "1"), pkg("a", "x-y", "1"), pkg("a", "x", "a\0b")]) {
		assert.throws(() => formatUci(bad), { code: "uci_invalid" });
	}
	assert.equal(formatUci(pkg("it's", "x", "")), "\nconfig 'it'\\''s' 'n'\n\n");
});

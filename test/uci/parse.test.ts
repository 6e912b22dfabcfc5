import assert from "node:assert/strict";
import { test } from "node:test";
import { AutonomyError } from "../../daemon/platform/error.ts";
import { MAX_SECTIONS, MAX_TEXT, MAX_VALUES } from "../../daemon/uci/build.ts";
import { findSection, optionList, optionText, sectionsOfType } from "../../daemon/uci/package.ts";
import { parseUci } from "../../daemon/uci/parse.ts";
import { formatUci } from "../../daemon/uci/write.ts";
import { BAD, GOOD } from "./cases.ts";

const FILE = "/etc/config/pkg";

for (const { name, text, canonical } of GOOD) {
	test(`reads: ${name}`, () => {
		const pkg = parseUci(text, { file: FILE });
		assert.equal(formatUci(pkg, { names: true }), `${canonical}\n`);
		assert.equal(pkg.name, "pkg");
	});
}

for (const { name, text, reason, line, byte } of BAD) {
	test(`refuses: ${name}`, () => {
		assert.throws(
			() => parseUci(text, { file: FILE }),
			(error: unknown) => {
				assert.ok(error instanceof AutonomyError);
				assert.equal(error.code, "uci_parse");
				assert.deepEqual(error.context, { file: FILE, line, byte, reason });
				assert.ok(error.message.startsWith(`${FILE}: Parse error (${reason}) at line ${line}, byte ${byte}`));
				return true;
			},
		);
	});
}

test("the last line counts even without a line end", () => {
	assert.throws(() => parseUci("config a n\nfoo", { file: FILE }), /\(invalid command\) at line 2, byte 0/);
	assert.throws(() => parseUci("config", { file: FILE }), /\(config without name\) at line 1, byte 0/);
	assert.throws(() => parseUci("config a n\noption", { file: FILE }), /\(option without name\) at line 2, byte 0/);
	assert.throws(() => parseUci("package", { file: FILE }), /\(package without name\) at line 1, byte 0/);
});

test("an open quote says where it opens, a byte order mark what it is", () => {
	assert.throws(() => parseUci("config a n\n\n option x 'y\n\n\n", { file: FILE }), /: the quote opens in line 3$/);
	assert.throws(
		() => parseUci("\uFEFFconfig a n\n", { file: FILE }),
		/: the file begins with a byte order mark; save it without one$/,
	);
});

test("what is no text at all is refused before parsing", () => {
	const refused = (text: string, message: RegExp) =>
		assert.throws(() => parseUci(text, { file: FILE }), { code: "uci_parse", message });
	refused("config a n\noption x 'a\0b'\n", /^\/etc\/config\/pkg: NUL byte in line 2: this is not a text file$/);
	refused("x".repeat(MAX_TEXT + 1), /^\/etc\/config\/pkg: file too large \(1048577 characters, limit 1048576\)$/);
	refused("c a\n".repeat(MAX_SECTIONS + 1), /more than 4096 sections/);
	refused(`c a\n${"l x y\n".repeat(MAX_VALUES + 1)}`, /more than 65536 values/);
	assert.equal(parseUci("c a\n".repeat(MAX_SECTIONS), { file: FILE }).sections.length, MAX_SECTIONS);
});

test("one huge quoted value does not take long", () => {
	const started = performance.now();
	const pkg = parseUci(`config a n\noption x '${"\n".repeat(1_000_000)}'\n`, { file: FILE });
	assert.equal(optionText(pkg.sections[0]!, "x")?.length, 1_000_000);
	assert.ok(performance.now() - started < 60_000, "quadratic");
});

test("; is told", () => {
	const pkg = parseUci("\nconfig a n; option x 1\nconfig b m; # a comment\n", { file: FILE });
	assert.deepEqual(pkg.warnings, [
		{
			file: FILE,
			line: 2,
			text: "everything after ';' is ignored here, as libuci does; put each option on a line of its own",
		},
	]);
});

test("lenient reading passes over bad lines and tells each", () => {
	const text =
		"option lost 1\nconfig a n\n\toption x 1 2 3\n\tfoo\n\toption y-y 1\n\toption z 2\nconfig b n\n\toption w 'open\n";
	const pkg = parseUci(text, { file: FILE, strict: false });
	assert.equal(formatUci(pkg), "\nconfig b 'n'\n\toption x '1'\n\toption z '2'\n\n");
	assert.deepEqual(
		pkg.warnings.map(({ line, text: warning }) => `${line} ${warning}`),
		[
			"1 line ignored: option/list command found before the first section",
			"3 line ignored: invalid command",
			"4 line ignored: invalid command",
			"5 line ignored: invalid character in name field",
			"8 line ignored: EOF with unterminated '",
		],
	);
});

test("lenient reading still refuses what is beyond all bounds", () => {
	assert.throws(
		() => parseUci("c a\n".repeat(MAX_SECTIONS + 1), { file: FILE, strict: false }),
		/more than 4096 sections/,
	);
});

test("asking a package", () => {
	const pkg = parseUci("config t a\n option x 1\n list l 1\n list l 'b c'\n option words ' p  q\tr '\nconfig t b\n", {
		file: FILE,
	});
	const section = findSection(pkg, "a")!;
	assert.equal(optionText(section, "x"), "1");
	assert.equal(optionText(section, "none"), undefined);
	assert.equal(optionText(section, "l"), "1 b c");
	assert.deepEqual(optionList(section, "l"), ["1", "b c"]);
	assert.deepEqual(optionList(section, "words"), ["p", "q", "r"]);
	assert.deepEqual(optionList(section, "none"), []);
	assert.equal(findSection(pkg, "c"), undefined);
	assert.deepEqual(
		sectionsOfType(pkg, "t").map(({ name }) => name),
		["a", "b"],
	);
});

test("names that are dear to JavaScript are names like any other", () => {
	const pkg = parseUci("config t __proto__\n option constructor 1\n option __proto__ 2\n", { file: FILE });
	assert.equal(optionText(findSection(pkg, "__proto__")!, "__proto__"), "2");
	assert.equal(formatUci(pkg), "\nconfig t '__proto__'\n\toption constructor '1'\n\toption __proto__ '2'\n\n");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { compileLmo, parsePo, superFastHash } from "../../scripts/feed/lmo.ts";

test("hashes are those of LuCI's own function, also where bytes are taken as signed", () => {
	const vectors: [string, number][] = [
		["", 0],
		["a", 0x115ea782],
		["ab", 0x516b8b44],
		["abc", 0xd2be198a],
		["abcd", 0xdad8b8db],
		["abcde", 0x51ed072e],
		["Uplinks", 0xccd8c10d],
		["Größe", 0xf057b2cf],
		["Ende ü", 0xcebcaf40],
		["xxü", 0xc4ab791c],
		["xñ", 0x8d8268cd],
		["ñ", 0x6d9e92d7],
		["the quick brown fox jumps over the lazy dog", 0x8649c1e3],
	];
	for (const [text, hash] of vectors) assert.equal(superFastHash(Buffer.from(text)), hash, text);
});

const PO = `# a comment
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

#: src/one.ts
msgid "Uplinks"
msgstr "Verbindungen"

msgctxt "noun"
msgid "Watch"
msgstr "Uhr"

msgid "Say \\"hello\\" "
"twice"
msgstr "Zweimal \\"hallo\\" sagen"

msgid "{count} switch"
msgid_plural "{count} switches"
msgstr[0] "{count} Wechsel"
msgstr[1] "{count} Wechseln"

msgid "Same"
msgstr "Same"

msgid "Not yet"
msgstr ""
`;

/** Looks a key up as LuCI does: halving the index, from the end of the file. */
function look(lmo: Buffer, key: number): string | null {
	const from = lmo.readUInt32BE(lmo.length - 4);
	let low = 0;
	let high = (lmo.length - 4 - from) / 16 - 1;
	while (low <= high) {
		const middle = (low + high) >> 1;
		const at = from + middle * 16;
		const found = lmo.readUInt32BE(at);
		if (found === key)
			return lmo.toString("utf8", lmo.readUInt32BE(at + 8), lmo.readUInt32BE(at + 8) + lmo.readUInt32BE(at + 12));
		if (found < key) low = middle + 1;
		else high = middle - 1;
	}
	return null;
}

test("every translation is found again by the key of its original", () => {
	const lmo = compileLmo(PO);
	assert.ok(lmo !== null);
	const by = (text: string): string | null => look(lmo, superFastHash(Buffer.from(text)));
	assert.equal(by("Uplinks"), "Verbindungen");
	assert.equal(by("noun\x01Watch"), "Uhr");
	assert.equal(by("Watch"), null);
	assert.equal(by('Say "hello" twice'), 'Zweimal "hallo" sagen');
	assert.equal(by("{count} switch\x020"), "{count} Wechsel");
	assert.equal(by("{count} switch\x021"), "{count} Wechseln");
	assert.equal(by("Same"), null);
	assert.equal(by("Not yet"), null);
	assert.equal(look(lmo, 0), "nplurals=2; plural=(n != 1);");
	assert.equal(lmo.length % 4, 0);
});

test("without a translation there is no file; broken lines are named", () => {
	assert.equal(compileLmo('msgid ""\nmsgstr "Language: de\\n"\n\nmsgid "a"\nmsgstr ""\n'), null);
	assert.throws(
		() => parsePo('msgid "a"\nmsgstr "b"\nnonsense\n'),
		/^Error: line 3: neither a keyword nor a text: nonsense/,
	);
	assert.throws(() => parsePo('"lonely"\n'), /line 1: neither/);
	assert.throws(() => parsePo('msgid "a"\nmsgstr "b"\nmsgstr "c"\n'), /line 3: msgstr twice/);
});

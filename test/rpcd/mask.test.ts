/** rpcd/lib/mask.awk and hide.awk with every awk that is here: nothing secret may come through. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import { isSecretName, SECRET_NAMES } from "../../contract/legacy.ts";
import { SECTIONS } from "../../contract/options.ts";
import { parseUci } from "../../daemon/uci/parse.ts";

const LIB = join(import.meta.dirname, "../../rpcd/lib");
const folder = mkdtempSync(join(tmpdir(), "autonomy-mask-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const AWKS = [["mawk"], ["busybox", "awk"], ["gawk"], ["original-awk"]].map((argv) => ({
	name: argv.join(" "),
	argv,
	skip: spawnSync(argv[0]!, [...argv.slice(1), "BEGIN { exit 0 }"]).status === 0 ? false : `no ${argv.join(" ")} here`,
}));

function awk(argv: readonly string[], program: string, input: string, env: Readonly<Record<string, string>>): string {
	const [command = "", ...rest] = argv;
	const ran = spawnSync(command, [...rest, "-f", join(LIB, program)], {
		input,
		encoding: "latin1",
		env: { PATH: process.env.PATH, LC_ALL: "C", ...env },
	});
	assert.equal(ran.stderr, "");
	assert.equal(ran.status, 0);
	return ran.stdout;
}

const secrets = SECTIONS.flatMap(({ options }) => options).filter(({ secret }) => secret === true);
const secretOptions = [...new Set(secrets.map(({ name }) => name))];
const UCI = { SECRET_OPTIONS: ` ${secretOptions.join(" ")} `, SECRET_NAMES: SECRET_NAMES.source };

interface Masked {
	readonly text: string;
	readonly count: number;
	readonly values: string[];
}

function mask(argv: readonly string[], text: string): Masked {
	const COUNT = join(folder, "count");
	return {
		text: awk(argv, "mask.awk", text, { ...UCI, COUNT, VALUES: "" }),
		count: Number(readFileSync(COUNT, "utf8")),
		values: awk(argv, "mask.awk", text, { ...UCI, COUNT: "", VALUES: "1" })
			.split("\n")
			.filter(Boolean),
	};
}

const KEY = "opencellid_api_key";

/** Text, as it is shown, secrets in it. */
const UCI_TABLE: readonly (readonly [string, string, readonly string[]])[] = [
	[`option ${KEY} 'abcd'\n`, `option ${KEY} '***'\n`, ["abcd"]],
	[`\toption  "${KEY}"\t"ab\\"cd" # why\n`, `\toption  "${KEY}"\t'***' # why\n`, ['ab"cd']],
	[`option ${KEY} ab'cd'"ef"\n`, `option ${KEY} '***'\n`, ["abcdef"]],
	[`list ${KEY} 'a a'\nlist ${KEY} b\n`, `list ${KEY} '***'\nlist ${KEY} '***'\n`, ["a a", "b"]],
	[`option ${KEY} 'one\ntwo'\noption x y\n`, `option ${KEY} '***'\noption x y\n`, ["one", "two"]],
	[`option ${KEY} ''\n`, `option ${KEY} ''\n`, []],
	[`option ${KEY}\n`, `option ${KEY}\n`, []],
	[`option ${KEY} abc;def\n`, `option ${KEY} '***'; ***\n`, ["abc"]],
	[`option ${KEY} abc#def\n`, `option ${KEY} '***'# ***\n`, ["abc"]],
	[`option ${KEY} \\\n\t'abcd'\n`, `option ${KEY} \\\n\t'***'\n`, ["abcd"]],
	[`o\\ption ${KEY} 'abcd'\n`, `o\\ption ${KEY} '***'\n`, ["abcd"]],
	[`option mqtt_password hush\noption user_id x\n`, `option mqtt_password '***'\noption user_id x\n`, ["hush"]],
	[`option PushOver_Token hush\n`, `option PushOver_Token '***'\n`, ["hush"]],
	[`#option ${KEY} 'old1'\n`, `#option ${KEY} '***'\n`, ["old1"]],
	[`\t# option ${KEY} ''\n# Your key of a service\n`, `\t# option ${KEY} ''\n# Your key of a service\n`, []],
	[`config gps 'gps'; option ${KEY} 'abcd'\n`, `config gps 'gps'; option ${KEY} '***'\n`, ["abcd"]],
	// Broken files.
	[`option ${KEY} 'abcd\noption x y\n`, `option ${KEY} '***'\n`, ["abcd", "option x y"]],
	[`option note 'open\n\toption ${KEY} 'abcd'\n`, `option note 'open\n\toption ${KEY} '***'\n`, ["abcd"]],
	[`option note "open\n\toption ${KEY} "abcd"\n`, `option note "open\n\toption ${KEY} '***'\n`, ["abcd"]],
	[`config main 'x\n#option ${KEY} 'abcd'`, `config main 'x\n#option ${KEY} '***'\n`, ["abcd"]],
];

const piece = fc.string({ unit: fc.constantFrom(..."abc =#;\"'\\\t:é"), maxLength: 8 });
const name = fc.constantFrom(KEY, "weight", "x_token", "note", "mode");

/** One way of many to write a value, in which libuci and we find the same text again. */
function quoted(value: string, how: number): string {
	if (how === 0) return `'${value.replaceAll("'", "'\\''")}'`;
	if (how === 1) return `"${value.replace(/["\\]/g, "\\$&")}"`;
	return value === "" ? "''" : [...value].map((c) => (/[a-c]/.test(c) ? c : `'${c}'`.replace("'''", "\\'"))).join("");
}

const FREE_TABLE: readonly (readonly ["secrets" | "all", string, string])[] = [
	["secrets", "key pk.secret1 and again pk.secret1.", "key *** and again ***."],
	["secrets", "password=hunter2 next", 'password="***" next'],
	["secrets", `{"wifi_password": "hun\\"ter2", "a": 1}`, `{"wifi_password": "***", "a": 1}`],
	["secrets", `{"x": "{\\"token\\":\\"abc\\",\\"b\\":1}"}`, `{"x": "{\\"token\\":"***",\\"b\\":1}"}`],
	["secrets", '{"secret":"cut sho', '{"secret":"***"'],
	["secrets", '{"x":"{\\"secret\\":\\"cut sho', '{"x":"{\\"secret\\":"***"'],
	["secrets", '{"token":"a\\\\","b":"c"}', '{"token":"***","b":"c"}'],
	["secrets", "aa:bb:cc:dd:ee:ff 59.329323, 18.068581", "aa:bb:cc:dd:ee:ff 59.329323, 18.068581"],
	["all", "link/ether aa:bb:CC:dd:ee:ff brd ff:ff:ff:ff:ff:ff", "link/ether [mac] brd [mac]"],
	["all", "ap 00-11-22-33-44-55.", "ap [mac]."],
	["all", "inet6 fe80::a8bb:ccff:fedd:eeff/64 scope", "inet6 fe80::[mac]/64 scope"],
	["all", "inet6 2001:db8::1/64 fe80::1", "inet6 2001:db8::1/64 fe80::1"],
	["all", "moved to 59.329323, 18.068581 now", "moved to [position] now"],
	["all", "at -33.8688 151.2093", "at [position]"],
	["all", '\t"latitude": 59.329323,', '\t"latitude": "[position]",'],
	["all", '\t"lat": -1,\n\t"lon": 2.5', '\t"lat": "[position]",\n\t"lon": "[position]"'],
	["all", '\t"lat_ms": 12.500000,', '\t"lat_ms": 12.500000,'],
	["all", '"cell_id": "29954840", "tac":"1832","rsrp":-99', '"cell_id": "[position]", "tac":"[position]","rsrp":-99'],
	["all", '"imei": "860000000000001", "imsi":240010000000001}', '"imei": "[number]", "imsi":"[number]"}'],
	["all", '{"msg":"{\\"lat\\":59.3,\\"lon\\":18}"}', '{"msg":"{\\"lat\\":"[position]",\\"lon\\":"[position]"}"}'],
	["all", '"gps": {', '"gps": {'],
	["all", '"position": {"lat": 5}', '"position": {"lat": "[position]"}'],
	["all", "load average: 0.68, 0.54, 0.55", "load average: 0.68, 0.54, 0.55"],
	["all", "from 100.64.1.50 lookup 9000", "from 100.64.1.50 lookup 9000"],
];

test("the secret options the scripts know are those of contract/", () => {
	const script = readFileSync(join(LIB, "contract.sh"), "utf8");
	assert.ok(secretOptions.length > 0);
	assert.ok(script.includes(`SECRET_OPTIONS='${UCI.SECRET_OPTIONS}'`));
	assert.ok(script.includes(`SECRET_NAMES='${UCI.SECRET_NAMES}'`));
	for (const { options } of SECTIONS) {
		// Names alone may hide more than has to be (a chat's user name), never less.
		for (const { name, secret } of options) {
			if (secret) assert.ok(isSecretName(name) || UCI.SECRET_OPTIONS.includes(` ${name} `), name);
		}
	}
});

for (const { name: which, argv, skip } of AWKS) {
	if (skip !== false) {
		test(`under ${which}`, { skip }, () => undefined);
		continue;
	}
	describe(which, () => {
		for (const [text, shown, values] of UCI_TABLE) {
			test(`UCI: ${JSON.stringify(text)}`, () => {
				const masked = mask(argv, text);
				assert.equal(masked.text, shown);
				assert.deepEqual(masked.values, values);
			});
		}

		test("UCI: whatever the quotes, the same configuration with *** where secrets were", () => {
			const option = fc.record({ name, value: piece, how: fc.nat(2) });
			fc.assert(
				fc.property(fc.array(option, { maxLength: 6 }), (options) => {
					const text = `config a 'b'\n${options.map((o) => `\toption ${o.name} ${quoted(o.value, o.how)}\n`).join("")}`;
					const before = parseUci(text, { file: "autonomy" });
					const masked = mask(argv, Buffer.from(text).toString("latin1"));
					const now = parseUci(Buffer.from(masked.text, "latin1").toString(), { file: "autonomy" });
					let expected = 0;
					for (const section of before.sections) {
						for (const [key, value] of section.options) {
							const there = now.sections[0]?.options.get(key);
							assert.equal(there, isSecretName(key) ? "***" : value, text);
						}
					}
					for (const o of options) if (isSecretName(o.name) && o.value !== "") expected++;
					assert.equal(masked.count, expected, text);
				}),
				{ numRuns: 60 },
			);
		});

		test("UCI: broken as it may be elsewhere, the value behind a secret's name never shows", () => {
			const line = fc.string({
				unit: fc.constantFrom(..."abc #;\"'\\\t", "option ", "config ", "list "),
				maxLength: 20,
			});
			fc.assert(
				fc.property(
					fc.array(line, { maxLength: 4 }),
					fc.array(line, { maxLength: 3 }),
					fc.nat(2),
					(head, tail, how) => {
						const secret = "SECRETVALUE";
						const value = [`'${secret}'`, `"${secret}"`, secret][how];
						const text = [...head, `\toption ${KEY} ${value}`, ...tail].join("\n");
						const masked = mask(argv, text);
						assert.ok(!masked.text.includes(secret), `${text}\n->\n${masked.text}`);
						assert.ok(masked.values.some((one) => one.includes(secret)) || masked.count > 0, text);
					},
				),
				{ numRuns: 60 },
			);
		});

		for (const [HIDE, text, shown] of FREE_TABLE) {
			test(`${HIDE}: ${text}`, () => {
				const SECRETS = join(folder, "secrets");
				writeFileSync(SECRETS, "pk.secret1\nab\n");
				assert.equal(awk(argv, "hide.awk", `${text}\n`, { HIDE, SECRETS }), `${shown}\n`);
			});
		}
	});
}

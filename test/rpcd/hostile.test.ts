/**
 * Every argument of every method with everything a browser must not send. Nothing may run, nothing may be written
 * outside, and each answer is one JSON object. A file named MARK would be the work of an argument that ran as code.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { RPCD_API, RPCD_ERROR, RPCD_LIMITS, type RpcdArgSpec, type RpcdMethodSpec } from "../../contract/api-rpcd.ts";
import { type Answer, type Box, box, CONFIG, inEveryShell } from "./support.ts";
import { unfit } from "./unfit.ts";

const METHODS = Object.entries<RpcdMethodSpec>(RPCD_API);

/** Texts that a careless script would run, split, glob or follow. */
function nasty(root: string): string[] {
	const touch = `touch ${root}/MARK`;
	return [
		`$(${touch})`,
		`\`${touch}\``,
		`'; ${touch}; '`,
		`"; ${touch}; "`,
		`x\n${touch}\n`,
		`x | ${touch}`,
		`\\$(${touch})`,
		"../../etc/passwd",
		"/etc/passwd",
		"-rf",
		"--help",
		"*",
		"000001/../../x",
		"00000\n",
		"\u0000",
		"\u001b[2J\r\t",
		"%s%n%x",
		"\\n\\0\\c",
		"é😀\u202e",
		"a".repeat(RPCD_LIMITS.configBytes + 1),
	];
}

const WRONG_TYPES: readonly unknown[] = [[], {}, ["start"], { a: 1 }, 1.5, -1, 0, 1e300, 2 ** 53, true, false, 7];

/** What contract/ says of a value; the plugin must say the same. Lengths count bytes. */
function allowed(spec: RpcdArgSpec, value: unknown): boolean {
	if (value === null) return spec.required !== true;
	if (spec.type === "bool") return typeof value === "boolean";
	if (spec.type === "int32")
		return Number.isInteger(value) && (value as number) >= (spec.min ?? 0) && (value as number) <= (spec.max ?? 0);
	if (typeof value !== "string" || value.includes("\0")) return false;
	if (spec.values !== undefined) return spec.values.includes(value);
	const bytes = Buffer.byteLength(value);
	if (bytes < (spec.min ?? 0) || bytes > (spec.max ?? 256)) return false;
	// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
	if (spec.format === "line") return !/[\u0000-\u001f\u007f]/.test(value);
	return spec.format !== "version" || /^(current|\d{6})$/.test(value);
}

function good(spec: RpcdArgSpec): unknown {
	if (spec.type === "bool") return true;
	if (spec.type === "int32") return spec.min ?? 1;
	return spec.values?.[0] ?? (spec.format === "version" ? "000001" : "config autonomy main\n");
}

function refusal(answer: Answer, where: string): string {
	assert.deepEqual(unfit(RPCD_ERROR, answer.error), [], `${where}: ${JSON.stringify(answer).slice(0, 300)}`);
	// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
	assert.doesNotMatch(answer.error?.message ?? "", /[\u0000-\u001f]/, where);
	assert.ok((answer.error?.message ?? "").length < 400, where);
	return answer.error?.code ?? "";
}

inEveryShell((shell) => {
	const t = (name: string, run: (b: Box) => Promise<void>): void => {
		test(name, async () => {
			const b = await box(shell);
			// Nothing here needs a real check; the plugin only sees that the daemon finds it fine.
			b.put("usr/sbin/autonomyd", "#!/bin/sh\necho 'configuration is fine'\n", 0o755);
			try {
				await run(b);
				assert.ok(!existsSync(`${b.root}/MARK`), "an argument ran as code");
				assert.deepEqual(b.list("tmp"), []);
				assert.deepEqual(b.list(""), ["bin", "calls", "etc", "log", "tmp", "usr", "var"]);
			} finally {
				b.remove();
			}
		});
	};

	for (const [method, spec] of METHODS) {
		t(`${method}: every argument takes what contract/ says, and nothing else`, async (b) => {
			for (const [name, arg] of Object.entries(spec.args)) {
				for (const value of [...nasty(b.root), ...WRONG_TYPES, null]) {
					const args = Object.fromEntries(
						Object.entries(spec.args)
							.filter(([, one]) => one.required)
							.map(([one, s]) => [one, good(s)]),
					);
					const answer = await b.call(method, { ...args, [name]: value });
					const where = `${method} ${name}=${JSON.stringify(value).slice(0, 80)}`;
					const refused = answer.error?.code === "bad_argument" || answer.error?.code === "too_large";
					if (allowed(arg, value)) {
						// Wrong only together with the others: neither id nor text.
						if (method !== "backup_restore" && method !== "backup_delete")
							assert.ok(!refused, `${where}: ${JSON.stringify(answer)}`);
					} else {
						assert.ok(refused, `${where}: ${JSON.stringify(answer).slice(0, 300)}`);
						refusal(answer, where);
					}
				}
			}
			if (method !== "backup_restore") assert.equal(b.read("etc/config/autonomy"), CONFIG);
		});
	}

	t("arguments that are no object, unknown ones, and too much", async (b) => {
		const table: readonly (readonly [string, string])[] = [
			["[]", "bad_argument"],
			['"x"', "bad_argument"],
			["{", "bad_argument"],
			["{}}", ""],
			["nonsense", "bad_argument"],
			["", ""],
			[`{"lines":1,"lines":2}`, ""],
			[`{"lines;touch ${b.root}/MARK":1}`, "bad_argument"],
			[`{"$(touch ${b.root}/MARK)":1}`, "bad_argument"],
			[`{"PATH":"/x"}`, "bad_argument"],
			[`{"JSON_CUR":"x"}`, "bad_argument"],
			[`{"lines ":1}`, "bad_argument"],
			[`{"a":${"[".repeat(30)}${"]".repeat(30)}}`, "bad_argument"],
			[`{"ubus_rpc_session":"${"0".repeat(32)}"}`, ""],
			[`{"text":"a\\u0000b"}`, "bad_argument"],
			[`{"text":"${"a".repeat(RPCD_LIMITS.callBytes)}"}`, "too_large"],
			[`{${Array.from({ length: 500 }, (_, i) => `"k${i}":1`).join(",")}}`, "bad_argument"],
		];
		for (const [stdin, code] of table) {
			const { stdout } = await b.raw("log", stdin);
			const answer = JSON.parse(stdout) as Answer;
			const where = stdin.slice(0, 60);
			if (code === "") assert.equal(answer.error, undefined, where);
			else assert.equal(refusal(answer, where), code, where);
		}
	});

	t("methods that are none", async (b) => {
		const names = ["", "nope", "log;id", "../log", "method_log", "$(id)", "list", "*", "log log", "service\nlog", "-x"];
		for (const name of names) {
			const { stdout } = await b.raw(name, "{}");
			assert.equal(refusal(JSON.parse(stdout) as Answer, name), "unknown_method", name);
		}
		for (const args of [[], ["dance"], ["--help"]]) {
			const { stdout, stderr } = await b.run(args);
			assert.equal(stdout, "");
			assert.match(stderr, /^usage: luci\.autonomy list \| call METHOD/);
		}
	});

	t("any text that may be a note comes back as it was", async (b) => {
		const note = fc.string({ unit: fc.constantFrom(..."ab $`\"'\\;|&<>*?[]{}()#%~!é"), maxLength: 20 });
		await fc.assert(
			fc.asyncProperty(note, async (text) => {
				await b.call("backup", { note: text });
				const { versions } = (await b.call("backup_list")) as { versions?: unknown };
				assert.equal((versions as { note: string }[])[0]?.note, text.trim());
			}),
			{ numRuns: 15 },
		);
	});

	t("any configuration text comes back as it was", async (b) => {
		const line = fc.string({ unit: fc.constantFrom(..."ab $`\"'\\;|&*\t%né"), maxLength: 30 });
		await fc.assert(
			fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 5 }), async (lines) => {
				const text = `#${lines.join("\n")}\n`;
				assert.equal((await b.call("backup_restore", { text })).ok, true);
				assert.equal(b.read("etc/config/autonomy"), text);
				assert.equal((await b.call("backup_download", { id: "current" })).text, text);
			}),
			{ numRuns: 10 },
		);
	});
});

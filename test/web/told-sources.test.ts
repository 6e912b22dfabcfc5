/**
 * What sensors say and what is wrong with the configuration, understood, in both directions: every text of their sources
 * has its pattern, and every pattern its text. Beside that the configuration speaks itself, through every option.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import "./words.ts";
import { SECTIONS } from "../../contract/options.ts";
import type { OptionSpec } from "../../contract/schema.ts";
import { expectation } from "../../contract/values.ts";
import { readConfig } from "../../daemon/config/read.ts";
import type { ConfigReport } from "../../daemon/config/report.ts";
import { parseUci } from "../../daemon/uci/parse.ts";
import { PATTERNS } from "../../web/sentences.ts";
import { CONFIG } from "../../web/sentences-config.ts";
import { MASKED, SERVICE, toldByPlugin } from "../../web/sentences-plugin.ts";
import { SENSORS } from "../../web/sentences-sensors.ts";
import { told } from "../../web/told.ts";
import { HOLE, type Prose, proseOf } from "./prose.ts";
import { inLanguage, toldMasked } from "./speaking.ts";

const SENSOR_SOURCES = ["daemon/sense", "daemon/uplink/classify.ts", "daemon/uplink/build.ts"];
const CONFIG_SOURCES = [
	...["cross-check", "read", "report", "store"].map((name) => `daemon/config/${name}.ts`),
	...["build", "delta", "load", "parse", "scan"].map((name) => `daemon/uci/${name}.ts`),
	"contract/values.ts",
];

/** Texts of those sources that no page shows. */
const ELSEWHERE: Readonly<Record<string, RegExp>> = {
	// Keys of programs' outputs, words of theirs that are compared, forms of data.
	"daemon/sense/cellular/heard.ts": /./,
	"daemon/sense/cellular/rutos-parse.ts": /./,
	"daemon/sense/cellular/modemmanager.ts": /^modemmanager dump$/,
	// How the position is found out: no page shows it, `autonomyctl gps` does.
	"daemon/sense/gps/gps.ts": /^(?!the router (moves|stands|is))/,
	"daemon/sense/gps/gpsd.ts": /./,
	"daemon/sense/gps/opencellid.ts": /./,
	// Rejected when nobody waits any more.
	"daemon/sense/starlink/client.ts": /^not wanted any more$/,
	// Of the state, and the last line of a report on a terminal.
	"daemon/config/store.ts": /^last good$/,
	"daemon/config/report.ts": /^configuration is fine$/,
	// Not of our own file: its name is right.
	"daemon/uci/load.ts": /cannot be the name of a UCI package/,
};

const shown = ({ file, text }: Prose): boolean => ELSEWHERE[file]?.test(text) !== true;

/** As prose has them. */
const withHoles = (pattern: string): string => pattern.replace(/\{\w+\}/g, HOLE);

/** What web/told-problem.ts puts around a problem. */
const AROUND = readFileSync("web/told-problem.ts", "utf8").match(/_\("[^"]+"\)/g) ?? [];

const ALL = [...PATTERNS, ...AROUND].map(withHoles).join("\n");

/** Values may stand in quotes, or hold their unit: compared are the words between them. */
const pieces = (text: string): readonly string[] =>
	text
		.split(HOLE)
		.map((part) => part.replace(/^[^A-Za-z]+|[^A-Za-z)]+$/g, "").replace(/^(ms|min|m|s|dBm|dB\/s|dB|Mbit\/s)\b\W*/, ""))
		.filter((part) => /[a-z]{2} [a-z]/i.test(part));

function unknownOf(sources: readonly string[]): readonly string[] {
	return proseOf(sources)
		.filter(shown)
		.filter(({ text }) => !pieces(text).every((piece) => ALL.includes(piece)))
		.map(({ file, text }) => `${file}: ${text}`);
}

function unusedOf(patterns: readonly string[], sources: readonly string[]): readonly string[] {
	const files = proseOf(sources).map(({ text }) => text);
	return patterns.filter(
		(one) =>
			!pieces(withHoles(one)).every((piece) => files.some((text) => text.includes(piece) || piece.includes(text))),
	);
}

/** No two words in a row are left, but what stands in quotes or after `config`, as in the file. */
const wordsLeft = (text: string, value: string | null = null): string =>
	toldMasked(text)
		.replaceAll(`'${value ?? ""}'`, "")
		.replace(/'[^']*'/g, "")
		.replace(/config \w+/g, "")
		.replace(/\/[\w/.]+/g, "")
		.match(/[A-Za-z]{2,} [A-Za-z]{2,}/g)
		?.join("; ") ?? "";

function report(text: string): ConfigReport {
	const file = "/etc/config/autonomy";
	return readConfig(parseUci(text, { file, strict: false }), file).report;
}

/** One value that is wrong for this option, in many ways. */
const WRONG = ["x y", "-99999999", "it's; '5' is used", "none, at all", ""];

function wrongLines(option: OptionSpec): readonly string[] {
	const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
	if (option.type !== "list") return WRONG.map((text) => `option ${option.name} ${quoted(text)}`);
	const many = Array.from({ length: 80 }, (_, i) => `list ${option.name} '10.0.${i}.1'`);
	return [...WRONG.map((text) => `list ${option.name} ${quoted(text)}`), [...many, ...many].join("\n")];
}

function everythingWrong(): string[] {
	const files: string[] = [];
	for (const { name, type, options } of SECTIONS) {
		const head = `config ${type} '${name ?? "wan"}'\n`;
		for (const option of options) for (const line of wrongLines(option)) files.push(`${head}${line}\n`);
		files.push(`${head}option no_such_option '1'\noption ${options[0]?.name ?? ""}x '1'\n`);
		for (const option of options) {
			for (const old of option.legacy ?? [])
				files.push(`${head}option ${old} '7'\n`, `${head}option ${old} '7'\noption ${option.name} '7'\n`);
		}
	}
	files.push(
		"config thresholds 'failover'\noption loss '20'\noption latency '900'\noption min_duration_s '3'\n" +
			"config thresholds 'restore'\noption loss '30'\noption latency '900'\n" +
			"config main 'main'\noption severe_loss '5'\noption severe_duration_s '9'\noption hold_down_s '90'\noption hold_down_max_s '60'\n",
		"config member 'starlink_any'\noption class 'lan'\n",
		"config member\noption weight '5'\n",
		"config main\noption enable '1'\n",
		"config mian 'main'\n",
		"config qqqqqqqqqqqq 'x'\n",
		"config thresholds 'other'\n",
		Array.from({ length: 70 }, (_, i) => `config member 'm${i}'\n`).join(""),
		`config main 'main'\n${Array.from({ length: 260 }, (_, i) => `option zz${i} '1'\n`).join("")}`,
		"config main 'main'\noption enable '1'; option mode 'auto'\n",
		"config main 'main'\noption\n",
		"option enable '1'\n",
		"conf main\n",
		"config main 'ma-in'\n",
		"config main 'main' extra\n",
	);
	return files;
}

describe("what sensors and the configuration say", () => {
	test("every text of the sensors has its pattern", () => assert.deepEqual(unknownOf(SENSOR_SOURCES), []));

	test("every text of the configuration has its pattern", () => assert.deepEqual(unknownOf(CONFIG_SOURCES), []));

	test("every pattern of theirs has its text: none is left over", () => {
		assert.deepEqual(unusedOf(SENSORS, [...SENSOR_SOURCES, "daemon/sense/cellular"]), []);
		assert.deepEqual(unusedOf(CONFIG, CONFIG_SOURCES), []);
	});

	test("every pattern is told from all others", () => {
		for (const pattern of [...SENSORS, ...CONFIG]) {
			const text = pattern.replace(/\{\w+\}/g, "7");
			assert.equal(wordsLeft(text), "", text);
		}
	});

	test("the configuration, wrong in every option and in its form, is understood", () => {
		const seen = new Set<string>();
		for (const file of everythingWrong()) {
			for (const { message, value } of report(file)) {
				assert.notEqual(toldMasked(message), message, message);
				assert.equal(wordsLeft(message, value), "", message);
				seen.add(message);
			}
		}
		assert.ok(seen.size > 400, `${seen.size} messages`);
	});

	test("a file that cannot be read at all is understood", () => {
		const file = "/etc/config/autonomy";
		for (const text of ["config main 'main\n", "\ufeffconfig main 'main'\n", "config \u0000", "x".repeat(2_000_000)]) {
			assert.throws(
				() => parseUci(text, { file }),
				(error: Error) => {
					const message = `${error.message}; the last good configuration is used until the file is put right`;
					assert.equal(wordsLeft(message), "", message);
					return true;
				},
			);
		}
		assert.equal(wordsLeft(`there is no ${file}; the default of every option is used`), "");
	});

	test("what every option takes is understood", () => {
		for (const option of SECTIONS.flatMap((section) => section.options)) {
			const text = expectation(option);
			assert.notEqual(toldMasked(text), text, text);
		}
	});

	for (const [language, text, wanted] of [
		[
			"de",
			"/etc/config/autonomy, section main, option pin_s 'soon' is not a whole number from 0 to 604800; '3600' is used",
			"/etc/config/autonomy, Abschnitt main, Option pin_s 'soon' wird nicht verstanden, erwartet wird eine ganze Zahl von 0 bis 604800; es gilt '3600'",
		],
		[
			"es",
			"/etc/config/autonomy, section wan, option latncy '5' is unknown and ignored; did you mean latency?",
			"/etc/config/autonomy, secci\u00f3n wan, opci\u00f3n latncy '5' es desconocida y se pasa por alto; \u00bfquer\u00eda decir latency?",
		],
		[
			"de",
			"/etc/config/autonomy, line 3: line ignored: invalid command",
			"/etc/config/autonomy, Zeile 3: Zeile \u00fcbergangen: ung\u00fcltiger Befehl",
		],
		["de", "RutOS gsm: LTE, RSRP -98 dBm, good", "RutOS gsm: LTE, RSRP -98 dBm, gut"],
		["es", "iwinfo: signal -71 dBm, channel 36", "iwinfo: se\u00f1al -71 dBm, canal 36"],
		["de", "connected, drops 1.5 %, 3.2 % of the sky blocked", "verbunden, Verlust 1,5 %, 3,2 % des Himmels verdeckt"],
		[
			"de",
			"motors_stuck: its motors are stuck; 3 more since the last one that was told",
			"motors_stuck: ihre Motoren klemmen; 3 weitere seit der letzten Meldung",
		],
		[
			"de",
			"SIM 1 -> SIM 2: the network refuses this SIM; not again within 5 min",
			"SIM 1 -> SIM 2: das Netz weist diese SIM ab; nicht noch einmal innerhalb von 5 min",
		],
		["de", "somebody: says what nobody knows", "somebody: says what nobody knows"],
	] as const) {
		test(`${language}: ${text.slice(0, 60)}`, () => {
			assert.equal(
				inLanguage(language, () => told(text)),
				wanted,
			);
		});
	}
});

describe("what the plugin says", () => {
	const source = (name: string): string => readFileSync(`rpcd/lib/${name}.sh`, "utf8");

	test("of the service: each text has its pattern, each pattern its text", () => {
		const all = source("service").matchAll(
			/(?:text|background)="([^"]+)"|refuse (?:not_installed|disabled) "([^"]+)"/g,
		);
		const said = [...all].map(([, text, refusal]) =>
			(text ?? refusal ?? "").replace("$exit_code", "{code}").replace("$arg_action", "{action}"),
		);
		assert.deepEqual([...new Set(said)].sort(), [...SERVICE].sort());
	});

	test("of a report: what is hidden in it", () => {
		const list = /for kind in ([\s\S]*?); do/.exec(source("diagnostics"))?.[1] ?? "";
		assert.deepEqual(
			[...list.matchAll(/"([^"]+)"/g)].map(([, text]) => text),
			MASKED,
		);
	});

	for (const [text, wanted] of [
		["Stopped, and not started at boot", "Angehalten, und beim Booten wird er nicht gestartet"],
		[
			"restart takes its time; look again in a few seconds",
			"restart braucht seine Zeit; sehen Sie in einigen Sekunden wieder nach",
		],
		["MAC addresses", "MAC-Adressen"],
		["status and health of the daemon", "Zustand und Gesundheit des Dienstes"],
		["what nobody knows", "what nobody knows"],
	] as const) {
		test(text, () => {
			assert.equal(
				inLanguage("de", () => toldByPlugin(text)),
				wanted,
			);
		});
	}
});

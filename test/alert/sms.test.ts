/** SMS by each way a router may have: what is called, what its answers mean, and that no way is taken for another in silence. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Sent } from "../../daemon/alert/channels/channel.ts";
import { createSms, smsText } from "../../daemon/alert/channels/sms.ts";
import type { BlobTable } from "../../daemon/bus/blobmsg.ts";
import type { Bus } from "../../daemon/bus/bus.ts";
import { STATUS, statusError } from "../../daemon/bus/status.ts";
import { fakeProcesses, fakeTime } from "../support/fake-platform.ts";
import { config, hostile, letter, notice } from "./support.ts";

const NUMBERS = " list recipients '+46701234567'\n list recipients '+46707654321'\n";
const ONE = " list recipients '+46701234567'\n";
const SHAPES = JSON.parse(readFileSync("test/samples/rutos/ubus_gsm_modem0_methods.shape.json", "utf8")) as Record<
	string,
	BlobTable
>;
const GOOD = SHAPES.send_sms ?? {};
const REFUSED = SHAPES["<error>"] ?? {};
const MADE = "Successfully created new SMS: /org/freedesktop/ModemManager1/SMS/3\n";
const LISTED =
	"    /org/freedesktop/ModemManager1/Modem/0 [QUECTEL] EG06\n    /org/freedesktop/ModemManager1/Modem/2 [SIERRA] EM7455\n";

interface World {
	/** Object on the bus -> its answer to send_sms; an error is thrown. */
	readonly modems?: Readonly<Record<string, BlobTable | Error>>;
	readonly processes?: ReturnType<typeof fakeProcesses>;
	readonly offline?: boolean;
	readonly time?: ReturnType<typeof fakeTime>;
}

function only(...programs: readonly string[]) {
	return (processes: ReturnType<typeof fakeProcesses>) => {
		for (const name of ["gsmctl", "mmcli", "sms_tool"]) if (!programs.includes(name)) processes.missing.add(name);
		return processes;
	};
}

function sms(uci: string, { modems = {}, processes = only()(fakeProcesses()), offline = true, time }: World) {
	const section = config(`config notifications sms\n${uci}`).sms;
	const calls: unknown[] = [];
	const bus = {
		list: () => Promise.resolve(Object.keys(modems).map((path) => ({ path }))),
		call(path: string, method: string, args: { number: string; text: string }) {
			calls.push([path, method, ...Object.keys(args), args.number]);
			const answer = modems[path];
			return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
		},
	} as unknown as Bus;
	const { clock } = time ?? fakeTime();
	return {
		calls,
		processes,
		channel: createSms(section, { platform: { clock, processes }, bus, isOffline: () => offline }),
	};
}

const mm = (argv: readonly string[]) => (argv.includes("-L") ? { stdout: LISTED } : { stdout: MADE });
const CASES: readonly {
	readonly what: string;
	readonly world: World;
	readonly provider?: string;
	/** Words of the result; a good one begins with "by". */
	readonly says: string;
	readonly runs?: readonly string[];
}[] = [
	{ what: "RutOS, as sampled", world: { modems: { "gsm.modem0": GOOD } }, says: "by gsm.modem0" },
	{
		what: "an answer that ubus calls good and RutOS an error is none",
		world: { modems: { "gsm.modem0": REFUSED } },
		says: "rutos: gsm.modem0: Timeout; modemmanager: mmcli is not installed; sms_tool: sms_tool is not installed",
	},
	{
		what: "a status other than 0",
		world: { modems: { "gsm.modem0": { status_id: 38, status: "Network out of order" } } },
		provider: "rutos",
		says: "rutos: gsm.modem0: Network out of order",
	},
	{
		what: "the second modem where the first has no SIM; nothing that only looks like one",
		world: { modems: { "gsm.modem;x": GOOD, "gsm.modem1": GOOD, "gsm.modem0": REFUSED } },
		says: "by gsm.modem1",
	},
	{
		what: "a release without the method has gsmctl",
		world: {
			modems: { "gsm.modem0": statusError(STATUS.methodNotFound, "send_sms") },
			processes: only("gsmctl")(fakeProcesses(() => ({ stdout: "OK\n" }))),
		},
		says: "by gsmctl",
		runs: ["gsmctl -S -s +46701234567 boat: Uplink down (wan). wan: no answer. At 2026-09-21 14:13:20."],
	},
	{
		what: "gsmctl ends with 0 whatever the modem says",
		world: {
			modems: { "gsm.modem0": statusError(STATUS.methodNotFound, "send_sms") },
			processes: only("gsmctl")(fakeProcesses(() => ({ stdout: "Timeout\n" }))),
		},
		provider: "rutos",
		says: "rutos: gsmctl: Timeout",
	},
	{
		what: "ModemManager's first modem; the message is deleted afterwards",
		world: { processes: only("mmcli", "sms_tool")(fakeProcesses(mm)) },
		says: "by mmcli",
		runs: [
			"mmcli -L",
			"mmcli -m /org/freedesktop/ModemManager1/Modem/0 --messaging-create-sms=text='boat: Uplink down (wan). wan: no answer. At 2026-09-21 14:13:20.',number='+46701234567'",
			"mmcli -s /org/freedesktop/ModemManager1/SMS/3 --send",
			"mmcli -m /org/freedesktop/ModemManager1/Modem/0 --messaging-delete-sms=/org/freedesktop/ModemManager1/SMS/3",
		],
	},
	{
		what: "sms_tool after a ModemManager that failed, which is said",
		world: {
			processes: only(
				"mmcli",
				"sms_tool",
			)(fakeProcesses((argv) => (argv[0] === "mmcli" ? { code: 1, stderr: "couldn't connect" } : {}))),
		},
		says: "by sms_tool on /dev/ttyUSB2, after modemmanager: mmcli: couldn't connect",
		runs: [
			"mmcli -L",
			"sms_tool -d /dev/ttyUSB2 send 46701234567 boat: Uplink down (wan). wan: no answer. At 2026-09-21 14:13:20.",
		],
	},
	{
		what: "nothing there at all",
		world: {},
		says: "rutos: no gsm.modem object on the bus; modemmanager: mmcli is not installed; sms_tool: sms_tool is not installed",
	},
];

for (const { what, world, provider = "auto", says, runs } of CASES) {
	test(`sms: ${what}`, async () => {
		const { channel, processes } = sms(`${ONE} option provider ${provider}\n`, world);
		const sent = await channel.send(letter());
		assert.equal(sent.text, says);
		assert.equal(sent.ok, says.startsWith("by "));
		assert.equal(sent.ok || sent.why, sent.ok || "again");
		if (runs !== undefined)
			assert.deepEqual(
				processes.runs.map(({ argv }) => argv.join(" ")),
				runs,
			);
	});
}

test("sms: a failure at the second number does not reach the first again, nor do two attempts at once", async () => {
	const modems: Record<string, BlobTable | Error> = { "gsm.modem0": GOOD };
	const { channel, calls } = sms(`${NUMBERS} option provider rutos\n`, { modems });
	const first = channel.send(letter());
	// Given up by the outbox's time limit while it was still at work, and tried again.
	const second = channel.send(letter());
	const oks = (await Promise.all([first, second])).map((one: Sent) => one.ok);
	assert.deepEqual(oks, [true, true]);
	assert.deepEqual(calls, [
		["gsm.modem0", "send_sms", "number", "text", "+46701234567"],
		["gsm.modem0", "send_sms", "number", "text", "+46707654321"],
	]);
	const bad = { number: "" };
	const failing: Record<string, BlobTable | Error> = {
		get "gsm.modem0"() {
			return bad.number === "fail" ? new Error("no network") : GOOD;
		},
	};
	const two = sms(`${NUMBERS} option provider rutos\n`, { modems: failing });
	bad.number = "fail";
	assert.equal((await two.channel.send(letter())).ok, false);
	bad.number = "";
	assert.equal((await two.channel.send(letter())).ok, true);
	assert.equal(two.calls.length, 3);
});

test("sms: nothing that could end a quote of mmcli, no character sms_tool's older releases do not know", async () => {
	const mmcli = sms(ONE, { processes: only("mmcli")(fakeProcesses(mm)) });
	await mmcli.channel.send(hostile());
	const pairs = mmcli.processes.runs[1]?.argv[3] ?? "";
	assert.match(pairs, /^--messaging-create-sms=text="boat: [^"]*",number='\+46701234567'$/);
	const apostrophe = letter([notice("raised", "critical", { text: 'the dish\'s view, "north"' })]);
	const quotes = sms(ONE, { processes: only("mmcli")(fakeProcesses(mm)) });
	await quotes.channel.send(apostrophe);
	assert.match(quotes.processes.runs[1]?.argv[3] ?? "", /text="[^"]*the dish's view, 'north'[^"]*",number=/);
	const tool = sms(ONE, { processes: only("sms_tool")(fakeProcesses()) });
	await tool.channel.send(letter([notice("raised", "critical", { text: "M\u00fcnchen \u4e2d `x`" })]));
	const text = tool.processes.runs[0]?.argv.at(-1) ?? "";
	assert.match(text, /Munchen \? 'x'/);
});

test("sms: only while no uplink works, or in an emergency; a bound a day; one part", async () => {
	const processes = only("sms_tool")(fakeProcesses());
	const { channel } = sms(`${NUMBERS} option max_per_day 3\n`, { processes, offline: false });
	assert.deepEqual(await channel.send(letter()), { ok: true, skipped: true, text: "not needed while an uplink works" });
	await channel.send(letter([notice("raised", "emergency")], { id: "m2" }));
	assert.equal(processes.runs.length, 2);
	const sent = await channel.send(letter([notice("raised", "emergency")], { id: "m3" }));
	assert.ok(!sent.ok && sent.why === "rejected" && /no more today \(option max_per_day/.test(sent.text));
	assert.equal(processes.runs.length, 3);
	const of = (text: string): string => smsText(letter([notice("raised", "critical", { text })]));
	assert.equal(of("x".repeat(400)).length, 160);
	assert.equal(of("\u00fc".repeat(400)).length, 70);
	const braces = of("{".repeat(400));
	assert.ok(braces.length + (braces.match(/\{/g)?.length ?? 0) <= 160, "two places each");
});

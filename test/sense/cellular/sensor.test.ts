import assert from "node:assert/strict";
import { test } from "node:test";
import { AutonomyError } from "../../../daemon/platform/error.ts";
import { hintOf } from "../../../daemon/sense/cellular/modem-hint.ts";
import { fakeFiles } from "../../support/fake-platform.ts";
import { rutosInfo, sample, uplink, type World, world } from "./support.ts";

const denied = new AutonomyError("bus_denied", "gsm.modem0 info: permission denied");

function rutos(
	w: World,
	cache: Readonly<Record<string, unknown>> = {},
	top: Readonly<Record<string, unknown>> = {},
): void {
	w.answers.set("gsm.modem0 info", rutosInfo(cache, top));
}

test("RutOS: figures, details and health of a modem that answers", async () => {
	const w = world();
	rutos(w);
	w.answers.set("gsm.modem0 get_signal_query", { net_mode: "LTE", rssi: -57, rsrp: -105, sinr: -13, rsrq: -20 });
	const sensor = w.sensor();
	await w.time.advance(1);
	assert.deepEqual(w.now(), { rsrp_dbm: -105, rsrq_db: -20, sinr_db: -13, rssi_dbm: -57, roaming: 0, registered: 1 });
	assert.equal(sensor.health().state, "ok");
	assert.equal(sensor.health().text, "RutOS gsm: LTE, RSRP -105 dBm, bad");
	const details = sensor.details();
	assert.deepEqual(
		[details?.operator, details?.technology, details?.sim_slot, details?.cell_id, details?.tac, details?.temperature_c],
		["Telia", "4g", 1, "29954840", "1832", 38],
	);
	assert.ok(!w.calls.some((call) => /exec|send_sms|scan/.test(call)));
	sensor.close();
	assert.equal(w.time.pending(), 0);
});

test("paces: 2 s in use, 10 s on standby, an event of gsmd at once", async () => {
	const w = world();
	rutos(w);
	const sensor = w.sensor();
	await w.time.advance(1);
	const infos = () => w.calls.filter((call) => call.startsWith("gsm.modem0 info")).length;
	const first = infos();
	await w.time.advance(60_000);
	assert.equal(infos() - first, 6);
	sensor.follow(uplink(), true);
	await w.time.advance(2_000);
	const active = infos();
	await w.time.advance(60_000);
	assert.equal(infos() - active, 30);
	sensor.follow(uplink(), false);
	await w.time.advance(125_000);
	assert.ok(infos() - active >= 30 + 60, "watched closely while connections finish on it");
	const before = infos();
	w.emit("gsm.modem.hang");
	for (let n = 0; n < 100; n++) w.emit("sim.changed");
	await w.time.advance(10);
	assert.equal(infos() - before, 1, "a bunch of events is one question");
	sensor.close();
});

test("denied: the next provider answers, and health says who refused; later the best is tried again", async () => {
	const w = world({
		programs: ["uqmi"],
		links: { "/sys/class/net/wwan0/device": "../../../2-1:1.4" },
		files: { "/sys/class/net/wwan0/device/usbmisc/cdc-wdm0/dev": "180:0", "/sys/class/net/wwan0/carrier": "1\n" },
		script: (argv) => {
			const what = argv.at(-1);
			assert.deepEqual(argv.slice(1, 6), ["-s", "-t", "2000", "-d", "/dev/cdc-wdm0"]);
			if (what === "--get-signal-info")
				return { stdout: JSON.stringify(sample("modem/uqmi_get_signal_info_lte.shape.json")) };
			if (what === "--get-serving-system")
				return { stdout: JSON.stringify(sample("modem/uqmi_get_serving_system.shape.json")) };
			return { code: 1, stdout: '"Not supported"' };
		},
	});
	w.answers.set("gsm.modem0 info", denied);
	const sensor = w.sensor();
	await w.time.advance(1);
	assert.equal(w.now().rsrp_dbm, -98);
	assert.equal(sensor.health().state, "ok");
	assert.equal(sensor.health().text, "uqmi: LTE, RSRP -98 dBm, fair; RutOS gsm: gsm.modem0 info: permission denied");
	assert.deepEqual(sensor.details()?.resting, ["RutOS gsm: gsm.modem0 info: permission denied"]);
	rutos(w);
	await w.time.advance(61_000);
	assert.match(sensor.health().text, /^RutOS gsm: /);
	sensor.close();
});

test("ModemManager by mmcli: found by the USB place, signal set up once, programs at long intervals only", async () => {
	const modem = sample("modem/mmcli_modem.shape.json") as { modem: { generic: Record<string, unknown> } };
	const off = { modem: { signal: { lte: { rsrp: "--", rssi: "--" } } } };
	let isSetUp = false;
	const w = world({
		programs: ["mmcli"],
		links: { "/sys/class/net/wwan0/device": "../../../1-1:1.4" },
		script: (argv) => {
			const words = argv.slice(1).join(" ");
			if (words === "-L -J")
				return {
					stdout: '{"modem-list":["/org/freedesktop/ModemManager1/Modem/4","/org/freedesktop/ModemManager1/Modem/5"]}',
				};
			const device = words.includes("Modem/5") ? "/sys/devices/platform/usb1/1-1" : "/sys/devices/platform/usb1/1-2";
			if (/Modem\/\d -J$/.test(words))
				return { stdout: JSON.stringify({ modem: { ...modem.modem, generic: { ...modem.modem.generic, device } } }) };
			if (words.endsWith("--signal-setup=5")) isSetUp = true;
			if (words.includes("--signal-get"))
				return { stdout: JSON.stringify(isSetUp ? sample("modem/mmcli_signal_get.shape.json") : off) };
			if (words.includes("--location-get")) return { code: 1, stderr: "error: operation not authorized" };
			return {};
		},
	});
	const sensor = w.sensor();
	await w.time.advance(1);
	await w.time.advance(61_000);
	assert.equal(w.now().rsrp_dbm, -98);
	assert.equal(sensor.details()?.technology, "5g_nsa");
	assert.equal(w.processes.runs.filter(({ argv }) => argv.join().includes("signal-setup")).length, 1);
	const before = w.processes.runs.length;
	await w.time.advance(600_000);
	assert.ok(
		w.processes.runs.length - before <= 40,
		`${w.processes.runs.length - before} programs in 10 minutes of standby`,
	);
	sensor.close();
});

test("ModemManager by the rpcd object where mmcli is missing", async () => {
	const modem = sample("modem/mmcli_modem.shape.json") as { modem: object };
	const { signal } = (sample("modem/mmcli_signal_get.shape.json") as { modem: { signal: object } }).modem;
	const w = world();
	w.answers.set("modemmanager dump", { modem: [{ ...modem.modem, device: "--", signal, sim: {}, location: {} }] });
	const sensor = w.sensor();
	await w.time.advance(1);
	assert.equal(w.now().rsrp_dbm, -98);
	assert.match(sensor.health().text, /^ModemManager \(rpcd\): /);
	sensor.close();
});

test("programs that hang, print nonsense or too much are failures with words; sysfs is what is left", async () => {
	const table: [object, RegExp][] = [
		[{ timedOut: true, code: null }, /uqmi: no answer within 3000 ms/],
		[{ stdout: "not json" }, /uqmi: printed something that is not JSON/],
		[{ stdout: "", truncated: true }, /uqmi: printed more than 65536 bytes/],
		[
			{ code: 1, stderr: "Failed to open device: Permission denied\nmore" },
			/uqmi: Failed to open device: Permission denied$/,
		],
	];
	for (const [result, expected] of table) {
		const w = world({
			programs: ["uqmi"],
			script: () => result,
			files: { "/sys/class/net/wwan0/device/usbmisc/cdc-wdm0/dev": "", "/sys/class/net/wwan0/carrier": "1\n" },
		});
		const sensor = w.sensor();
		await w.time.advance(1);
		assert.equal(sensor.health().state, "ok");
		assert.match(
			sensor.health().text,
			/^sysfs: tells no signal: neither RutOS gsm nor ModemManager nor uqmi answers for this modem; /,
		);
		assert.match(sensor.health().text, expected);
		assert.equal(w.now().rsrp_dbm, null);
		assert.equal(sensor.details()?.connected, true);
		sensor.close();
	}
});

test("no modem at all: absent, asked again rarely, nothing told", async () => {
	const w = world();
	const sensor = w.sensor();
	await w.time.advance(1);
	assert.equal(sensor.health().state, "absent");
	assert.equal(sensor.details(), null);
	assert.deepEqual(w.told, { values: [], risks: [], suspects: [], events: [], classes: [] });
	assert.ok((sensor.health().nextTryMs ?? 0) >= w.time.clock.monotonicMs() + 59_000);
	sensor.close();
});

test("a modem that stops answering takes its figures back", async () => {
	const w = world();
	rutos(w);
	const sensor = w.sensor();
	sensor.follow(uplink(), true);
	await w.time.advance(4_000);
	assert.equal(w.now().rsrp_dbm, -99);
	w.answers.set("gsm.modem0 info", new AutonomyError("timeout", "gsm.modem0 info: no answer"));
	await w.time.advance(4_000);
	assert.equal(sensor.health().state, "failing");
	assert.deepEqual([w.now().rsrp_dbm, w.now().registered], [null, null]);
	assert.ok(w.log.messages("warn").length === 1);
	rutos(w);
	await w.time.advance(40_000);
	assert.equal(sensor.health().state, "ok");
	sensor.close();
});

test("deregistration: looked into at once, a risk when it is certain, over when registered again", async () => {
	const w = world();
	rutos(w);
	const sensor = w.sensor();
	sensor.follow(uplink(), true);
	await w.time.advance(4_000);
	rutos(w, { reg_stat: 2, reg_stat_str: "Not registered, searching" });
	await w.time.advance(2_000);
	assert.deepEqual(w.told.suspects, ["not registered, searching for a network"]);
	assert.deepEqual(w.told.risks, [], "a short search may be a change of cells");
	assert.equal(w.now().registered, 0);
	await w.time.advance(4_000);
	assert.deepEqual(
		w.told.risks.slice(0, 1).map(({ risk, confidence, cause }) => [risk, confidence, cause]),
		[[0.95, 0.9, "not_registered"]],
	);
	rutos(w);
	await w.time.advance(2_000);
	assert.equal(w.now().registered, 1);
	assert.deepEqual(w.told.events, [
		"registration: not registered, searching for a network",
		"registration: registered again",
	]);
	const risks = w.told.risks.length;
	await w.time.advance(20_000);
	assert.equal(w.told.risks.length, risks);
	sensor.close();
});

test("SIM gone, registration denied: a risk at once", async () => {
	for (const [cache, words] of [
		[{ pin_state_str: "NOT INSERTED", reg_stat: 0, reg_stat_str: "Not registered" }, "no SIM card is in the modem"],
		[{ reg_stat: 3, reg_stat_str: "Registration denied" }, "the network refuses this SIM"],
	] as const) {
		const w = world();
		rutos(w);
		const sensor = w.sensor();
		sensor.follow(uplink(), true);
		await w.time.advance(4_000);
		rutos(w, cache);
		w.emit("sim.changed");
		await w.time.advance(1_200);
		assert.deepEqual(w.told.suspects, [words]);
		assert.equal(w.told.risks[0]?.text, words);
		assert.equal(sensor.details()?.trouble, words);
		sensor.close();
	}
});

test("roaming is a figure and an event with the operator's name as it came", async () => {
	const w = world();
	rutos(w);
	const sensor = w.sensor();
	sensor.follow(uplink(), true);
	await w.time.advance(2_000);
	rutos(w, { reg_stat: 5, reg_stat_str: "Registered, roaming", operator: "Ro\u001b[2Jam" });
	await w.time.advance(2_000);
	assert.equal(w.now().roaming, 1);
	assert.deepEqual(w.told.events, ["roaming: in a foreign network now (Ro\u001b[2Jam)"]);
	assert.deepEqual([w.told.risks, w.told.suspects], [[], []]);
	sensor.close();
});

test("cell changes are events, one a minute at most, and cost nothing", async () => {
	const w = world();
	let cell = 1;
	w.answers.set("gsm.modem0 info", () => rutosInfo({ reg_ci: String(++cell) }));
	const sensor = w.sensor();
	sensor.follow(uplink(), true);
	await w.time.advance(62_000);
	const told = w.told.events.filter((event) => event.startsWith("cell_change"));
	assert.equal(told.length, 2);
	assert.match(told[1] ?? "", /^cell_change: cell \d+ -> \d+, LTE B7; 2\d more since the last one that was told$/);
	assert.deepEqual([w.told.risks, w.told.suspects], [[], []]);
	const details = sensor.details();
	assert.ok((details?.cell_changes as number) >= 29);
	assert.equal(details?.stability_status, "healthy");
	sensor.close();
});

test("a fade is a risk seconds before the limit; a short history or a level signal is none", async () => {
	const w = world();
	let rsrp = -85;
	let fallPerS = 0;
	let lastMs = 1000;
	w.answers.set("gsm.modem0 info", () => {
		rsrp -= (fallPerS * (w.time.clock.monotonicMs() - lastMs)) / 1000;
		lastMs = w.time.clock.monotonicMs();
		return rutosInfo({ rsrp_value: Math.round(rsrp) });
	});
	const sensor = w.sensor();
	sensor.follow(uplink(), true);
	await w.time.advance(30_000);
	assert.equal(w.told.risks.length, 0);
	const beganMs = w.time.clock.monotonicMs();
	fallPerS = 3;
	await w.time.advance(14_000);
	const first = w.told.risks[0];
	assert.ok(first, "no risk was told");
	assert.equal(first.cause, "signal_fades");
	assert.ok(first.risk >= 0.7 && first.confidence >= 0.6, JSON.stringify(first));
	const limitMs = beganMs + ((122 - 85) / fallPerS) * 1000;
	const leadMs = limitMs - first.atMs;
	assert.ok(leadMs >= 3_000, `told only ${leadMs} ms before the limit`);
	assert.match(first.text, /^the signal falls by \d\.\d dB\/s and will be lost in \d+ s$/);
	sensor.close();

	const young = world();
	let at = -96;
	young.answers.set("gsm.modem0 info", () => {
		at -= 4;
		return rutosInfo({ rsrp_value: at });
	});
	const other = young.sensor();
	other.follow(uplink(), true);
	await young.time.advance(4_000);
	assert.deepEqual(young.told.risks, [], "three readings are no history");
	other.close();
});

test("the SIM that is not in use has no signal of its own", async () => {
	const w = world({ uplink: uplink({ id: "mob1s2a1" }) });
	rutos(w);
	const sensor = w.sensor();
	await w.time.advance(1);
	assert.deepEqual(w.told.values, []);
	assert.equal(sensor.health().text, "RutOS gsm: the modem uses SIM 1 now, not SIM 2");
	assert.equal(sensor.details()?.in_use, false);
	assert.equal(sensor.details()?.rsrp, undefined);
	rutos(w, { sim: 2 });
	await w.time.advance(10_000);
	assert.equal(w.now().rsrp_dbm, -99);
	sensor.close();
});

test("several modems: by USB place, by network device, by the number in the name", async () => {
	const two = (w: World): void => {
		rutos(w, { rsrp_value: -80 }, { usb_id: "1-1", data_port: "wwan0" });
		w.answers.set("gsm.modem1 info", rutosInfo({ rsrp_value: -70 }, { usb_id: "3-1", data_port: "wwan1" }));
	};
	const asked = async (w: World, one = uplink()): Promise<unknown> => {
		two(w);
		const sensor = w.sensor(one);
		await w.time.advance(1);
		sensor.close();
		return w.now().rsrp_dbm ?? sensor.health().state;
	};
	const byStatus = world();
	byStatus.answers.set("network.interface.mob1s1a1 status", { data: { modem: "3-1", sim: "1" } });
	assert.equal(await asked(byStatus), -70);
	const bySysfs = world({ links: { "/sys/class/net/wwan0/device": "../../3-1:1.4" } });
	assert.equal(await asked(bySysfs), -70);
	const byConfig = world({
		files: { "/etc/config/network": "config interface 'mob1s1a1'\n\toption modem '3-1'\n\toption sim '1'\n" },
	});
	assert.equal(await asked(byConfig), -70);
	const byDevice = world();
	assert.equal(await asked(byDevice, uplink({ id: "x", device: "wwan1", lowerDevice: "wwan1" })), -70);
	const byName = world();
	assert.equal(await asked(byName, uplink({ id: "mob2s1a1", device: null, lowerDevice: null })), -70);
	const stranger = world({ links: { "/sys/class/net/wwan0/device": "../../9-9:1.4" } });
	assert.equal(await asked(stranger), "ok");
	assert.equal(stranger.told.values.at(-1)?.rsrp_dbm, null, "another modem's figures are not taken");
});

test("where a modem is: multiplexed devices, control devices, names that are none", () => {
	const files = fakeFiles({
		"/sys/class/net/qmimux0/lower_wwan0": "",
		"/sys/class/net/wwan0/device/usbmisc/cdc-wdm1/dev": "",
		"/etc/config/network": "config interface 'lte'\n\toption proto 'qmi'\n\toption device '/dev/cdc-wdm0; reboot'\n",
	});
	files.links.set("/sys/class/net/wwan0/device", "../../../1-1.4:1.4");
	const hint = hintOf(files, uplink({ id: "lte", device: "qmimux0", lowerDevice: "qmimux0" }), {
		data: { modem: "../..", sim: 99 },
	});
	assert.deepEqual(hint, {
		usbId: "1-1.4",
		netdevs: ["qmimux0", "wwan0"],
		control: "/dev/cdc-wdm1",
		simSlot: null,
		number: null,
	});
});

const OPT_IN = "config member 'mob1s1a1'\n\toption sim_switch '1'\n";
const LOST = { reg_stat: 3, reg_stat_str: "Registration denied" };

async function lostFor(w: World, ms: number, active = false): Promise<string[]> {
	rutos(w);
	w.answers.set("mobifd.modem0 switch_sim", {});
	const sensor = w.sensor();
	sensor.follow(uplink(), active);
	await w.time.advance(2_000);
	rutos(w, LOST);
	await w.time.advance(ms);
	sensor.close();
	return w.calls.filter((call) => call.startsWith("mobifd"));
}

test("SIM switch: only when asked for, after half a minute without service, rarely again, and told", async () => {
	assert.deepEqual(await lostFor(world(), 600_000), []);
	const w = world({ config: OPT_IN });
	assert.deepEqual(await lostFor(w, 31_000, true), []);
	const once = await lostFor(world({ config: OPT_IN }), 60_000, true);
	assert.deepEqual(once, ['mobifd.modem0 switch_sim {"sim_id":2,"esim_index":0}']);
	const hours = world({ config: OPT_IN });
	// The modem never changes its SIM: pauses of 5, 10, 20, 40, 60, 60 minutes.
	assert.equal((await lostFor(hours, 3 * 3_600_000)).length, 6);
	const first = hours.told.events.find((event) => event.startsWith("sim_switch"));
	assert.equal(first, "sim_switch: SIM 1 -> SIM 2: the network refuses this SIM; not again within 5 min");
});

test("SIM switch: RutOS's own rule, a single slot and a refusal are respected and told", async () => {
	const own = "config sim_switch\n\toption modem '2-1'\n\toption enabled '1'\n";
	const theirs = world({ config: OPT_IN, files: { "/etc/config/sim_switch": own } });
	assert.deepEqual(await lostFor(theirs, 600_000), []);
	assert.deepEqual(
		theirs.told.events.filter((event) => event.startsWith("sim_switch")),
		["sim_switch: left alone: SIM switch of RutOS is on for this modem (/etc/config/sim_switch)"],
	);
	const refused = world({ config: OPT_IN });
	rutos(refused);
	const sensor = refused.sensor();
	await refused.time.advance(1);
	rutos(refused, LOST);
	await refused.time.advance(60_000);
	assert.match(
		refused.told.events.at(-1) ?? "",
		/^sim_switch: SIM 1 -> SIM 2 failed: no mobifd.modem0 switch_sim; not again within 5 min$/,
	);
	sensor.close();
});

test("SIM switch by weak signal only while no traffic needs it", async () => {
	for (const active of [true, false]) {
		const w = world({ config: OPT_IN });
		rutos(w, { rsrp_value: -118 });
		w.answers.set("mobifd.modem0 switch_sim", {});
		const sensor = w.sensor();
		sensor.follow(uplink(), active);
		await w.time.advance(120_000);
		assert.equal(w.calls.filter((call) => call.startsWith("mobifd")).length, active ? 0 : 1);
		assert.ok(w.told.events.includes("weak_signal: RSRP -118 dBm"));
		sensor.close();
	}
});

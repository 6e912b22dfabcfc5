/** The program providers against real processes, with the real platform and its limits of time. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { createNodePlatform } from "../../../daemon/platform/node/platform.ts";
import type { ModemHint } from "../../../daemon/sense/cellular/modem-hint.ts";
import { createMmcli } from "../../../daemon/sense/cellular/modemmanager.ts";
import { createUqmi } from "../../../daemon/sense/cellular/uqmi.ts";
import { fakeLog } from "../../support/fake-platform.ts";
import { modemTools } from "../../support/modem-tools.ts";
import { sample } from "./support.ts";

const HINT: ModemHint = { usbId: null, netdevs: ["wwan0"], control: "/dev/cdc-wdm0", simSlot: null, number: null };
const off = { modem: { signal: { lte: { rsrp: "--", rsrq: "--", rssi: "--", snr: "--" }, refresh: { rate: "0" } } } };

test("mmcli: list, modem, signal that has to be set up first, SIM slot", async (t) => {
	const tools = modemTools("mmcli");
	t.after(() => tools.close());
	const log = fakeLog();
	const mmcli = createMmcli(createNodePlatform(), log);
	await assert.rejects(mmcli.ask(HINT, true), { code: "not_found", message: "mmcli: error: couldn't find modem" });
	tools.answer("list.json", { "modem-list": ["/org/freedesktop/ModemManager1/Modem/0"] });
	tools.answer("modem.json", sample("modem/mmcli_modem.shape.json"));
	tools.answer("signal.json", off);
	const first = await mmcli.ask(HINT, true);
	assert.deepEqual([first.rsrpDbm, first.registration, first.operator], [null, "home", "Telia"]);
	assert.equal(log.lines.length, 1);
	tools.answer("signal.json", sample("modem/mmcli_signal_get.shape.json"));
	assert.equal((await mmcli.ask(HINT, false)).rsrpDbm, -98);
	assert.equal(log.lines.length, 1, "set up once");
	await assert.rejects(async () => mmcli.heard?.(HINT), { code: "not_found" }, "an mmcli or a modem without cells");
	const cells = ["cell type: lte, serving: yes, operator id: 24601, tac: 728, ci: 1C91318, timing advance: 12"];
	tools.answer("cells.json", { modem: { generic: { "cell-info": cells } } });
	assert.deepEqual(
		(await mmcli.heard?.(HINT))?.map((one) => [one.cellId, one.timingAdvance]),
		[[0x1c91318, 12]],
	);
	await mmcli.switchSim?.(HINT, 2);
	assert.equal(readFileSync(`${tools.folder}/switched`, "utf8").trim(), "--set-primary-sim-slot=2");
	await assert.rejects(mmcli.ask({ ...HINT, netdevs: ["wwan7"], control: null }, false), { code: "not_found" });
});

test("uqmi: one device, two radios, a modem that is unplugged, one that never answers", async (t) => {
	const tools = modemTools("uqmi");
	t.after(() => tools.close());
	const uqmi = createUqmi(createNodePlatform());
	tools.answer("signal.json", sample("modem/uqmi_get_signal_info_endc.shape.json"));
	tools.answer("serving.json", sample("modem/uqmi_get_serving_system.shape.json"));
	const full = await uqmi.ask(HINT, true);
	assert.deepEqual([full.rsrpDbm, full.technology, full.connected, full.operator], [-98, "5g_nsa", true, "Telia"]);
	const quick = await uqmi.ask(HINT, false);
	assert.equal(quick.operator, "Telia", "what changes slowly is remembered");
	tools.answer("signal.json", "Device busy");
	await assert.rejects(uqmi.ask(HINT, false), { code: "process_failed", message: "uqmi: Device busy" });
	tools.remove("signal.json");
	await assert.rejects(uqmi.ask(HINT, false), { code: "not_found", message: "uqmi: Failed to open device" });
	tools.answer("hang", true);
	await assert.rejects(uqmi.ask(HINT, false), { code: "timeout", message: "uqmi: no answer within 3000 ms" });
	assert.ok(existsSync(tools.folder));
});

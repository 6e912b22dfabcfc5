import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { applyEdits } from "../../daemon/config/edit.ts";
import { hasOwnValues, planMigration } from "../../daemon/config/migrate.ts";
import { readConfig } from "../../daemon/config/read.ts";
import { parseUci } from "../../daemon/uci/parse.ts";
import { FILE } from "./support.ts";

const shipped = fs.readFileSync(path.join(import.meta.dirname, "../../package/files/etc/config/autonomy"), "utf8");
const fresh = parseUci(shipped, { file: FILE });
const old = (text: string) => parseUci(text, { file: "/etc/config/starfail" });

const STARFAIL = old(`
config starfail 'main'
	option enable '1'
	option switch_margin '15'
	option cooldown_s 'soon'
	option fail_threshold_loss '8'
	option metrics_port '9101'
	option wifi_passwd_colour 'red'
	option flux '3'

config starfail 'starlink'
	option dish_ip '192.168.100.1'
	option dish_port '9200'
	option colour 'white'

config thresholds 'restore'
	option latency '700'

config member 'sim1'
	option weight '75'

config notifications 'pushover'
	option token 'hunter2'

config teapot 'kettle'
`);

test("a first-generation configuration is taken over", () => {
	const { edits, notes } = planMigration(STARFAIL, fresh)!;
	assert.deepEqual(edits, [
		{ kind: "set", section: "failover", values: { loss: "8" } },
		{ kind: "set", section: "metrics", values: { port: "9101" } },
		{
			kind: "set",
			section: "main",
			values: {
				enable: "1",
				switch_margin: "15",
				wifi_passwd_colour: "red",
				migrated_from: "starfail",
			},
		},
		{ kind: "set", section: "api", values: { host: "192.168.100.1", port: "9200" } },
		{ kind: "set", section: "restore", values: { latency: "700" } },
		{ kind: "add", type: "member", name: "sim1", values: { weight: "75" } },
		{ kind: "set", section: "pushover", values: { token: "hunter2" } },
	]);
	assert.deepEqual(notes, [
		"10 settings of /etc/config/starfail were taken over; that file is not used any more",
		"main.cooldown_s 'soon' was not taken over: it is not a whole number from 0 to 3600",
		"main.flux was not taken over: it is unknown",
		"starlink.colour was not taken over: it is unknown",
		"section kettle of type teapot was not taken over: it is unknown",
	]);
});

test("once: the result is marked, and never migrated again", () => {
	const migrated = applyEdits(fresh, planMigration(STARFAIL, fresh)!.edits);
	assert.equal(planMigration(STARFAIL, migrated), null);
	const { config, report } = readConfig(migrated, FILE);
	assert.deepEqual([config.main.migratedFrom, config.main.switchMargin, config.failover.lossPct], ["starfail", 15, 8]);
	assert.equal(config.restore.latencyMs, 700);
	assert.equal(config.members.get("sim1")?.weight, 75);
	assert.ok(report.every((entry) => entry.level === "info"));
});

test("a configuration with settings of its own is not touched", () => {
	const own = (text: string) => parseUci(text, { file: FILE });
	assert.equal(hasOwnValues(fresh), false);
	assert.equal(hasOwnValues(own("")), false);
	assert.equal(hasOwnValues(own("config autonomy main\n option enable on\n option switch_margin 10\n")), false);
	for (const text of [
		"config autonomy main\n option switch_margin 11\n",
		"config autonomy main\n option enable 0\n",
		"config autonomy main\n option quux 1\n",
		"config member wan\n",
		"config gps settings\n",
		"config autonomy main\n option migrated_from starfail\n",
	]) {
		assert.equal(planMigration(STARFAIL, own(text)), null, text);
	}
});

test("nothing to take over, nowhere to put it", () => {
	assert.equal(planMigration(null, fresh), null);
	assert.equal(planMigration(old(""), fresh), null);
	assert.equal(planMigration(STARFAIL, null), null);
});

test("nonsense in the old file costs a note each, and shows no secret", () => {
	const { edits, notes } = planMigration(
		old(
			"config starfail starlink\n option dish_ip 'a;reboot'\n option dish_port 99999\nconfig notifications\n option token hunter2\n",
		),
		fresh,
	)!;
	assert.deepEqual(edits, [{ kind: "set", section: "main", values: { migrated_from: "starfail" } }]);
	assert.deepEqual(notes, [
		"0 settings of /etc/config/starfail were taken over; that file is not used any more",
		"starlink.dish_ip 'a;reboot' was not taken over: it is not an IPv4 address",
		"starlink.dish_port '99999' was not taken over: it is not a port",
		"section cfg025eff of type notifications was not taken over: it has no name",
	]);
});

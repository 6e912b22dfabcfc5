import assert from "node:assert/strict";
import { test } from "node:test";
import { applyEdits, planChange } from "../../daemon/config/edit.ts";
import { AutonomyError } from "../../daemon/platform/error.ts";
import { parseUci } from "../../daemon/uci/parse.ts";
import { formatUci } from "../../daemon/uci/write.ts";
import { FILE } from "./support.ts";

const TEXT = `config autonomy 'main'
	option switch_margin '15'
	option mode 'observe'

config gps 'settings'
	option enabled '1'

config member 'wan'
	option weight '5'
	list target4 '192.0.2.1'
`;
const pkg = parseUci(TEXT, { file: FILE });
const plan = (section: string, values: Record<string, unknown>) => planChange(pkg, FILE, { section, values });

test("values of any JSON type become strings, in canonical form", () => {
	const values = { switch_margin: 12.5, predictive: false, mode: "CONTROL", cooldown_s: "030", log_file: "/tmp/x" };
	assert.deepEqual(plan("main", values).edits, [
		{
			kind: "set",
			section: "main",
			values: { switch_margin: "12.5", predictive: "0", mode: "control", cooldown_s: "30", log_file: "/tmp/x" },
		},
	]);
});

test("lists; null, empty text and empty lists remove; what is already so is no edit", () => {
	assert.deepEqual(plan("wan", { target4: ["192.0.2.9", "192.0.2.1"], weight: null }).edits, [
		{ kind: "set", section: "wan", values: { target4: ["192.0.2.9", "192.0.2.1"] } },
		{ kind: "delete", section: "wan", options: ["weight"] },
	]);
	assert.deepEqual(plan("wan", { weight: "", target4: [] }).edits, [
		{ kind: "delete", section: "wan", options: ["weight", "target4"] },
	]);
	assert.deepEqual(plan("main", { switch_margin: 15, mode: "observe", cooldown_s: null }).edits, []);
});

test("a section that is not there yet is added with its values", () => {
	assert.deepEqual(plan("failover", { loss: 8 }).edits, [
		{ kind: "add", type: "thresholds", name: "failover", values: { loss: "8" } },
	]);
	assert.deepEqual(plan("starlink_any", { weight: 100 }).edits, [
		{ kind: "add", type: "member", name: "starlink_any", values: { weight: "100" } },
	]);
	assert.deepEqual(plan("restore", { loss: null }).edits, []);
});

test("an anonymous main is changed where it stands", () => {
	const anonymous = parseUci("config autonomy\n\toption mode observe\n", { file: FILE });
	const { edits } = planChange(anonymous, FILE, { section: "main", values: { cooldown_s: 5 } });
	assert.deepEqual(edits, [{ kind: "set", section: anonymous.sections[0]!.name, values: { cooldown_s: "5" } }]);
});

const REFUSED: readonly [string, Record<string, unknown>, string][] = [
	["main", { switch_margin: 900 }, "section main, option switch_margin '900' is not a number from 0 to 100"],
	[
		"main",
		{ switch_margin: Number.NaN },
		"section main, option switch_margin must be text, a number, a boolean or a list of these",
	],
	["main", { mode: {} }, "section main, option mode must be text, a number, a boolean or a list of these"],
	[
		"main",
		{ mode: ["control", "observe"] },
		"section main, option mode 'control observe' is a list, but takes one value",
	],
	["main", { colour: "red" }, "section main, option colour is unknown"],
	["main", { __proto__x: 1 }, "section main, option __proto__x is unknown"],
	["main", {}, "section main no value is given"],
	[
		"wan",
		{ target4: ["192.0.2.1", "x\ny"] },
		"section wan, option target4 '192.0.2.1 x\\x0ay' holds 'x\\x0ay', which is not an IPv4 address",
	],
	[
		"wan",
		{ target4: [["1.1.1.1"]] },
		"section wan, option target4 must be text, a number, a boolean or a list of these",
	],
	["settings", { enabled: 1 }, "section settings is not a section whose options can be set here"],
	["@member[0]", { weight: 1 }, "section @member[0] is no section name: letters, digits and underscore only"],
	["a.b='x'", { weight: 1 }, "section a.b='x' is no section name: letters, digits and underscore only"],
];

test("nothing is planned when anything is wrong, and the message says what", () => {
	for (const [section, values, message] of REFUSED) {
		assert.throws(
			() => plan(section, { ...values }),
			(error: unknown) => {
				assert.ok(error instanceof AutonomyError && error.code === "bad_argument");
				assert.equal(error.message, `autonomy, ${message}`);
				return true;
			},
		);
	}
	assert.throws(() => plan("main", { mode: "control", switch_margin: -1 }), { code: "bad_argument" });
	const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`o${index}`, 1]));
	assert.throws(() => plan("main", many), { message: /more than 64 values at once/ });
});

test("without a file there is nothing to write to", () => {
	assert.throws(() => planChange(null, FILE, { section: "main", values: { mode: "control" } }), {
		code: "refused",
		message: "there is no /etc/config/autonomy; create it first: touch /etc/config/autonomy",
	});
});

test("a change that contradicts the rest is told beforehand", () => {
	const { edits, report } = plan("failover", { loss: 1, latency: 600 });
	assert.equal(edits.length, 1);
	assert.deepEqual(
		report.map(({ level, option }) => `${level} ${option}`),
		["info loss", "warning latency"],
	);
	assert.deepEqual(plan("main", { cooldown_s: 5 }).report, []);
});

test("edits do to a package what they say", () => {
	const { edits } = plan("wan", { weight: null, metered: true });
	const added = plan("lan_any", { weight: 1 }).edits;
	const text = formatUci(applyEdits(pkg, [...edits, ...added]));
	assert.ok(
		text.endsWith(
			"\nconfig member 'wan'\n\tlist target4 '192.0.2.1'\n\toption metered '1'\n\nconfig member 'lan_any'\n\toption weight '1'\n\n",
		),
	);
	assert.equal(formatUci(pkg), formatUci(parseUci(TEXT, { file: FILE })), "the package itself is left alone");
});

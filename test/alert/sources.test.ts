/**
 * Every kind of alert from where it comes from on a router: the engine, the sensors, the record, files, the configuration,
 * a certificate, the watchdog's own script. What is asserted is what the owner hears, and that it ends.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ALERT_KINDS } from "../../contract/options-alerts.ts";
import { until } from "../publish/broker.ts";
import { type Rig, rig, STATE } from "./rig.ts";

const OPENSSL = ["/usr/bin/openssl", "/bin/openssl"].find((path) => existsSync(path)) ?? null;
const MB = 1_000_000;
const PLAN = "config member 'mob'\n\toption data_limit_mb '1000'\n\toption data_reset_day '21'\n";
const GOOD = { wan: 30, mob: 40 } as const;

interface Case {
	readonly kind: string;
	readonly what: string;
	readonly uci?: string;
	readonly starts?: string;
	readonly kinds?: readonly ("cellular" | "usage")[];
	/** Makes it so; what must have been told, in order. */
	readonly begin: (r: Rig) => Promise<void> | void;
	readonly told: readonly RegExp[];
	/** Undoes it; nothing of it may hold afterwards. */
	readonly end?: (r: Rig) => Promise<void> | void;
	readonly over?: readonly RegExp[];
	readonly skip?: string | false;
}

const CASES: readonly Case[] = [
	{
		kind: "member_down, failover, failback",
		what: "the engine leaves an uplink that died and comes back",
		async begin(r) {
			await r.probes(5, GOOD);
			r.reach("wan", false);
			await r.probes(15, { ...GOOD, wan: null });
		},
		told: [/^raised critical member_down wan: wan: no reply/, /^raised critical failover wan: Left wan: /],
		async end(r) {
			r.reach("wan", true);
			await r.probes(120, GOOD);
		},
		over: [/^cleared critical member_down wan/, /^cleared critical failover wan: Back to wan/],
	},
	{
		kind: "predictive",
		what: "the dish says it is too hot to go on, the engine leaves in time",
		async begin(r) {
			await r.probes(60, GOOD);
			r.dish();
			r.dish({ software_update_stats: { update_requires_reboot: true }, swupdate_reboot_ready: true });
			r.dish({ outage: { cause: "THERMAL_SHUTDOWN", start_timestamp_ns: "1", duration_ns: "5000000000" } });
			for (let s = 0; s < 12; s++) {
				r.dish({ outage: { cause: "THERMAL_SHUTDOWN", start_timestamp_ns: "1", duration_ns: String((5 + s) * 1e9) } });
				await r.probes(1, GOOD);
			}
		},
		told: [/^raised (warning|info) maintenance wan: wan: the dish has an update/, /^raised warning predictive wan: /],
	},
	{
		kind: "offline",
		what: "no uplink is left",
		async begin(r) {
			await r.probes(5, GOOD);
			r.reach("wan", false);
			r.reach("mob", false);
			await r.probes(15, { wan: null, mob: null });
		},
		told: [/member_down/, /member_down|failover/, /offline|failover|member_down/],
		async end(r) {
			assert.ok(
				r.open().some((one) => /^emergency offline -: No uplink works: /.test(one)),
				r.open().join("\n"),
			);
			r.reach("mob", true);
			await r.probes(60, { ...GOOD, wan: null });
			assert.ok(!r.open().some((one) => one.startsWith("emergency")), r.open().join("\n"));
			r.reach("wan", true);
			await r.probes(200, GOOD);
		},
	},
	{
		kind: "degraded",
		what: "the best uplink has been bad for degraded_after_s",
		uci: "config notifications 'alerts'\n\toption threshold 'info'\n\toption degraded_after_s '30'\n",
		async begin(r) {
			await r.probes(60, GOOD);
			r.reach("mob", false);
			for (let s = 0; s < 120; s++) await r.probes(1, { wan: s % 3 === 0 ? 60 : null, mob: null });
		},
		told: [/./],
		async end(r) {
			assert.ok(
				r
					.past()
					.concat(r.open())
					.some((one) => /warning degraded -/.test(one)),
				r.open().join("\n"),
			);
			r.reach("mob", true);
			await r.probes(400, GOOD);
		},
	},
	{
		kind: "flapping",
		what: "an uplink that fails again and again is one alert",
		uci: "config notifications 'alerts'\n\toption threshold 'info'\n\toption flap_count '3'\n\toption flap_window_s '1200'\n",
		async begin(r) {
			for (let n = 0; n < 4; n++) {
				r.reach("mob", true);
				for (let s = 0; s < 200 && r.state("mob") !== "eligible"; s += 5) await r.probes(5, GOOD);
				r.reach("mob", false);
				for (let s = 0; s < 60 && r.state("mob") !== "down"; s++) await r.probes(1, { ...GOOD, mob: null });
			}
		},
		told: [/member_down mob/, /cleared/, /./],
		async end(r) {
			assert.ok(
				r
					.past()
					.concat(r.open())
					.some((one) => /^critical flapping mob: mob failed [34] times/.test(one)),
				r.open().join("\n"),
			);
			r.reach("mob", true);
			await r.probes(1220, GOOD);
		},
	},
	{
		kind: "data_limit",
		what: "80, 95 and 100 % of a plan, and its new period",
		kinds: ["usage"],
		uci: PLAN,
		async begin(r) {
			await r.time.advance(1_000);
			for (const mb of [500, 810, 960, 990, 1010]) {
				r.bytes(mb * MB);
				await r.time.advance(21_000);
			}
		},
		told: [
			/^raised warning data_limit mob: mob: 81 % of the data plan is used; 0\.19 GB are left/,
			/^escalated critical data_limit mob: mob: 96 %/,
			/^repeated critical data_limit mob: mob: the data plan is used up/,
		],
		async end(r) {
			await r.time.advance(600_000);
		},
		over: [/^cleared critical data_limit mob: mob: the data plan begins anew; 101 % of it were used/],
	},
	{
		kind: "data_limit",
		what: "a new period of a plan that was not near its end; a plan that is taken back",
		kinds: ["usage"],
		uci: PLAN,
		async begin(r) {
			await r.time.advance(1_000);
			r.bytes(400 * MB);
			await r.time.advance(21_000);
			await r.time.advance(600_000);
			r.bytes(1_300 * MB);
			await r.time.advance(21_000);
		},
		told: [
			/^raised info data_limit mob: mob: the data plan begins anew; 40 % of it were used/,
			/^raised warning data_limit mob: mob: 90 %/,
		],
		async end(r) {
			r.configure("");
			await r.time.advance(3_700_000);
		},
	},
	{
		kind: "data_usage_spike",
		what: "an hour with far more data than usual",
		kinds: ["usage"],
		async begin(r) {
			for (let hour = 1; hour <= 4; hour++) {
				r.bytes(hour * 10 * MB);
				await r.time.advance(3_600_000);
			}
			r.bytes(340 * MB);
			await r.time.advance(30_000);
		},
		told: [/^raised warning data_usage_spike mob: mob: 300 MB within this hour; usual are \d+ MB/],
		end: (r) => r.time.advance(3_700_000),
	},
	{
		kind: "obstruction",
		what: "the last hour on record is worse than the day before it",
		async begin(r) {
			const now = r.time.clock.monotonicMs();
			const hour = 3_600_000;
			for (let atMs = now; atMs < now + 6 * hour; atMs += 60_000) {
				r.recorder.sample("wan", atMs, { obstruction_pct: atMs < now + 5 * hour ? 0.5 : 6 });
			}
			await hours(r, 6);
		},
		told: [
			/^raised warning obstruction wan: wan: the view of the dish is blocked more: [2-6]\.\d % of the last hour, before that 0\.[5-9] %/,
		],
		async end(r) {
			const now = r.time.clock.monotonicMs();
			for (let at = 0; at < 2 * 3_600_000; at += 60_000) r.recorder.sample("wan", now + at, { obstruction_pct: 0.4 });
			await hours(r, 2);
		},
		over: [/^cleared warning obstruction wan/],
	},
	{
		kind: "dish, maintenance",
		what: "alerts of a dish, also when their end is never told; a boot loop; no service",
		async begin(r) {
			r.dish();
			r.dish({ alerts: { motors_stuck: true, thermal_throttle: true } });
			r.dish({ disablement_code: "NO_ACTIVE_ACCOUNT" });
			await r.time.advance(1_000);
		},
		told: [/^raised warning dish wan: wan: (motors_stuck|thermal_throttle)/, /^raised warning dish wan: /, /./],
		async end(r) {
			assert.ok(
				r
					.past()
					.concat(r.open())
					.some((one) => /critical dish wan: wan: Starlink gives this dish no service/.test(one)),
				r.open().join("\n"),
			);
			r.dish();
			await hours(r, 6.1);
		},
	},
	{
		kind: "cellular",
		what: "a SIM the network refuses; it registers while nobody could tell; another SIM",
		kinds: ["cellular"],
		async begin(r) {
			await r.time.advance(15_000);
			r.modem({ reg_stat: 3, reg_stat_str: "Registration denied" });
			await r.time.advance(15_000);
		},
		told: [/^raised warning cellular mob: mob: the network refuses this SIM/],
		async end(r) {
			r.modem(null);
			await r.time.advance(60_000);
			assert.match(r.open().join(), /cellular/, "silence is no registration");
			r.modem({});
			await r.time.advance(400_000);
		},
		over: [/^cleared warning cellular mob: mob: registered again/],
	},
	{
		kind: "cellular",
		what: "a modem that nobody on the router knows any more",
		kinds: ["cellular"],
		async begin(r) {
			await r.time.advance(15_000);
			r.modem(null);
			await r.time.advance(590_000);
			assert.deepEqual(r.open(), [], "sensor_after_s is 600");
			await r.time.advance(60_000);
		},
		told: [/^raised warning cellular mob: mob, cellular: sysfs: tells no signal: neither RutOS gsm nor/],
		async end(r) {
			r.modem({});
			await r.time.advance(400_000);
		},
		over: [/^cleared warning cellular mob: mob, cellular: RutOS gsm: LTE/],
	},
	{
		kind: "sensor",
		what: "a dish that is silent for sensor_after_s; one that is gone with its uplink",
		async begin(r) {
			r.dishHealth("failing", "the dish is silent: connect timed out");
			await r.time.advance(620_000);
		},
		told: [/^raised warning sensor wan: wan, starlink: the dish is silent/],
		async end(r) {
			r.remove("wan");
			await r.time.advance(30_000);
		},
	},
	{
		kind: "config",
		what: "a value that is not used as written",
		async begin(r) {
			r.configure("config mqtt 'mqtt'\n\toption port 'eighty'\n");
			await r.time.advance(11_000);
		},
		told: [/^raised info config -: .*mqtt.*port.*eighty/],
		async end(r) {
			r.configure("");
			await r.time.advance(11_000);
		},
		over: [/^cleared info config -: The configuration is used as it is written/],
	},
	{
		kind: "watchdog",
		what: "the daemon was started again, as its wrapper counts",
		starts: "100 4711\n160 4790\n",
		begin: (r) => r.time.advance(1_000),
		told: [
			/^raised critical watchdog -: the daemon has been started again after an end that was not orderly \(2 starts\)/,
		],
		end: (r) => hours(r, 1.1),
	},
	{
		kind: "watchdog",
		what: "what starwatch says it did, by its own script; an old or strange file is nothing",
		async begin(r) {
			const path = `${STATE}/watch/acted`;
			for (const strange of ["", "yesterday restart x\n", "99999999 restart of the future\n", "\u0000\u0000"]) {
				r.files.content.set(path, strange);
				await r.time.advance(61_000);
				assert.deepEqual(r.open(), [], JSON.stringify(strange));
			}
			// The kernel's clock is older than the daemon's.
			const upS = Math.floor(r.time.clock.monotonicMs() / 1000) + 50_000;
			r.files.content.set("/proc/uptime", `${upS}.37 7.00\n`);
			r.files.content.set(path, acted(upS));
			await r.time.advance(61_000);
		},
		told: [/^raised critical watchdog -: autonomyd gave no sign of life for 61 s: ended, procd starts it again/],
		end(r) {
			r.files.content.set("/proc/uptime", "57000.37 7.00\n");
			return hours(r, 1.1);
		},
	},
	{
		kind: "system",
		what: "a full file system and little memory",
		async begin(r) {
			r.full.set("/overlay", 97.4);
			r.files.content.set("/proc/meminfo", "MemTotal: 250000 kB\nMemAvailable:   9000 kB\n");
			await r.time.advance(71_000);
		},
		told: [
			/^raised critical system -: \/overlay is 97 % full/,
			/^raised critical system -: only 9 MiB of memory are free/,
		],
		async end(r) {
			r.full.set("/overlay", 60);
			r.files.content.set("/proc/meminfo", "MemTotal: 250000 kB\nMemAvailable:   90000 kB\n");
			await r.time.advance(71_000);
		},
		over: [/^cleared critical system -: \/overlay has room again/, /^cleared critical system -: there is memory again/],
	},
	{
		kind: "certificate",
		what: "a certificate in use ends in a few days; it is used no more",
		skip: OPENSSL === null ? "openssl is not installed" : false,
		uci: "config mqtt 'mqtt'\n\toption enabled '1'\n\toption broker 'b.example'\n\toption ca_file '/etc/ca.pem'\n",
		async begin(r) {
			r.files.content.set("/etc/ca.pem", certificate(5));
			// Its end is a real date.
			r.time.jumpWall(Date.now() - r.time.clock.wallMs());
			await r.time.advance(1_210_000);
			// It is read in real time.
			await until("the certificate is read", async () => {
				await r.time.advance(5_000);
				return r.open().length > 0;
			});
		},
		told: [/^raised warning certificate -: the certificate \/etc\/ca\.pem ends in 4 days/],
		async end(r) {
			r.configure("");
			await r.time.advance(1_210_000);
		},
	},
	{
		kind: "critical",
		what: "what was decided could not be carried out",
		async begin(r) {
			await r.probes(5, GOOD);
			r.steerFails("iptables-restore: exit code 4");
			r.reach("wan", false);
			await r.probes(15, { ...GOOD, wan: null });
		},
		told: [
			/member_down wan/,
			/failover wan/,
			/^raised critical critical -: Not carried out: iptables-restore: exit code 4/,
		],
		async end(r) {
			r.steerFails(null);
			r.reach("wan", true);
			await r.probes(200, GOOD);
		},
	},
];

/** Long times, without waiting for what sensors await in them. */
async function hours(r: Rig, count: number): Promise<void> {
	r.time.advanceSync(count * 3_600_000);
	await r.time.advance(30_000);
}

/** What starwatch leaves when it says it ended a daemon that hung. */
function acted(nowS: number): string {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-acted-"));
	const script = `ROOT=${folder}; . package/files/usr/lib/autonomy/starwatch/base.sh; mkdir -p "$MINE"; NOTIFY_COOLDOWN_MIN=15; now=${nowS}
queue_report() { :; }; say() { :; }
finding loop_lag warn slow "not this one: nothing was done"
finding daemon_hung critical daemon_hung "autonomyd gave no sign of life for 61 s: ended, procd starts it again" restart`;
	try {
		execFileSync("sh", ["-c", script], { stdio: ["ignore", "ignore", "inherit"] });
		return readFileSync(join(folder, "tmp/autonomy/watch/acted"), "utf8");
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

function certificate(days: number): string {
	const args = [
		"req",
		"-x509",
		"-newkey",
		"ec",
		"-pkeyopt",
		"ec_paramgen_curve:prime256v1",
		"-nodes",
		"-keyout",
		"/dev/null",
	];
	return execFileSync(OPENSSL ?? "", [...args, "-subj", "/CN=test", "-days", String(days)], {
		encoding: "utf8",
		stdio: ["ignore", "pipe", "ignore"],
	});
}

for (const { kind, what, uci, starts, kinds, begin, told, end, over, skip } of CASES) {
	test(`${kind}: ${what}`, { skip: skip ?? false }, async (t) => {
		const r = rig(t, uci, starts, kinds);
		await r.time.advance(2_000);
		if (starts === undefined) assert.deepEqual(r.open(), []);
		await begin(r);
		const steps = r.steps();
		for (const [index, wanted] of told.entries()) assert.match(steps[index] ?? "nothing", wanted, steps.join("\n"));
		await end?.(r);
		if (end !== undefined) assert.deepEqual(r.open(), []);
		const ended = r.steps();
		for (const [index, wanted] of (over ?? []).entries())
			assert.match(ended[index] ?? "nothing", wanted, ended.join("\n"));
	});
}

test("no kind is without its source here", () => {
	const ends = ["failback", "member_up", "recovery"];
	const named = CASES.flatMap(({ kind }) => kind.split(", "));
	assert.deepEqual(
		Object.keys(ALERT_KINDS).filter((kind) => !named.includes(kind) && !ends.includes(kind)),
		[],
	);
});

import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { test } from "node:test";
import { DIAGNOSTICS, RPCD_API, RPCD_LIMITS, type RpcdMethodSpec } from "../../contract/api-rpcd.ts";
import { type Answer, type Box, box, CONFIG, inEveryShell } from "./support.ts";
import { unfit } from "./unfit.ts";

const SECRET = "pk.0123456789abcdef";

function fits(method: keyof typeof RPCD_API, answer: Answer): Answer {
	assert.deepEqual(unfit(RPCD_API[method].reply, answer), [], JSON.stringify(answer));
	return answer;
}

/** What procd says of a service that runs as process `pid`. */
function procd(pid: number): string {
	return `{"autonomy":{"instances":{"autonomyd":{"running":true,"pid":${pid},"command":["/usr/sbin/autonomyd"]}}}}`;
}

const ENDED = '{"autonomy":{"instances":{"autonomyd":{"running":false,"command":["x"],"exit_code":1}}}}';

function ubus(b: Box, replies: Readonly<Record<string, string>>): void {
	const cases = Object.entries(replies).map(([call, reply]) => `*'${call}'*) cat <<'END'\n${reply}\nEND\n;;`);
	b.program(
		"ubus",
		`printf '%s\\n' "ubus $*" >>"${b.root}/calls"\ncase "$*" in\n${cases.join("\n")}\n*) exit 4 ;;\nesac`,
	);
}

inEveryShell((shell) => {
	const t = (name: string, run: (b: Box) => Promise<void>): void => {
		test(name, async () => {
			const b = await box(shell);
			try {
				await run(b);
				assert.deepEqual(b.list("tmp"), [], "the scratch folder is gone");
			} finally {
				b.remove();
			}
		});
	};

	t("list tells rpcd every method with its arguments", async (b) => {
		const examples = { string: "", int32: 32, bool: true };
		const expected = Object.entries<RpcdMethodSpec>(RPCD_API).map(([name, { args }]) => [
			name,
			Object.fromEntries(Object.entries(args).map(([arg, { type }]) => [arg, examples[type as "string"]])),
		]);
		const { stdout } = await b.run(["list"]);
		assert.deepEqual(JSON.parse(stdout), Object.fromEntries(expected));
	});

	t("service: runs, stopped, switched off, crashed, not installed, procd silent", async (b) => {
		ubus(b, { "service list": procd(process.pid), "list autonomy": "autonomy" });
		symlinkSync("../init.d/autonomy", `${b.root}/etc/rc.d/S95autonomy`);
		b.put("log", 'Sat Nov 21 07:22:58 2026 daemon.info autonomyd[9]: {"level":"info","msg":"startup"}\n'.repeat(3));
		const runs = fits("service", await b.call("service"));
		const { installed, running, responding, enabled, wanted, pid, starts, text } = runs;
		assert.deepEqual(
			{ installed, running, responding, enabled, wanted, pid, starts, text },
			{
				...{ installed: true, running: true, responding: true, enabled: true, wanted: true },
				...{ pid: process.pid, starts: 3, text: "Runs" },
			},
		);
		const age = process.uptime();
		assert.ok(Math.abs((runs.uptime_s as number) - age) < 10, `${runs.uptime_s} s, really ${age}`);

		ubus(b, { "service list": procd(process.pid) });
		assert.match(String((await b.call("service")).text), /not on ubus yet/);

		ubus(b, { "service list": ENDED });
		const crashed = fits("service", await b.call("service"));
		assert.deepEqual([crashed.running, crashed.exit_code, crashed.pid], [false, 1, undefined]);
		assert.match(String(crashed.text), /^Ended with code 1/);

		ubus(b, { "service list": "{}" });
		b.program("uci", "echo 0");
		const off = fits("service", await b.call("service"));
		assert.deepEqual([off.running, off.wanted], [false, false]);
		assert.match(String(off.text), /option enable in section main is 0/);

		b.without("ubus");
		b.without("logread");
		b.without("uci");
		const silent = fits("service", await b.call("service"));
		assert.deepEqual([silent.running, silent.wanted, silent.starts], [false, true, undefined]);
		b.put("etc/init.d/autonomy", "", 0o644);
		const init = `${b.root}/etc/init.d/autonomy`;
		rmSync(init);
		assert.match(String((await b.call("service")).text), /not installed completely/);
		assert.equal((await b.call("service_control", { action: "stop" })).error?.code, "not_installed");
	});

	t("service_control calls the init script with that one word", async (b) => {
		for (const action of ["start", "stop", "restart", "reload", "enable", "disable"]) {
			assert.equal(fits("service_control", await b.call("service_control", { action })).ok, true);
		}
		assert.deepEqual(
			b.calls().filter((line) => line.startsWith("autonomy ")),
			["start", "stop", "restart", "reload", "enable", "disable"].map((action) => `autonomy ${action}`),
		);
	});

	t("service_control: refusals of the configuration and of the init script", async (b) => {
		b.program("uci", "echo off");
		for (const action of ["start", "restart"]) {
			assert.equal((await b.call("service_control", { action })).error?.code, "disabled");
		}
		assert.equal((await b.call("service_control", { action: "stop" })).ok, true);
		b.put("etc/init.d/autonomy", "#!/bin/sh\necho 'no flash left' >&2\nexit 1\n", 0o755);
		const { error } = await b.call("service_control", { action: "stop" });
		assert.deepEqual(error, { code: "failed", message: "/etc/init.d/autonomy stop failed: no flash left" });
	});

	t("config_validate: the one in force, a text, a broken one; secrets stay out", async (b) => {
		const mine = fits("config_validate", await b.call("config_validate"));
		assert.deepEqual(mine, { readable: true, clean: true, checked: "full", report: ["configuration is fine"] });
		const text = "config autonomy main\n\toption log_level 'loud'\n\toption x_token 'hush-hush'\n";
		const wrong = fits("config_validate", await b.call("config_validate", { text }));
		assert.deepEqual([wrong.readable, wrong.clean], [true, false]);
		assert.match(String(wrong.report), /\/etc\/config\/autonomy, section main, option log_level 'loud' is not one of/);
		assert.doesNotMatch(JSON.stringify(wrong), /hush-hush|autonomy-rpcd/);
		const broken = fits("config_validate", await b.call("config_validate", { text: "config 'main\n" }));
		assert.deepEqual([broken.readable, broken.clean], [false, false]);
		assert.equal(b.read("etc/config/autonomy"), CONFIG);
		assert.deepEqual(b.list("var/run/autonomy-rpcd"), []);
	});

	t("config_validate without the daemon: uci looks at the syntax, and that is said", async (b) => {
		b.put("usr/sbin/autonomyd", "#!/bin/sh\necho 'needs Node.js 20 or later, found none' >&2\nexit 1\n", 0o755);
		assert.equal((await b.call("config_validate")).error?.code, "not_installed");
		b.program("uci", `printf '%s\\n' "uci $*" >>"${b.root}/calls"; exit 0`);
		const answer = fits("config_validate", await b.call("config_validate"));
		assert.deepEqual([answer.checked, answer.readable], ["syntax", true]);
		assert.match(String(answer.report), /needs Node\.js 20 or later/);
		// Changes that are not committed must not count: a delta folder of its own.
		assert.match(b.calls().at(-1) ?? "", /^uci -q -c \S+\/conf -P \S+\/none show autonomy$/);
		b.program("uci", "echo 'uci: Parse error (invalid command) at line 1, byte 0' >&2; exit 1");
		const broken = fits("config_validate", await b.call("config_validate"));
		assert.deepEqual([broken.readable, broken.clean], [false, false]);
		assert.match(String(broken.report), /error: Parse error \(invalid command\) at line 1/);
	});

	t("backup, list, get, download, delete", async (b) => {
		const note = `before "the" trip $(id) \`id\` 'x' \\n é`;
		const made = fits("backup", await b.call("backup", { note }));
		assert.equal(made.id, "000001");
		assert.equal(statSync(`${b.root}/etc/autonomy/backups/000001`).mode & 0o777, 0o600);
		assert.equal(statSync(`${b.root}/etc/autonomy/backups`).mode & 0o777, 0o700);
		b.put("etc/config/autonomy", `${CONFIG}# more\n`);
		const { versions, max } = fits("backup_list", await b.call("backup_list")) as {
			versions?: unknown;
			max?: unknown;
		};
		assert.equal(max, RPCD_LIMITS.versions);
		const [version] = versions as Record<string, unknown>[];
		assert.ok(Math.abs((version?.at_unix_ms as number) - Date.now()) < 60_000);
		assert.deepEqual(
			{ ...version, at_unix_ms: 0 },
			{
				id: "000001",
				at_unix_ms: 0,
				kind: "manual",
				note: note.replace("é", "é"),
				bytes: CONFIG.length,
				same: false,
			},
		);
		const seen = fits("backup_get", await b.call("backup_get", { id: "000001" }));
		assert.deepEqual([seen.text, seen.masked], [CONFIG.replace(SECRET, "***"), 1]);
		assert.equal(fits("backup_download", await b.call("backup_download", { id: "000001" })).text, CONFIG);
		assert.equal((await b.call("backup_download", { id: "current" })).text, `${CONFIG}# more\n`);
		assert.equal(fits("backup_delete", await b.call("backup_delete", { id: "000001" })).ok, true);
		assert.deepEqual(b.list("etc/autonomy/backups"), []);
		for (const method of ["backup_get", "backup_download", "backup_delete", "backup_restore"]) {
			assert.equal((await b.call(method, { id: "000001" })).error?.code, "not_found", method);
		}
		assert.equal((await b.call("backup_delete", { id: "current" })).error?.code, "bad_argument");
	});

	t("ten versions are kept, numbers never come twice", async (b) => {
		for (let i = 0; i < 12; i++) await b.call("backup", { note: `n${i}` });
		const numbers = Array.from({ length: 10 }, (_, i) => String(i + 3).padStart(6, "0"));
		assert.deepEqual(b.list("etc/autonomy/backups"), numbers);
		await b.call("backup_delete", { id: "000005" });
		assert.equal((await b.call("backup")).id, "000013");
		const { versions } = (await b.call("backup_list")) as { versions?: unknown };
		const ids = (versions as { id: string }[]).map(({ id }) => id);
		assert.deepEqual(ids, [...ids].sort().reverse());
		// Past 8: a leading zero is no octal number.
		assert.ok(ids.includes("000009") && ids.includes("000010"));
	});

	t("restore: keeps what was, takes over, tells procd; the same again undoes it", async (b) => {
		ubus(b, { "service event": "" });
		await b.call("backup");
		const other = "config autonomy 'main'\n\toption switch_margin '30'\n";
		const done = fits("backup_restore", await b.call("backup_restore", { text: other }));
		assert.deepEqual([done.ok, done.undo, done.checked], [true, "000001", "full"]);
		assert.equal(b.read("etc/config/autonomy"), other);
		assert.equal(statSync(`${b.root}/etc/config/autonomy`).mode & 0o777, 0o600);
		assert.deepEqual(b.list("etc/config"), ["autonomy"]);
		const undone = fits("backup_restore", await b.call("backup_restore", { id: "000001" }));
		assert.deepEqual([undone.ok, undone.undo], [true, "000002"]);
		assert.equal(b.read("etc/config/autonomy"), CONFIG);
		const again = await b.call("backup_restore", { id: "000002" });
		assert.equal(again.ok, true);
		assert.equal(b.read("etc/config/autonomy"), other);
		const told = b.calls().filter((line) => line.includes("config.change"));
		assert.ok(told.length >= 2, "procd is told each time");
		assert.match(told[0] ?? "", /^ubus call service event \{"type":"config.change","data":\{"package":"autonomy"\}\}$/);
	});

	t("restore refuses what is broken or would be corrected, with the reasons, and changes nothing", async (b) => {
		const broken = await b.call("backup_restore", { text: "config autonomy 'main\n" });
		assert.equal(broken.error?.code, "invalid");
		assert.match(String(broken.error?.reasons), /unterminated/);
		const loud = "config autonomy 'main'\n\toption log_level 'loud'\n";
		const refused = await b.call("backup_restore", { text: loud });
		assert.equal(refused.error?.code, "corrections");
		assert.match(String(refused.error?.reasons), /'loud' is not one of/);
		assert.equal(b.read("etc/config/autonomy"), CONFIG);
		assert.deepEqual(b.list("etc/autonomy/backups"), []);
		const taken = fits("backup_restore", await b.call("backup_restore", { text: loud, accept_corrections: true }));
		assert.equal(taken.ok, true);
		assert.match(String(taken.report), /'loud' is not one of/);
		assert.equal(b.read("etc/config/autonomy"), loud);
		for (const args of [{}, { id: "000001", text: loud }, { id: "current" }]) {
			assert.equal((await b.call("backup_restore", args)).error?.code, "bad_argument", JSON.stringify(args));
		}
	});

	t("a version that is not what was saved is refused, one that is none is left out", async (b) => {
		await b.call("backup");
		const path = "etc/autonomy/backups/000001";
		b.put(path, b.read(path).replace("'12'", "'99'"));
		for (const method of ["backup_restore", "backup_download"]) {
			assert.equal((await b.call(method, { id: "000001" })).error?.code, "damaged");
		}
		b.put("etc/autonomy/backups/000002", "config autonomy main\n");
		b.put("etc/autonomy/backups/000003", "# autonomy 1 soon manual x\n");
		b.put("etc/autonomy/backups/000004", "# autonomy 1 5 sideways x\n");
		const { versions } = (await b.call("backup_list")) as { versions?: unknown };
		assert.deepEqual(
			(versions as { id: string }[]).map(({ id }) => id),
			["000001"],
		);
		assert.equal((await b.call("backup_get", { id: "000002" })).error?.code, "not_found");
	});

	t("no flash left: nothing is changed, and it is said", async (b) => {
		b.put("etc/autonomy/backups", "in the way");
		assert.equal((await b.call("backup")).error?.code, "failed");
		const answer = await b.call("backup_restore", { text: "config autonomy main\n" });
		assert.equal(answer.error?.code, "failed");
		assert.match(String(answer.error?.message), /nothing was changed/);
		assert.equal(b.read("etc/config/autonomy"), CONFIG);
	});

	t("restore drops changes that were not committed, and says so", async (b) => {
		b.put("tmp/.uci/autonomy", "autonomy.main.enable='0'\n");
		const answer = await b.call("backup_restore", { text: "config autonomy main\n" });
		assert.match(String(answer.text), /not committed are gone/);
		assert.equal(b.read("tmp/.uci/autonomy"), "");
		rmSync(`${b.root}/tmp/.uci`, { recursive: true });
	});

	t("log: only ours, by level and text, the last ones, secrets masked", async (b) => {
		const line = (tag: string, text: string, level = "info"): string =>
			`Sat Nov 21 07:22:58 2026 daemon.${level} ${tag}: ${text}\n`;
		const json = (level: string, msg: string): string =>
			`{"level":"${level}","ts":"2026-11-21T06:22:58.123Z","msg":"${msg}"}`;
		b.put(
			"log",
			[
				line("netifd", "autonomyd[1]: not ours"),
				line("autonomyd[77]", json("info", "startup")),
				line("autonomyd[77]", json("warn", `key ${SECRET} and password=hunter2`)),
				line("autonomy", "autonomyd is not installed", "err"),
				line("autonomyd[77]", 'tab\tquote" back\\slash \u001b[31m <b>é</b>', "notice"),
				line("autonomyd[77]", json("trace", "fine")),
				line("autonomyd[77]", json("error", "x".repeat(5000))),
			].join(""),
		);
		const all = fits("log", await b.call("log")) as { lines?: unknown; more?: unknown };
		const lines = all.lines as Record<string, string>[];
		assert.equal(lines.length, 6);
		assert.equal(all.more, false);
		assert.deepEqual(
			lines.map(({ level, tag }) => `${level} ${tag}`),
			["info autonomyd", "warn autonomyd", "error autonomy", "info autonomyd", "debug autonomyd", "error autonomyd"],
		);
		assert.equal(lines[0]?.time, "2026-11-21T06:22:58.123Z");
		assert.equal(lines[2]?.time, "Sat Nov 21 07:22:58 2026");
		assert.match(lines[1]?.text ?? "", /key \*\*\* and password=/);
		assert.doesNotMatch(JSON.stringify(all), /pk\.0123|hunter2/);
		assert.equal(lines[3]?.text, 'tab?quote" back\\slash ?[31m <b>é</b>');
		assert.equal(lines[5]?.text?.length, RPCD_LIMITS.lineBytes);

		const bad = (await b.call("log", { level: "warn" })) as { lines?: unknown };
		assert.equal((bad.lines as unknown[]).length, 3);
		const last = (await b.call("log", { lines: 2 })) as { lines?: unknown; more?: unknown };
		assert.deepEqual([last.lines, last.more], [lines.slice(-2), true]);
		const found = (await b.call("log", { text: "STARTUP" })) as { lines?: unknown };
		assert.deepEqual(found.lines, [lines[0]]);
		assert.deepEqual((await b.call("log", { text: "[31m <b>" })).lines, [lines[3]]);
		assert.deepEqual((await b.call("log", { text: ".*" })).lines, []);
		b.put("log", "");
		assert.deepEqual(await b.call("log"), { lines: [], more: false });
		b.without("logread");
		assert.equal((await b.call("log")).error?.code, "failed");
	});

	t("log: 500 of 5000 lines are valid JSON of bounded size", async (b) => {
		b.put("log", 'Sat Nov 21 07:22:58 2026 daemon.info autonomyd[7]: \\"\u0001 é\n'.repeat(5000));
		const answer = fits("log", await b.call("log", { lines: 500 })) as { lines?: unknown };
		assert.equal((answer.lines as unknown[]).length, 500);
	});

	t("diagnostics: what is announced is there, masked; the daemon need not run", async (b) => {
		const { sections } = fits("diagnostics_list", await b.call("diagnostics_list")) as { sections?: unknown };
		const names = (sections as { name: string }[]).map(({ name }) => name);
		assert.deepEqual(names, Object.keys(DIAGNOSTICS));
		b.put("log", `Sat Nov 21 07:22:58 2026 daemon.info netifd: wan ${SECRET} aa:bb:cc:dd:ee:ff 59.329323, 18.068581\n`);
		b.put("etc/config/mwan3", "config interface 'wan'\n");
		for (const section of names) {
			const answer = fits("diagnostics", await b.call("diagnostics", { section }));
			assert.equal(answer.name, section);
			assert.ok(String(answer.text).length > 10, section);
			assert.doesNotMatch(String(answer.text), /pk\.0123|[0-9a-f]{2}(:[0-9a-f]{2}){5}|59\.32/i, section);
		}
		const log = await b.call("diagnostics", { section: "log" });
		assert.match(String(log.text), /netifd: wan \*\*\* \[mac\] \[position\]/);
		const config = await b.call("diagnostics", { section: "config" });
		assert.match(String(config.text), /option opencellid_api_key '\*\*\*'/);
		b.without("ubus");
		assert.match(String((await b.call("diagnostics", { section: "status" })).text), /ubus is not installed/);
	});

	t("diagnostics: a long section keeps its end", async (b) => {
		ubus(b, { "autonomy members": `${"line of text\n".repeat(10_000)}the end` });
		const answer = fits("diagnostics", await b.call("diagnostics", { section: "members" }));
		assert.equal(answer.cut, true);
		assert.ok(String(answer.text).length <= RPCD_LIMITS.sectionBytes);
		assert.match(String(answer.text), /^line of text\n.*the end\n*$/s);
	});

	t("versions: apk, opkg, RutOS; what is not found is left out", async (b) => {
		ubus(b, { "autonomy info": '{"version":"1.2.3"}' });
		b.program("node", "echo v20.18.0");
		b.program("fping", "echo 'fping: Version 5.1'");
		b.put("lib/apk/db/installed", "P:mwan3-extra\nV:9\n\nP:mwan3\nV:2.12.2-r1\nA:noarch\n\nP:autonomy\nV:0.9-r1\n");
		b.put(
			"etc/openwrt_release",
			"DISTRIB_ID='OpenWrt'\nDISTRIB_TARGET='x86/64'\nDISTRIB_DESCRIPTION='OpenWrt 25.12 $(id)'\n",
		);
		const { kernel, ...rest } = fits("versions", await b.call("versions"));
		assert.ok(kernel);
		assert.deepEqual(rest, {
			autonomy: "1.2.3",
			system: "OpenWrt 25.12 $(id)",
			target: "x86/64",
			mwan3: "2.12.2-r1",
			node: "20.18.0",
			fping: "5.1",
		});
		b.without("ubus");
		assert.equal((await b.call("versions")).autonomy, "0.9-r1");
		rmSync(`${b.root}/lib`, { recursive: true });
		b.put("usr/local/usr/lib/opkg/status", "Package: mwan3\nVersion: 2.10.12-1\n\nPackage: autonomy\nVersion: 0.8\n");
		b.put("etc/version", "RUTX_R_00.07.20\n");
		const rutos = await b.call("versions");
		assert.deepEqual([rutos.autonomy, rutos.mwan3, rutos.system], ["0.8", "2.10.12-1", "RutOS RUTX_R_00.07.20"]);
	});

	t("RutOS: everything lies below /usr/local", async (b) => {
		mkdirSync(`${b.root}/usr/local/usr/share`, { recursive: true });
		mkdirSync(`${b.root}/usr/local/etc`);
		for (const path of ["usr/sbin", "usr/libexec", "usr/share/autonomy", "etc/init.d"])
			renameSync(`${b.root}/${path}`, `${b.root}/usr/local/${path}`);
		assert.equal((await b.call("service")).installed, true);
		assert.equal((await b.call("config_validate")).checked, "full");
	});
});

/**
 * Programs that hang or take their time: every call answers, with what it has or with a clear error, and goes on in the
 * background only where it says so. Times are the limits of the test, far above the second the plugin gives itself.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RPCD_API } from "../../contract/api-rpcd.ts";
import { type Box, box, CONFIG, inEveryShell } from "./support.ts";
import { unfit } from "./unfit.ts";

/** Hangs until the box is taken away; a program must not outlive its test. */
function hang(b: Box): string {
	return `i=0\nwhile [ -d "${b.root}" ] && [ $i -lt 30 ]; do sleep 1 </dev/null >/dev/null 2>&1; i=$((i+1)); done`;
}

async function until(what: string, is: () => boolean | Promise<boolean>): Promise<void> {
	const deadline = Date.now() + 120_000;
	while (!(await is())) {
		assert.ok(Date.now() < deadline, `waited in vain: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
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

	t("ubus, logread and uci hang: refused by name of the program", async (b) => {
		b.program("ubus", hang(b));
		const service = await b.once("service");
		assert.equal(service.error?.code, "timeout");
		assert.match(service.error?.message ?? "", /^procd did not answer within a second/);
		b.program("logread", hang(b));
		assert.match((await b.once("log")).error?.message ?? "", /^logread did not answer/);
		b.program("uci", hang(b));
		assert.match((await b.once("service_control", { action: "start" })).error?.message ?? "", /^uci did not answer/);
	});

	t("a slow init script goes on, and the caller knows", async (b) => {
		b.put("etc/init.d/autonomy", `#!/bin/sh\nsleep 4\necho done >"${b.root}/done"\n`, 0o755);
		const { error } = await b.once("service_control", { action: "stop" });
		assert.equal(error?.code, "pending");
		assert.match(error?.message ?? "", /^stop takes its time/);
		await until("the init script ends", () => b.list("").includes("done"));
	});

	t("a slow check goes on; the same call again finds the result, another text does not", async (b) => {
		b.put(
			"usr/sbin/autonomyd",
			`#!/bin/sh\necho x >>"${b.root}/checks"\nsleep 4\necho 'configuration is fine'\n`,
			0o755,
		);
		assert.equal((await b.once("config_validate")).error?.code, "pending");
		assert.equal((await b.once("config_validate", { text: "config other main" })).error?.code, "pending");
		assert.equal((await b.once("config_validate", { text: "config third main" })).error?.code, "pending");
		let answer = await b.once("config_validate");
		await until("the check ends", async () => {
			if (answer.error?.code === "pending") answer = await b.once("config_validate");
			return answer.error?.code !== "pending";
		});
		assert.deepEqual(answer, { readable: true, clean: true, checked: "full", report: ["configuration is fine"] });
		await until(
			"the others end",
			() => b.read("checks").split("\n").length >= 3 && b.list("var/run/autonomy-rpcd").length <= 1,
		);
	});

	t("restore waits for a slow check, changes nothing meanwhile, and is done with the call that finds it", async (b) => {
		b.put("usr/sbin/autonomyd", "#!/bin/sh\nsleep 4\necho 'configuration is fine'\n", 0o755);
		const text = "config autonomy main\n";
		let answer = await b.once("backup_restore", { text });
		assert.equal(answer.error?.code, "pending");
		assert.equal(b.read("etc/config/autonomy"), CONFIG);
		await until("the check ends", async () => {
			answer = await b.once("backup_restore", { text });
			return answer.error?.code !== "pending";
		});
		assert.equal(answer.ok, true);
		assert.equal(b.read("etc/config/autonomy"), text);
	});

	t("a check that was killed is not waited for", async (b) => {
		b.put("usr/sbin/autonomyd", `#!/bin/sh\nkill -9 $PPID\n${hang(b)}`, 0o755);
		const first = await b.once("config_validate");
		assert.ok(first.error !== undefined);
		await until("it is given up", async () => (await b.once("config_validate")).error?.code === "failed");
	});

	t("a second is over while a text is masked: what is answered is an answer, not a part of a file", async (b) => {
		b.program("awk", 'case "$*" in\n*mask.awk* | *hide.awk*) sleep 1.3 ;;\nesac\nexec /usr/bin/awk "$@"');
		b.put("log", "Sat Nov 21 07:22:58 2026 daemon.info autonomyd[7]: x\n");
		assert.equal(((await b.once("log")).lines as unknown[]).length, 1);
		// Some shells prefer their own awk, which is quick.
		const { error, text } = await b.once("backup_get", { id: "current" });
		assert.ok(error?.code === "timeout" || /switch_margin/.test(String(text)), `${JSON.stringify(error)} ${text}`);
	});

	t("diagnostics shows what came in time, and says what did not", async (b) => {
		b.program("ubus", `case "$*" in\n*health*) echo started\n${hang(b)} ;;\n*) echo '{"state":"primary"}' ;;\nesac`);
		const wanted = /"state":"primary".*started\n\(ubus call autonomy health did not answer in time/s;
		// On a busy machine the second may be over before.
		await until("both", async () => {
			const answer = await b.once("diagnostics", { section: "status" });
			assert.deepEqual(unfit(RPCD_API.diagnostics.reply, answer), []);
			assert.equal(answer.cut, true);
			return wanted.test(String(answer.text));
		});
	});

	t("versions leaves out who does not answer", async (b) => {
		b.program("node", hang(b));
		b.program("fping", "echo 'fping: Version 5.1'");
		await until("fping's answer", async () => {
			const answer = await b.call("versions");
			assert.deepEqual(unfit(RPCD_API.versions.reply, answer), []);
			assert.equal(answer.node, undefined);
			return answer.fping === "5.1";
		});
		b.put("usr/lib/opkg/status", "Package: node\nVersion: v20.18.0-r1\n");
		assert.equal((await b.call("versions")).node, "v20.18.0-r1");
	});

	t("restore does not wait for procd", async (b) => {
		b.program("ubus", hang(b));
		assert.equal((await b.call("backup_restore", { text: "config autonomy main\n" })).ok, true);
	});
});

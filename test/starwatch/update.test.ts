/**
 * Updates: opkg, the feed and the daemon are stand-ins with opkg's command line; that the real opkg refuses a wrong signature
 * is the feed's test. The ten minutes of probation are eighteen seconds here.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Box, FILES, SHELLS, service, skip, until } from "./support.ts";
import { router } from "./update-support.ts";

const NO: readonly (readonly [string, (b: Box) => void, RegExp])[] = [
	[
		"in a failover",
		(b) => b.put("status.json", '{"state":"backup","current":"wan"}'),
		/not on the preferred uplink.*state backup/,
	],
	[
		"over a metered uplink",
		(b) => b.put("status.json", '{"state":"primary","current":"lte"}'),
		/lte costs by the byte/,
	],
	[
		"over an unknown uplink",
		(b) => b.put("status.json", '{"state":"primary","current":"x"}'),
		/x costs by the byte, or that is not known/,
	],
	["when the daemon does not answer", (b) => b.put("silent", ""), /does not tell which uplink/],
	["with a forged list", (b) => b.put("forged", ""), /signature is not right: Signature check failed/],
	[
		"with a package that is not what the list says",
		(b) => b.put("feed/autonomy_0.10.0-r1_all.ipk", "evil"),
		/autonomy_0\.10\.0-r1_all\.ipk is not what the signed list says/,
	],
	[
		"without a way back",
		(b) => b.put("installed", "autonomy - 0.1.9-r1\n"),
		/does not hold autonomy 0\.1\.9-r1 any more: there would be no way back/,
	],
	["without a feed", (b) => b.put("etc/opkg/customfeeds.conf", ""), /names no feed 'autonomy'/],
	["without opkg", (b) => rmSync(join(b.root, "usr/bin/opkg")), /there is neither opkg nor apk here/],
	["of a daemon that is not well", () => undefined, /autonomyd is not well now/],
];

describe("updates", { concurrency: true, skip }, () => {
	for (const shell of SHELLS) {
		const name = shell.at(-1);
		test(`${name}: none in doubt, and the reason is told`, async () => {
			for (const [what, prepare, expected] of NO) {
				const b = router(shell);
				prepare(b);
				const ran = await b.run(["update"]);
				assert.equal(ran.code, 1, what);
				assert.match(ran.stdout + ran.stderr, expected, what);
				assert.doesNotMatch(b.read("story"), /install /, what);
				assert.equal(b.has("tmp/autonomy/watch/staged"), false, what);
				b.remove();
			}
		});

		test(`${name}: the newest, of our packages only; well for the time of probation`, async () => {
			const b = router(shell);
			const daemon = service(() => b.spawn("usr/sbin/autonomyd", []), 500);
			await until("the daemon runs", 5000, () => b.has("tmp/autonomy/heartbeat"), b);
			const ran = await b.run(["update"]);
			assert.equal(ran.code, 0, ran.stdout + ran.stderr);
			assert.match(ran.stdout, /^updates autonomy 0\.10\.0-r1\nupdated autonomy 0\.10\.0-r1; well for 0 min\n$/);
			const installs = b.read("story").match(/install .*/g);
			assert.equal(installs?.length, 1);
			assert.match(installs?.[0] ?? "", /staged\/autonomy_0\.10\.0-r1_all\.ipk$/);
			assert.equal(b.has("tmp/autonomy/watch/staged"), false);
			// Nothing newer now. The stand-in had broken the installed program.
			for (const part of readdirSync(`${FILES}usr/lib/autonomy/starwatch`).filter((file) => file.endsWith(".sh")))
				b.put(`usr/lib/autonomy/starwatch/${part}`, readFileSync(`${FILES}usr/lib/autonomy/starwatch/${part}`, "utf8"));
			b.put("installed", "autonomy - 0.10.0-r1\n");
			assert.equal((await b.run(["update"])).stdout, "autonomy is up to date\n");
			await daemon.stop();
			b.remove();
		});

		test(`${name}: one that crashes is taken back by itself; one that opkg refuses too`, async () => {
			for (const fault of ["bad-version", "refuses"]) {
				const b = router(shell);
				b.put(fault, "");
				const daemon = service(() => b.spawn("usr/sbin/autonomyd", []), 500);
				await until("the daemon runs", 5000, () => b.has("tmp/autonomy/heartbeat"), b);
				const ran = await b.run(["update"]);
				assert.equal(ran.code, 1, ran.stdout);
				assert.match(
					ran.stdout,
					fault === "refuses"
						? /taken back: opkg failed: Cannot satisfy/
						: /taken back: autonomyd has crashed \d+ times/,
				);
				assert.match(b.read("story"), /install --force-downgrade \S.*staged\/autonomy_0\.2\.0-r1_all\.ipk/);
				await until("the old one runs", 8000, () => b.daemons().length === 1, b);
				await daemon.stop();
				b.remove();
			}
		});

		test(`${name}: the channel is the feed's other folder; a feed without one has only stable`, () => {
			const b = router(shell);
			const conf = (): string =>
				b.inside('mkdir -p "$STAGED"; mode=loud; choose_manager; opkg_read_feed; grep src/gz "$STAGED/opkg.conf"')
					.stdout;
			b.put("etc/autonomy/watch.conf", "UPDATE_CHANNEL=beta\n");
			assert.equal(conf(), "src/gz autonomy https://f.example/beta/opkg\n");
			b.put("etc/opkg/customfeeds.conf", "src/gz autonomy https://f.example/beta\n");
			b.put("etc/autonomy/watch.conf", "");
			assert.equal(conf(), "src/gz autonomy https://f.example/stable\n");
			b.put("etc/opkg/customfeeds.conf", "src/gz autonomy https://f.example/x\n");
			assert.equal(conf(), "src/gz autonomy https://f.example/x\n");
			b.put("etc/autonomy/watch.conf", "UPDATE_CHANNEL=beta\n");
			assert.match(conf(), /no update: feed https:\/\/f\.example\/x has no channel beta/);
			b.remove();
		});

		test(`${name}: the runtime for this processor has a feed of its own`, () => {
			const b = router(shell);
			b.put("installed", "autonomy-runtime-static - 0.1.0-r1\n");
			b.put(
				"etc/opkg/customfeeds.conf",
				"src/gz autonomy https://f.example/stable/opkg\nsrc/gz autonomy_runtime https://f.example/stable/opkg/mips_24kc\n",
			);
			const stanza = (version: string): string =>
				`Package: autonomy-runtime-static\nVersion: ${version}\nFilename: s_${version}.ipk\nSHA256sum: ${createHash("sha256").update(version).digest("hex")}\n\n`;
			b.put("feed/Packages.runtime", stanza("0.1.0-r1") + stanza("0.2.0-r1"));
			for (const version of ["0.1.0-r1", "0.2.0-r1"]) b.put(`feed/s_${version}.ipk`, version);
			const ran = b.inside(
				'mkdir -p "$STAGED"; mode=loud; choose_manager; opkg_read_feed; stage_packages; echo "$newer"; grep -c . "$STAGED/ours"; grep static.*0.2 "$STAGED/ours"; opkg_by_hand',
			);
			assert.match(
				ran.stdout,
				/^ autonomy-runtime-static 0\.2\.0-r1\n8\nautonomy-runtime-static 0\.2\.0-r1 https:\/\/f\.example\/stable\/opkg\/mips_24kc\/s_0\.2\.0-r1\.ipk \S{64}\nopkg install .* \S.*s_0\.1\.0-r1\.ipk$/,
				ran.stderr,
			);
			b.remove();
		});

		test(`${name}: by itself only when wanted, and not before its time`, () => {
			const b = router(shell);
			const code =
				"prepare_update() { echo look; return 1; }; update_if_due; now=$((now + 599)); update_if_due; now=$((now + 1)); update_if_due; now=$((now + 86399)); update_if_due; now=$((now + 1)); update_if_due";
			assert.equal(b.inside(code).stdout, "");
			b.put("etc/autonomy/watch.conf", "AUTO_UPDATE_ENABLED=1\n");
			assert.equal(b.inside(code).stdout, "look\nlook\n");
			b.remove();
		});
	}
});

/**
 * Updates: opkg, the feed and the daemon are stand-ins with opkg's command line; that the real opkg refuses a wrong signature
 * is the feed's test. The ten minutes of probation are eight seconds here.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Box, box, FILES, SHELLS, service, skip, until } from "./support.ts";

const OPKG = `#!/bin/sh
printf 'opkg %s\\n' "$*" >>"$IPKG_INSTROOT/story"
[ "$1" != -f ] || { conf="$2"; shift 2; }
case "$1" in
update)
	grep -q '^option check_signature$' "$conf" || exit 9
	[ ! -e "$IPKG_INSTROOT/forged" ] || { echo "Signature check failed."; exit 1; }
	dir="$(sed -n 's/^lists_dir ext //p' "$conf")"
	for name in $(sed -n 's/^src.gz \\([a-z_]*\\) .*/\\1/p' "$conf"); do
		gzip -c "$IPKG_INSTROOT/feed/Packages$([ "$name" = autonomy ] || echo .runtime)" >"$dir/$name"
	done
	;;
list-installed) cat "$IPKG_INSTROOT/installed" ;;
compare-versions) [ "$3" = '>>' ] && [ "$2" != "$4" ] && [ "$(printf '%s\\n%s\\n' "$2" "$4" | sort -V | tail -n 1)" = "$2" ] ;;
install)
	[ ! -e "$IPKG_INSTROOT/refuses" ] || case "$*" in *downgrade*) ;; *) echo "Cannot satisfy"; exit 255 ;; esac
	case "$*" in *downgrade*) rm -f "$IPKG_INSTROOT/crashes" ;; *) [ ! -e "$IPKG_INSTROOT/bad-version" ] || touch "$IPKG_INSTROOT/crashes" ;; esac
	kill "$(sed -n 's/^pid=//p' "$IPKG_INSTROOT/tmp/autonomy/heartbeat")"
	# What a package does to the running program: another file in its place.
	for name in "$IPKG_INSTROOT"/usr/lib/autonomy/starwatch/*.sh; do echo 'exit 99' >"$name"; done
	sleep 1
	;;
esac
`;
/** Lists and packages of its feed are text; one that begins with "evil" has no right signature. */
const APK = `#!/bin/sh
printf 'apk %s\\n' "$*" >>"$IPKG_INSTROOT/story"
[ "$1" != --repositories-file ] || { repositories="$2"; shift 3; }
case "$1 $2" in
"verify "*) ! grep -q '^evil' "$2" || { echo "UNTRUSTED signature"; exit 1; } ;;
"list -a") cat "$(cat "$repositories")" ;;
"list -I") sed 's/ - /-/; s/$/ noarch {autonomy} (MIT) [installed]/' "$IPKG_INSTROOT/installed" ;;
"version -t") [ "$(printf '%s\\n%s\\n' "$3" "$4" | sort -V | tail -n 1)" = "$3" ] && echo '>' || echo '<' ;;
"adbdump "*) sed 's/^\\([^ ]*\\) \\(.*\\)$/info:\\n  name: \\1\\n  version: \\2/' "$2" ;;
"add "*)
	shift
	for word in "$@"; do ls "$(dirname "$(cat "$repositories")")/\${word%=*}-\${word#*=}.apk" >/dev/null || exit 3; done
	printf '%s\\n' "$@" >"$IPKG_INSTROOT/etc/apk/world"
	case "$*" in *=0.2.0-r1*) rm -f "$IPKG_INSTROOT/crashes" ;; *) [ ! -e "$IPKG_INSTROOT/bad-version" ] || touch "$IPKG_INSTROOT/crashes" ;; esac
	kill "$(sed -n 's/^pid=//p' "$IPKG_INSTROOT/tmp/autonomy/heartbeat")"
	sleep 1
	;;
esac
`;
const CURL = `#!/bin/sh
while [ $# -gt 1 ]; do case "$1" in -o) out="$2" ;; esac; shift; done
cp "$IPKG_INSTROOT/feed/\${1##*/}" "$out"
`;
const CTL = `#!/bin/sh
[ ! -e "$IPKG_INSTROOT/silent" ] || exec sleep 60
cat "$IPKG_INSTROOT/$2.json"
`;
/** Enough of it for two figures and a member's flag. */
const JSONFILTER = `#!/usr/bin/env node
const [, , , text, , path] = process.argv;
const value = JSON.parse(text);
const member = /members\\[@\\.name='(.*)'\\]\\.metered/.exec(path);
const found = member ? value.members.find((one) => one.name === member[1])?.metered : value[path.slice(2)];
if (found === undefined) process.exit(1);
console.log(String(found));
`;

const VERSIONS = ["0.1.0-r1", "0.2.0-r1", "0.10.0-r1"];

function router(shell: readonly [string, ...string[]]): Box {
	const b = box(shell);
	const put = (name: string, text: string): void => b.put(name, text, 0o755);
	put("usr/bin/opkg", OPKG);
	put("usr/bin/curl", CURL);
	put("usr/sbin/autonomyctl", CTL);
	put("usr/bin/jsonfilter", JSONFILTER.replace("/usr/bin/env node", process.execPath));
	b.inside('mkdir -p "$ROOT/feed" "$ROOT/etc/opkg"');
	b.put("etc/opkg.conf", "dest root /\narch all 1\n");
	b.put(
		"etc/opkg/customfeeds.conf",
		"# mine\nsrc/gz other https://o.example/x\nsrc/gz autonomy https://f.example/stable/opkg\n",
	);
	b.put(
		"installed",
		"autonomy - 0.2.0-r1\nluci-app-autonomy - 0.10.0-r1\nautonomy-runtime-node - 0.1.0-r9\nfping - 5.1-1\n",
	);
	let index = "";
	for (const name of ["autonomy", "luci-app-autonomy", "fping"]) {
		for (const version of VERSIONS) {
			const content = `${name} ${version}`;
			const file = `${name}_${version}_all.ipk`;
			b.put(`feed/${file}`, content);
			const sum = createHash("sha256").update(content).digest("hex");
			index += `Package: ${name}\nVersion: ${version}\nFilename: ${file}\nSHA256sum: ${sum}\n\n`;
		}
	}
	b.put("feed/Packages", index);
	b.put("status.json", '{"state":"primary","current":"wan"}');
	b.put("members.json", '{"members":[{"name":"wan","metered":false},{"name":"lte","metered":true}]}');
	const path = "usr/lib/autonomy/starwatch/update.sh";
	b.put(path, b.read(path).replace("PROBATION=600", "PROBATION=8"));
	return b;
}

/** The same router with apk in the place of opkg. */
function apkRouter(shell: readonly [string, ...string[]]): Box {
	const b = router(shell);
	rmSync(join(b.root, "usr/bin/opkg"));
	b.put("usr/bin/apk", APK, 0o755);
	b.inside('mkdir -p "$ROOT/etc/apk/repositories.d"');
	b.put("etc/apk/world", "autonomy\nluci-app-autonomy\n");
	b.put("etc/apk/repositories.d/autonomy.list", "# ours\nhttps://f.example/stable/apk/packages.adb\n");
	let index = "";
	for (const name of ["autonomy", "luci-app-autonomy", "fping"])
		for (const version of VERSIONS) {
			b.put(`feed/${name}-${version}.apk`, `${name} ${version}\n`);
			index += `${name}-${version} noarch {autonomy} (MIT)\n`;
		}
	b.put("feed/packages.adb", index);
	return b;
}

const NO_BY_APK: readonly (readonly [string, (b: Box) => void, RegExp])[] = [
	["with a forged list", (b) => b.put("feed/packages.adb", "evil"), /signature of \S+ is not right: UNTRUSTED/],
	["without a list", (b) => rmSync(join(b.root, "feed/packages.adb")), /the list of \S+ was not had/],
	["with a forged package", (b) => b.put("feed/autonomy-0.10.0-r1.apk", "evil"), /is not what the signed list says/],
	[
		"with another package under its name",
		(b) => b.put("feed/autonomy-0.10.0-r1.apk", "autonomy 0.1.0-r1\n"),
		/autonomy-0\.10\.0-r1\.apk is not what the signed list says/,
	],
	["without a way back", (b) => b.put("installed", "autonomy - 0.1.9-r1\n"), /there would be no way back/],
	["without a feed", (b) => b.put("etc/apk/repositories.d/autonomy.list", "\n"), /autonomy\.list names no feed/],
	[
		"in a channel that is not there",
		(b) => {
			b.put("etc/autonomy/watch.conf", "UPDATE_CHANNEL=beta\n");
			b.put("etc/apk/repositories.d/autonomy.list", "https://f.example/apk/packages.adb\n");
		},
		/has no channel beta/,
	],
	["in a failover", (b) => b.put("status.json", '{"state":"backup","current":"wan"}'), /not on the preferred uplink/],
	["over a metered uplink", (b) => b.put("status.json", '{"state":"primary","current":"lte"}'), /costs by the byte/],
];

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

/** Beside the others: most of their time is waiting. */
function testsOfApk(): void {
	const shell = SHELLS[0] ?? ["sh"];

	test("by apk: none in doubt, and the reason is told", async () => {
		for (const [what, prepare, expected] of NO_BY_APK) {
			const b = apkRouter(shell);
			prepare(b);
			const ran = await b.run(["update"]);
			assert.equal(ran.code, 1, what);
			assert.match(ran.stdout + ran.stderr, expected, what);
			assert.doesNotMatch(b.read("story"), /apk .* add /, what);
			assert.equal(b.has("tmp/autonomy/watch/staged"), false, what);
			b.remove();
		}
	});

	for (const fault of ["none", "bad-version"]) {
		const what =
			fault === "none" ? "the newest, without network, and stays" : "one that crashes is taken back by itself";
		test(`by apk: ${what}; what the owner asked apk for is not changed`, async () => {
			const b = apkRouter(shell);
			if (fault !== "none") b.put(fault, "");
			b.put("etc/autonomy/watch.conf", "UPDATE_CHANNEL=beta\n");
			const daemon = service(() => b.spawn("usr/sbin/autonomyd", []), 500);
			await until("the daemon runs", 15_000, () => b.has("tmp/autonomy/heartbeat"), b);
			const ran = await b.run(["update"]);
			const added = b.read("story").match(/--no-network add .*/g) ?? [];
			assert.equal(added[0], "--no-network add autonomy=0.10.0-r1");
			if (fault === "none") {
				assert.equal(
					ran.stdout,
					"updates autonomy 0.10.0-r1\nupdated autonomy 0.10.0-r1; well for 0 min\n",
					ran.stderr,
				);
				assert.deepEqual([ran.code, added.length], [0, 1]);
			} else {
				assert.match(ran.stdout, /taken back: autonomyd has crashed \d times/);
				assert.deepEqual([ran.code, added.slice(1)], [1, ["--no-network add autonomy=0.2.0-r1"]]);
				await until("the old one runs", 30_000, () => b.daemons().length === 1, b);
			}
			assert.equal(b.read("etc/apk/world"), "autonomy\nluci-app-autonomy\n");
			await daemon.stop();
			b.remove();
		});
	}
}

describe("updates", { concurrency: true, skip }, () => {
	testsOfApk();
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
						: /taken back: autonomyd has crashed \d times/,
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

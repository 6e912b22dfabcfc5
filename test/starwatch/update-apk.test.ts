/**
 * Updates by apk: apk, the feed and the daemon are stand-ins with apk's command line; that the real apk refuses a wrong
 * signature is the feed's test. The ten minutes of probation are eighteen seconds here.
 */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Box, SHELLS, service, skip, until } from "./support.ts";
import { router, VERSIONS } from "./update-support.ts";

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

describe("updates by apk", { concurrency: true, skip }, () => {
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
				assert.match(ran.stdout, /taken back: autonomyd has crashed \d+ times/);
				assert.deepEqual([ran.code, added.slice(1)], [1, ["--no-network add autonomy=0.2.0-r1"]]);
				await until("the old one runs", 30_000, () => b.daemons().length === 1, b);
			}
			assert.equal(b.read("etc/apk/world"), "autonomy\nluci-app-autonomy\n");
			await daemon.stop();
			b.remove();
		});
	}
});

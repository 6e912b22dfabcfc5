/** A router with a feed for tests of updates: opkg, what downloads and what the daemon tells are stand-ins. */
import { createHash } from "node:crypto";
import { type Box, box } from "./support.ts";

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

export const VERSIONS = ["0.1.0-r1", "0.2.0-r1", "0.10.0-r1"];

export function router(shell: readonly [string, ...string[]]): Box {
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
	b.put(path, b.read(path).replace("PROBATION=600", "PROBATION=18"));
	return b;
}

/** Programs that stand in the router's PATH before the real ones, and mwan3's rebuild, for steering tests. */
import { chmodSync, writeFileSync } from "node:fs";
import type { World } from "./steer-world.ts";

function program(world: World, name: string, script: string): void {
	const path = `${world.folder}/bin/${name}`;
	writeFileSync(path, `#!/bin/sh\n${script}`);
	chmodSync(path, 0o755);
}

/** `uci -P DIR -q batch` on a delta file: set appends, revert takes the lines of that option out. */
export function fakeUci(world: World): void {
	program(
		world,
		"uci",
		`file=$2/mwan3
[ -e $file ] || : > $file
exec awk -v file=$file '
	BEGIN { while ((getline line < file) > 0) lines[++n] = line; close(file) }
	$1 == "set" { lines[++n] = $2 }
	$1 == "revert" { for (i = 1; i <= n; i++) if (index(lines[i], $2 "=") == 1) lines[i] = "" }
	END { printf "" > file; for (i = 1; i <= n; i++) if (lines[i] != "") print lines[i] > file }
'
`,
	);
}

export function brokenProgram(world: World, name: string, message: string): void {
	program(world, name, `echo '${message}' >&2\nexit 1\n`);
}

/** Fails as long as the file \`fail\` is in the world's folder, else runs the real one. */
export function sometimesBroken(world: World, name: string, message: string): void {
	program(
		world,
		name,
		`[ -e ${world.folder}/fail ] && { cat > /dev/null; echo '${message}' >&2; exit 4; }\nexec /usr/sbin/${name} "$@"\n`,
	);
}

/**
 * mwan3's rebuild of the one policy of the world: empty chain, last resort, then the members one after the other, each
 * its own iptables-restore, as lib/mwan3/mwan3.sh does it; metrics from /etc/config under /var/state.
 */
export function mwan3Rebuild(world: World): void {
	const script = `
r() { printf '*mangle\\n%s\\nCOMMIT\\n' "$1" | /usr/sbin/iptables-restore -T mangle -w -n; }
P=mwan3_policy_failover M='-m mark --mark 0x0/0x3f00'
echo "$ACTION $INTERFACE $DEVICE" >> ${world.folder}/hotplug.log
r "-F $P
-A $P $M -m comment --comment unreachable -j MARK --set-xmark 0x3e00/0x3f00"
best=999
for m in wan:1:0x100 wanb:2:0x200 wanc:3:0x300; do
	name=\${m%%:*} rest=\${m#*:}
	metric=\${rest%%:*} mark=\${rest#*:}
	[ "$(cat ${world.folder}/run/mwan3/iface_state/$name)" = online ] || continue
	own=$(sed -n "s/^mwan3.\${name}_m.metric='\\(.*\\)'/\\1/p" ${world.folder}/state/mwan3 2>/dev/null | tail -n 1)
	[ -n "$own" ] && metric=$own
	[ $metric -lt $best ] || continue
	best=$metric
	r "-F $P
-A $P $M -m comment --comment \\"$name 1 1\\" -j MARK --set-xmark $mark/0x3f00"
done
touch ${world.folder}/run/mwan3/iface_state/wan
exit 0
`;
	program(world, "15-mwan3", script);
}

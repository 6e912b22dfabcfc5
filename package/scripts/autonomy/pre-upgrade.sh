#!/bin/sh
# The configuration as it is becomes a version one can go back to (docs/install.md), unless nobody has touched it or the
# newest version is the same already. The old plugin does it, which is still there.
[ -z "${IPKG_INSTROOT:-}" ] || exit 0
unset IFS
root="${AUTONOMY_ROOT:-}"
config="$root/etc/config/autonomy"
[ -f "$config" ] || exit 0
now="$(md5sum <"$config")"
sum=""
[ -f "$root/etc/autonomy/first-start" ] && read -r _ sum <"$root/etc/autonomy/first-start"
[ "$sum" = "${now%% *}" ] && exit 0
newest=""
for version in "$root"/etc/autonomy/backups/[0-9][0-9][0-9][0-9][0-9][0-9]; do
	[ -f "$version" ] && newest="$version"
done
[ -n "$newest" ] && tail -n +2 "$newest" | cmp -s - "$config" && exit 0
for plugin in "$root/usr/libexec/rpcd/luci.autonomy" "$root/usr/local/usr/libexec/rpcd/luci.autonomy"; do
	[ -x "$plugin" ] || continue
	printf '{"note":"before an update"}\n' | "$plugin" call backup >/dev/null 2>&1
	break
done
exit 0

#!/bin/sh
# The configuration as it is becomes a version one can go back to (docs/install.md), unless nobody has touched it or the
# newest version is the same already. The old plugin does it, which is still there. What the first start wrote into a file
# nobody has touched is undone and noted: else the package manager takes the file for changed, keeps it as it is for ever
# and leaves the new defaults beside it. 85_autonomy writes it again.
[ -z "${IPKG_INSTROOT:-}" ] || exit 0
unset IFS
root="${AUTONOMY_ROOT:-}"
config="$root/etc/config/autonomy"
[ -f "$config" ] || exit 0
now="$(md5sum <"$config")"
mark="$root/etc/autonomy/first-start"
decided="" sum=""
[ -f "$mark" ] && read -r decided sum <"$mark"
if [ "$sum" = "${now%% *}" ]; then
	[ "$decided" = observe ] &&
		sed -i "s/^\([[:space:]]*option mode \)'observe'\$/\1'control'/" "$config" &&
		printf 'again\n' >"$mark"
	exit 0
fi
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

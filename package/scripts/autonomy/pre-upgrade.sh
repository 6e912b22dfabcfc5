#!/bin/sh
# The configuration as it is becomes a version one can go back to (docs/install.md), unless the newest version is the same
# already; the old plugin does it, which is still there. apk replaces a running daemon without a word: stopped here it
# gives the router back, and the new one starts after the update.
[ -z "${IPKG_INSTROOT:-}" ] || exit 0
root="${AUTONOMY_ROOT:-}"
newest=""
for version in "$root"/etc/autonomy/backups/[0-9][0-9][0-9][0-9][0-9][0-9]; do
	[ -f "$version" ] && newest="$version"
done
if [ -f "$root/etc/config/autonomy" ] &&
	! { [ -n "$newest" ] && tail -n +2 "$newest" | cmp -s - "$root/etc/config/autonomy"; }; then
	for plugin in "$root/usr/libexec/rpcd/luci.autonomy" "$root/usr/local/usr/libexec/rpcd/luci.autonomy"; do
		[ -x "$plugin" ] || continue
		printf '{"note":"before an update"}\n' | "$plugin" call backup >/dev/null 2>&1
		break
	done
fi
[ -x "$root/etc/init.d/autonomy" ] && "$root/etc/init.d/autonomy" stop >/dev/null 2>&1
exit 0

#!/bin/sh
# rpcd learns of the plugin and of the rights. apk, unlike opkg, has not stopped what runs: it would go on with the old
# files (and an update that failed half-way leaves it running, as it should).
[ -z "${IPKG_INSTROOT:-}" ] || exit 0
unset IFS
root="${AUTONOMY_ROOT:-}"
[ -x "$root/etc/init.d/rpcd" ] && "$root/etc/init.d/rpcd" reload >/dev/null 2>&1
[ "${PKG_UPGRADE:-0}" = 1 ] || exit 0
for name in autonomy starwatch; do
	init="$root/etc/init.d/$name"
	[ -x "$init" ] && "$init" running >/dev/null 2>&1 && "$init" restart >/dev/null 2>&1
done
exit 0

#!/bin/sh
# What the daemon kept in RAM and the mark of the first start. Versions of the configuration stay: they are the owner's.
[ -z "${IPKG_INSTROOT:-}" ] || exit 0
[ "${PKG_UPGRADE:-0}" = 1 ] && exit 0
case "${1:-}" in
upgrade) exit 0 ;;
esac
unset IFS
root="${AUTONOMY_ROOT:-}"
rm -rf "$root/tmp/autonomy"
rm -f "$root/etc/autonomy/first-start"
rmdir "$root/etc/autonomy" 2>/dev/null
[ -x "$root/etc/init.d/rpcd" ] && "$root/etc/init.d/rpcd" reload >/dev/null 2>&1
exit 0

#!/bin/sh
# What the daemon kept in RAM, the mark of the first start, and our folders, which opkg leaves behind empty. Versions of the configuration stay: they are the owner's.
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
for prefix in "$root" "$root/usr/local"; do
	for folder in "$prefix"/usr/lib/autonomy/*/ "$prefix/usr/lib/autonomy" "$prefix/usr/share/autonomy/rpcd" \
		"$prefix/usr/share/autonomy" "$prefix/usr/share/licenses/autonomy" "$prefix/usr/share/licenses"; do
		rmdir "$folder" 2>/dev/null
	done
done
[ -x "$root/etc/init.d/rpcd" ] && "$root/etc/init.d/rpcd" reload >/dev/null 2>&1
exit 0

#!/bin/sh
# The folders, which opkg leaves behind empty.
[ -z "${IPKG_INSTROOT:-}" ] || exit 0
root="${AUTONOMY_ROOT:-}"
for prefix in "$root" "$root/usr/local"; do
	rmdir "$prefix/usr/share/autonomy" "$prefix/usr/lib/autonomy/bin" "$prefix/usr/lib/autonomy" \
		"$prefix/usr/share/licenses/autonomy-runtime-static" "$prefix/usr/share/licenses" 2>/dev/null
done
exit 0

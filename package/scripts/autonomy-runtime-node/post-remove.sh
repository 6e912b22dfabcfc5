#!/bin/sh
# The folder, which opkg leaves behind empty.
[ -z "${IPKG_INSTROOT:-}" ] || exit 0
root="${AUTONOMY_ROOT:-}"
rmdir "$root/usr/share/autonomy" "$root/usr/local/usr/share/autonomy" 2>/dev/null
exit 0

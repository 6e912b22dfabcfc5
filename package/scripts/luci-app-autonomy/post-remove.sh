#!/bin/sh
# LuCI remembers the menu.
[ -z "${IPKG_INSTROOT:-}" ] || exit 0
root="${AUTONOMY_ROOT:-}"
rm -f "$root"/tmp/luci-indexcache.*
rm -rf "$root/tmp/luci-modulecache"
exit 0

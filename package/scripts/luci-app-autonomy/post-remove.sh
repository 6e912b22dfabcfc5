#!/bin/sh
# LuCI remembers the menu.
[ -z "${IPKG_INSTROOT:-}" ] || exit 0
root="${AUTONOMY_ROOT:-}"
rm -f "$root"/tmp/luci-indexcache.*
rm -rf "$root/tmp/luci-modulecache"
rmdir "$root/www/luci-static/resources/autonomy" "$root/www/luci-static/resources/view/autonomy" 2>/dev/null
exit 0

#!/bin/sh
# rpcd learns of the rights, ubusd of what the user uhttpd may call; RutOS' own opkg does the latter by itself.
[ -z "${IPKG_INSTROOT:-}" ] || exit 0
ubus call session reload_acls >/dev/null 2>&1
killall -HUP ubusd >/dev/null 2>&1
exit 0

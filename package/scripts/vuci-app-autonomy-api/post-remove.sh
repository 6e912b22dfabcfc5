#!/bin/sh
# The rights are gone with the package.
[ -z "${IPKG_INSTROOT:-}" ] || exit 0
ubus call session reload_acls >/dev/null 2>&1
killall -HUP ubusd >/dev/null 2>&1
exit 0

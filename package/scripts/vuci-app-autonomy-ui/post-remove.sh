#!/bin/sh
# RutOS' shell remembers the menu.
[ -z "${IPKG_INSTROOT:-}" ] || exit 0
root="${AUTONOMY_ROOT:-}"
ubus send vuci.notify '{"event":"reload_routes"}' >/dev/null 2>&1
mkdir -p "$root/tmp/vuci" && touch "$root/tmp/vuci/reload_routes"
exit 0

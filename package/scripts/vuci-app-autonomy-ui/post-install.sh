#!/bin/sh
# RutOS 7.5 to 7.7 load views as scripts: the menu names that form there. Then the shell reads its menu again, each release
# in its own way. RutOS installs below / until 7.13, below /usr/local from 7.14 on.
[ -z "${IPKG_INSTROOT:-}" ] || exit 0
unset IFS
root="${AUTONOMY_ROOT:-}"
minor=""
# RUTX_R_00.07.20, RUT9_R_00.07.06.21
[ -r "$root/etc/version" ] && minor=$(sed -n 's/^.*00\.07\.\([0-9][0-9]*\).*$/\1/p' "$root/etc/version")
minor="${minor#0}"
for base in "$root/usr/local/usr" "$root/usr"; do
	script="$base/share/autonomy/vuci/menu-script.json"
	menu="$base/share/vuci/menu.d/autonomy.json"
	{ [ -f "$script" ] && [ -f "$menu" ]; } || continue
	case "$minor" in
	5 | 6 | 7) cp "$script" "$menu" ;;
	esac
done
ubus call session reload_acls >/dev/null 2>&1
ubus send vuci.notify '{"event":"reload_routes"}' >/dev/null 2>&1
mkdir -p "$root/tmp/vuci" && touch "$root/tmp/vuci/reload_routes"
exit 0

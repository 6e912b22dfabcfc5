#!/bin/sh
# Stopping the service gives the router back; the files must not go before that is done. On removal also what the first
# start wrote into the configuration is undone, so that a file nobody touched goes with the package.
[ -z "${IPKG_INSTROOT:-}" ] || exit 0
unset IFS
root="${AUTONOMY_ROOT:-}"

daemon_pid() {
	ubus -S call service list '{"name":"autonomy"}' 2>/dev/null |
		jsonfilter -q -e '@.autonomy.instances.autonomyd.pid' 2>/dev/null
}

# The watchdog first: this is no crash.
[ -x "$root/etc/init.d/starwatch" ] && "$root/etc/init.d/starwatch" stop >/dev/null 2>&1
pid="$(daemon_pid)"
[ -x "$root/etc/init.d/autonomy" ] && "$root/etc/init.d/autonomy" stop >/dev/null 2>&1
case "$pid" in
"" | *[!0-9]*) ;;
*)
	# procd kills it after 15 s.
	left=17
	while [ "$left" -gt 0 ] && kill -0 "$pid" 2>/dev/null; do
		sleep 1
		left=$((left - 1))
	done
	;;
esac
# A daemon that died before, or was killed, has left a note of what it had changed.
if [ -s "$root/tmp/autonomy/steer.json" ]; then
	for daemon in "$root/usr/sbin/autonomyd" "$root/usr/local/usr/sbin/autonomyd"; do
		[ -x "$daemon" ] || continue
		"$daemon" --give-back || echo "autonomy: not everything could be given back; a restart of the router does it" >&2
		break
	done
fi

[ "${PKG_UPGRADE:-0}" = 1 ] && exit 0
config="$root/etc/config/autonomy"
mark="$root/etc/autonomy/first-start"
if [ -f "$mark" ] && [ -f "$config" ]; then
	read -r decided sum <"$mark"
	now="$(md5sum <"$config")"
	if [ "$decided" = observe ] && [ "$sum" = "${now%% *}" ]; then
		sed -i "s/^\([[:space:]]*option mode \)'observe'\$/\1'control'/" "$config"
	fi
fi
exit 0

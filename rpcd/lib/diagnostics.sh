# shellcheck shell=sh
# What helps to find a fault, one section a call, so that each answers in time and the page shows what it will hold.
# Everything goes through hide.awk before it is shown.

. "$LIB/mask.sh"

method_diagnostics_list() {
	local name help kind
	sections >"$tmp/sections"
	json_init
	json_add_array sections
	while read -r name help; do
		json_add_object ""
		json_add_string name "$name"
		json_add_string text "$help"
		json_close_object
	done <"$tmp/sections"
	json_close_array
	json_add_array masked
	for kind in "secrets of the configuration, and what is called password, key or token" \
		"positions, and the cells that tell them" "numbers of modems and SIM cards" "MAC addresses"; do
		json_add_string "" "$kind"
	done
	json_close_array
	reply
}

# show TITLE COMMAND...: what it prints, with a heading.
show() {
	local code=0
	printf '\n== %s\n' "$1" >>"$tmp/text"
	command -v "$2" >/dev/null || {
		printf '(%s is not installed)\n' "$2" >>"$tmp/text"
		return
	}
	run "$@" || code=$?
	collect
	[ "$code" = 0 ] || printf '(ended with code %s)\n' "$code" >>"$tmp/text"
}

# What the last command has printed up to now.
collect() {
	tail -c "$MAX_SECTION" "$tmp/out" >>"$tmp/text" 2>/dev/null
	head -c 2000 "$tmp/err" >>"$tmp/text" 2>/dev/null
	: >"$tmp/out"
	: >"$tmp/err"
}

show_file() {
	printf '\n== %s\n' "$1" >>"$tmp/text"
	if [ -f "$2" ]; then tail -c "$MAX_SECTION" "$2" >>"$tmp/text"; else printf '(there is none)\n' >>"$tmp/text"; fi
}

method_diagnostics() {
	: >"$tmp/text"
	cut=0
	learn_secrets
	on_alarm=out_of_time
	"section_$arg_section"
	show_section
}

out_of_time() {
	trap '' USR1
	[ -z "$child" ] || kill "$child" 2>/dev/null
	collect
	printf '(%s did not answer in time; the rest is missing)\n' "$waiting" >>"$tmp/text"
	cut=1
	show_section
}

show_section() {
	trap '' USR1
	hide all "$tmp/text" | tr '\000-\010\013-\037\177' '?' >"$tmp/hidden"
	if [ "$(wc -c <"$tmp/hidden")" -gt "$MAX_SECTION" ]; then
		cut=1
		tail -c "$MAX_SECTION" "$tmp/hidden" >"$tmp/end"
		# Not half a line.
		tail -n +2 "$tmp/end" >"$tmp/hidden"
	fi
	json_init
	json_add_string name "$arg_section"
	add_file text "$tmp/hidden"
	json_add_boolean cut "$cut"
	reply
}

section_versions() {
	. "$LIB/versions.sh"
	gather_versions out_of_time
	{
		printf 'autonomy: %s\nsystem: %s\ntarget: %s\nmodel: %s\nmwan3: %s\nnode: %s\nqjs: %s\nfping: %s\n' \
			"$(autonomy_version)" "$(system_name)" "$(setting DISTRIB_TARGET "$ROOT/etc/openwrt_release")" \
			"$(head -n 1 "$ROOT/tmp/sysinfo/model" 2>/dev/null)" "$(package_version mwan3)" "$(version_of node node)" \
			"$(version_of qjs quickjs)" "$(version_of fping fping)"
		uname -a
	} >>"$tmp/text"
}

section_config() {
	if [ -f "$ROOT/etc/config/autonomy" ]; then
		mask_uci "$ROOT/etc/config/autonomy" >>"$tmp/text"
	else
		printf '(there is no /etc/config/autonomy)\n' >>"$tmp/text"
	fi
}

section_validate() {
	local daemon
	daemon="$(find_file usr/sbin/autonomyd)" || {
		printf '(autonomyd is not installed)\n' >>"$tmp/text"
		return
	}
	show "autonomyd --validate" "$daemon" --validate
}

section_service() {
	show "ubus call service list" ubus call service list '{"name":"autonomy","verbose":true}'
	show "uci: is it wanted" uci -q get autonomy.main.enable
	show "/etc/rc.d" ls "$ROOT/etc/rc.d"
}

section_status() {
	show "ubus call autonomy status" ubus call autonomy status
	show "ubus call autonomy health" ubus call autonomy health
	show "ubus call autonomy info" ubus call autonomy info
}

section_members() {
	show "ubus call autonomy members" ubus call autonomy members
}

section_events() {
	show "ubus call autonomy decisions" ubus call autonomy decisions '{"limit":20}'
	show "ubus call autonomy events" ubus call autonomy events '{"limit":100}'
}

section_network() {
	show "ip rule" ip rule
	show "ip -6 rule" ip -6 rule
	show "ip address" ip address
	show "ip route" ip route show table all
}

section_mwan3() {
	show_file /etc/config/mwan3 "$ROOT/etc/config/mwan3"
	show "ubus call mwan3 status" ubus call mwan3 status
}

section_system() {
	show uptime uptime
	show free free
	show df df
	show_file /proc/loadavg /proc/loadavg
	show ps ps w
}

section_log() {
	read_log
	grep -E "${LOG_HEAD}(autonomy[a-z]*|mwan3[a-z-]*|netifd|procd)(\[[0-9]+\])?: " "$tmp/out" >"$tmp/ours"
	mv "$tmp/ours" "$tmp/out"
	collect
}

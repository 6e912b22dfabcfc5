# shellcheck shell=sh
# The service as procd and the system log know it, and the init script.

# Whether section main wants the daemon to run, as the init script sees it (config_get_bool).
wanted() {
	local enable=""
	command -v uci >/dev/null && run uci uci -q -c "$ROOT/etc/config" get autonomy.main.enable && read -r enable <"$tmp/out"
	case "$enable" in
	0 | no | off | false | disabled) return 1 ;;
	esac
	return 0
}

starts_at_boot() {
	local link
	for link in "$ROOT"/etc/rc.d/S*autonomy; do
		[ -e "$link" ] || [ -L "$link" ] && return 0
	done
	return 1
}

# Leaves $running, $pid and $exit_code.
ask_procd() {
	local state=""
	running=0
	pid=""
	exit_code=""
	run procd ubus -S call service list '{"name":"autonomy"}' || return
	json_cleanup
	json_load "$(head -c 65536 "$tmp/out")" 2>/dev/null
	json_select autonomy 2>/dev/null && json_select instances 2>/dev/null && json_select autonomyd 2>/dev/null && {
		json_get_var state running
		json_get_var pid pid
		json_get_var exit_code exit_code
	}
	json_cleanup
	[ "$state" = 1 ] && running=1
	# Not inside the conditions above: what procd says of a process that ended is not its number now.
	[ "$running" = 1 ] || pid=""
	[ "$running" = 0 ] || exit_code=""
}

# Seconds since process $1 began: field 22 of its stat in ticks of 10 ms, against the time since boot.
uptime_of() {
	local line now
	{ read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
	read -r now _ </proc/uptime
	# The name, second field, may hold anything, also brackets.
	line="${line##*) }"
	set -f
	# shellcheck disable=SC2086
	set -- $line
	set +f
	printf '%s' "$((${now%%.*} - ${20} / 100))"
}

method_service() {
	local installed=0 responding=0 enabled=0 wants=0 uptime="" starts="" text
	find_file etc/init.d/autonomy >/dev/null && find_file usr/sbin/autonomyd >/dev/null && installed=1
	starts_at_boot && enabled=1
	wanted && wants=1
	ask_procd
	run ubus ubus -S list autonomy && responding=1
	[ -z "$pid" ] || uptime="$(uptime_of "$pid")"
	if read_log; then
		starts="$(grep -E "${LOG_HEAD}autonomyd\[[0-9]+\]: " "$tmp/out" | grep -c '"msg":"startup"')"
	fi

	if [ "$installed" = 0 ]; then
		text="autonomy is not installed completely: install the package again"
	elif [ "$running" = 0 ] && [ "$wants" = 0 ]; then
		text="Switched off: option enable in section main is 0"
	elif [ "$running" = 0 ] && [ -n "$exit_code" ]; then
		text="Ended with code $exit_code and is started again in a few seconds; the log tells why"
	elif [ "$running" = 0 ]; then
		text="Stopped"
		[ "$enabled" = 1 ] || text="Stopped, and not started at boot"
	elif [ "$responding" = 0 ]; then
		text="Runs, but is not on ubus yet"
	else
		text="Runs"
		[ "$enabled" = 1 ] || text="Runs, but is not started at boot"
	fi

	json_init
	json_add_boolean installed "$installed"
	json_add_boolean running "$running"
	json_add_boolean responding "$responding"
	json_add_boolean enabled "$enabled"
	json_add_boolean wanted "$wants"
	[ -z "$pid" ] || json_add_int pid "$pid"
	[ -z "$uptime" ] || json_add_int uptime_s "$uptime"
	[ -z "$exit_code" ] || json_add_int exit_code "$exit_code"
	[ -z "$starts" ] || json_add_int starts "$starts"
	json_add_string text "$text"
	reply
}

method_service_control() {
	local init text line=""
	init="$(find_file etc/init.d/autonomy)" || refuse not_installed "there is no /etc/init.d/autonomy: install the package again"
	case "$arg_action" in
	start | restart)
		wanted || refuse disabled "option enable in section main is 0: set it to 1, then start"
		;;
	esac
	case "$arg_action" in
	start) text="Started" ;;
	stop) text="Stopped; the router goes on as it is configured without autonomy" ;;
	restart) text="Restarted" ;;
	reload) text="The configuration is read again" ;;
	enable) text="Starts at boot from now on" ;;
	disable) text="Does not start at boot any more" ;;
	esac
	background="$arg_action takes its time; look again in a few seconds"
	run "the init script" "$init" "$arg_action" || {
		background=""
		read -r line <"$tmp/err"
		refuse failed "/etc/init.d/autonomy $arg_action failed: $(shown "${line:-it does not say why}")"
	}
	background=""
	json_init
	json_add_boolean ok 1
	json_add_string text "$text"
	reply
}

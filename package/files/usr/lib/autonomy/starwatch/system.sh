# shellcheck shell=sh disable=SC1091,SC2030,SC2031,SC2034,SC2154
# The router around the daemon, every minute: room, memory, load, ubus. All of it is told; what is done about it touches
# only files of autonomy's own, and a reboot needs REBOOT_ON_HARD_HANG.

hanging_since=""
overlay_pct=""
mem_avail_mb=""
load1=""
ubus_ok=""
ubus_ms=""

watch_system() {
	watch_space
	watch_memory
	watch_load
	watch_ubus
	watch_hang
}

# used_percent FOLDER: of the file system it is on, or nothing.
used_percent() {
	local line out used=""
	find_program df
	out="$(limited 5 "$program" "$1" 2>/dev/null)" || return 1
	# The figure stands in the last line; a long name of a device wraps.
	while read -r line; do
		case "$line" in
		*[0-9]%*)
			used="${line%%%*}"
			used="${used##* }"
			;;
		esac
	done <<END
$out
END
	printf '%s' "$used"
}

watch_space() {
	local overlay="" dir used
	for dir in "$ROOT/overlay" "$ROOT/usr/local" "$ROOT/"; do
		[ -d "$dir" ] && overlay="$dir" && break
	done
	overlay_pct="$(used_percent "$overlay")"
	judge_space overlay "${overlay#"$ROOT"}" "$overlay_pct"
	used="$(used_percent "$ROOT/tmp")"
	judge_space tmp /tmp "$used"
	[ "${used:-0}" -lt "$DISK_CRIT_PERCENT" ] || [ -n "$LOOK_ONLY" ] || tidy_tmp
}

# judge_space KEY PLACE PERCENT
judge_space() {
	[ -n "$3" ] || return 0
	if [ "$3" -ge "$DISK_CRIT_PERCENT" ]; then
		finding "$1" critical system_degraded "$2 is full to $3 %: settings cannot be saved any more"
	elif [ "$3" -ge "$DISK_WARN_PERCENT" ]; then
		finding "$1" warn system_degraded "$2 is full to $3 %"
	else
		over "$1" "$2 has room again: $3 % used"
	fi
}

# Only what autonomy itself has put there and nobody needs: reports that wait, leftovers of calls that were cut off.
tidy_tmp() {
	local path freed=0
	for path in "$MINE"/queue/* "$MINE"/staged/*.new "$ROOT"/tmp/autonomy-rpcd.*; do
		[ -e "$path" ] || continue
		case "$path" in
		*/autonomy-rpcd.*) [ -n "$(find "$path" -maxdepth 0 -mmin +10 2>/dev/null)" ] || continue ;;
		esac
		rm -rf "$path" && freed=$((freed + 1))
	done
	[ "$freed" = 0 ] || say warn "/tmp is full: removed $freed files of autonomy's own (reports that waited, leftovers)"
}

watch_memory() {
	local name value
	mem_avail_mb=""
	while read -r name value _; do
		[ "$name" = MemAvailable: ] && mem_avail_mb=$((value / 1024)) && break
	done 2>/dev/null <"$SYS/meminfo"
	[ -n "$mem_avail_mb" ] || return 0
	if [ "$mem_avail_mb" -lt "$MIN_MEM_MB" ]; then
		finding memory warn system_degraded "only $mem_avail_mb MB of memory are available (MIN_MEM_MB $MIN_MEM_MB)"
	else
		over memory "$mem_avail_mb MB of memory are available again"
	fi
}

# hundredths TEXT: 3, 3.0 or 3.05 as 100 times its value.
hundredths() {
	local whole="${1%%.*}" rest="00"
	case "$1" in
	*.*) rest="${1#*.}00" ;;
	esac
	rest="${rest%"${rest#??}"}"
	printf '%s' "$((whole * 100 + ${rest#0}))"
}

watch_load() {
	local word cores=0
	load1=""
	too_busy=""
	read -r load1 _ 2>/dev/null <"$SYS/loadavg"
	while read -r word _; do
		case "$word" in
		cpu[0-9]*) cores=$((cores + 1)) ;;
		esac
	done 2>/dev/null <"$SYS/stat"
	[ -n "$load1" ] && [ "$cores" -gt 0 ] || return 0
	if [ "$(hundredths "$load1")" -gt $((cores * $(hundredths "$LOAD_CRIT_PER_CORE"))) ]; then
		too_busy=1
		finding load warn system_degraded "load $load1 on $cores processors (LOAD_CRIT_PER_CORE $LOAD_CRIT_PER_CORE)"
	else
		over load "load is $load1 again"
	fi
}

# No ubus is a finding, not a failure: nothing here needs it.
watch_ubus() {
	local before code
	ubus_ok=false
	ubus_ms=""
	clock
	before="$now_ms"
	find_program ubus
	limited 3 "$program" -S -t 3 call system board >/dev/null 2>&1
	code=$?
	clock
	if [ "$code" != 0 ]; then
		finding ubus warn system_degraded "ubus does not answer within 3 s (code $code): LuCI and autonomyctl will not either"
		return
	fi
	ubus_ok=true
	ubus_ms=$((now_ms - before))
	over ubus "ubus answers again"
	if [ "$ubus_ms" -gt "$SLOW_UBUS_MS" ]; then
		finding slow_ubus warn slow "ubus took $ubus_ms ms to answer (SLOW_UBUS_MS $SLOW_UBUS_MS)"
	else
		over slow_ubus "ubus answers in $ubus_ms ms again"
	fi
}

# Too busy and almost no memory for a long time: a router that cannot be reached any more. Never in its first hour, so that
# a fault that comes back at once does not reboot it in circles.
watch_hang() {
	[ "$REBOOT_ON_HARD_HANG" = 1 ] && [ -z "$LOOK_ONLY" ] || return 0
	if [ -z "$too_busy" ] || [ "${mem_avail_mb:-9999}" -ge $((MIN_MEM_MB / 2)) ]; then
		hanging_since=""
		return
	fi
	[ -n "$hanging_since" ] || hanging_since="$now"
	[ $((now - hanging_since)) -ge $((HANG_MINUTES_BEFORE_REBOOT * 60)) ] && [ "$now" -ge 3600 ] || return 0
	may reboot 1 3600 || return 0
	say err "load $load1 and $mem_avail_mb MB for $HANG_MINUTES_BEFORE_REBOOT min: reboots (REBOOT_ON_HARD_HANG)"
	(printf 'load %s, %s MB\n' "$load1" "$mem_avail_mb" >"$ROOT/etc/autonomy/rebooted") 2>/dev/null
	sync
	find_program reboot
	"$program"
}

# The one note of ours that outlives a reboot.
after_reboot() {
	local why=""
	[ -f "$ROOT/etc/autonomy/rebooted" ] || return 0
	read -r why <"$ROOT/etc/autonomy/rebooted"
	rm -f "$ROOT/etc/autonomy/rebooted"
	clock
	finding post_reboot critical post_reboot "starwatch has rebooted this router: ${why:-it does not know why}" reboot
}

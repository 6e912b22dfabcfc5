# shellcheck shell=sh disable=SC1091,SC2030,SC2031,SC2034,SC2154
# The daemon: alive, answering, of a sane size, not crashing in circles. procd starts it again 5 s after a death; what is
# done here is what procd does not do: give the router back when it does not come back, end one that hangs, hold one down
# that crashes again and again. The wrapper autonomyd keeps the file `starts` (one line a start, gone after an orderly end)
# and waits as long as the link `hold` says.

GIVE_BACK_AFTER=7
down_since=""
gave_back=0
tries=0
next_try=0
known=""
looks=0
holding=""
too_big=0
too_late=0

# Leaves $pid and $began (ticks), empty when there is none. Read, not asked for: needs no other program.
find_daemon() {
	local dir
	began=""
	for pid in "$starter" "$beat_pid" "${known%%.*}"; do
		[ -n "$pid" ] && is_daemon "$pid" && began="$(start_time "$pid")" && return
	done
	# Where none was started this is looked at less often.
	if [ ! -e "$STATE/starts" ] && [ ! -e "$STATE/steer.json" ]; then
		looks=$(((looks + 1) % 5))
		[ "$looks" = 1 ] || [ -n "$LOOK_ONLY" ] || {
			pid=""
			return 1
		}
	fi
	for dir in /proc/[0-9]*; do
		pid="${dir#/proc/}"
		is_daemon "$pid" && began="$(start_time "$pid")" && return
	done
	pid=""
	return 1
}

# The engine with our bundle; not --give-back and the like. The shell leaves out the zeros between the words.
is_daemon() {
	local line=""
	{ read -r line <"/proc/$1/cmdline"; } 2>/dev/null
	case "$line" in
	*--give-back | *--validate* | *--version | *-V | *--help | *-h) return 1 ;;
	*node*"$ROOT"/*lib/autonomy/autonomyd.node.mjs* | *qjs*"$ROOT"/*lib/autonomy/autonomyd.qjs*) return 0 ;;
	esac
	return 1
}

# Leaves $beat_pid, $beat_at, $beat_lag; empty when there is no heartbeat, or none that can be read.
read_heartbeat() {
	local name value
	beat_pid=""
	beat_at=""
	beat_lag=""
	[ -f "$STATE/heartbeat" ] || return 0
	while IFS="=" read -r name value; do
		value="${value%%.*}"
		case "$value" in
		"" | *[!0-9]* | ??????????*) continue ;;
		esac
		case "$name" in
		pid) beat_pid="$value" ;;
		at_s) beat_at="$value" ;;
		lag_ms) beat_lag="$value" ;;
		esac
	done <"$STATE/heartbeat"
}

# Leaves $crashes, starts within the window that followed a start without an orderly end between, and $starter, the process
# of the last start, noted at $started_at: first the wrapper, then by exec the daemon itself.
read_starts() {
	local at process first=1
	crashes=0
	starter=""
	started_at=0
	[ -f "$STATE/starts" ] || return 0
	while read -r at process; do
		case "$at$process" in
		"" | *[!0-9]* | ????????????????????*) continue ;;
		esac
		[ "$first" = 1 ] || [ $((now - at)) -ge "$CRASH_LOOP_WINDOW_SEC" ] || crashes=$((crashes + 1))
		first=0
		starter="$process"
		started_at="$at"
	done <"$STATE/starts"
}

# The wrapper is at work and looks for the engine; or it has become the daemon since find_daemon looked, or does so just now:
# then it has no command line. A process that got its number later began after the note.
is_starting() {
	local line="" since
	[ -n "$starter" ] || return 1
	{ read -r line <"/proc/$starter/cmdline"; } 2>/dev/null
	case "$line" in
	*"$ROOT"/*sbin/autonomyd) return 0 ;;
	"") since="$(start_time "$starter")" && [ $((since / 100)) -le "$started_at" ] ;;
	*) is_daemon "$starter" ;;
	esac
}

# hold SECONDS: the wrapper starts no daemon until then, or until later if it was to wait longer already.
hold() {
	clock
	read_hold
	[ -z "$held" ] || [ "$held" -lt $((now + $1)) ] || return 0
	rm -f "$STATE/hold"
	ln -s "$((now + $1))" "$STATE/hold" 2>/dev/null
}

# Leaves $held: until when, or nothing.
read_hold() {
	held=""
	[ -L "$STATE/hold" ] || return 0
	held="$(readlink "$STATE/hold")"
	case "$held" in
	"" | *[!0-9]* | ??????????*) held="" ;;
	esac
	[ -n "$held" ] && [ "$held" -gt "$now" ] && [ $((held - now)) -le 86400 ] && return
	held=""
	rm -f "$STATE/hold"
	[ -z "$holding" ] || say info "hold-down is over: autonomyd may start"
	holding=""
}

watch_daemon() {
	read_heartbeat
	read_starts
	find_daemon
	read_hold
	if [ -n "$pid" ]; then
		[ "$beat_pid" != "$pid" ] || is_well
		[ -n "$held" ] || [ "$crashes" -lt "$CRASH_LOOP_THRESHOLD" ] || hold_down
		[ -z "$pid" ] || answers || end_hung
		return
	fi
	# Held down; a predecessor may have ended before it had given the router back.
	if [ -n "$held" ]; then
		[ ! -e "$STATE/steer.json" ] || [ "$gave_back" = 1 ] || give_back
		return
	fi
	if [ ! -e "$STATE/starts" ] && [ ! -e "$STATE/steer.json" ]; then
		[ -z "$known" ] || say info "autonomyd was stopped in order"
		known=""
		down_since=""
		return
	fi
	! is_starting || return 0
	crashes=$((crashes + 1))
	if [ "$crashes" -ge "$CRASH_LOOP_THRESHOLD" ]; then
		hold_down
		return
	fi
	[ -n "$down_since" ] || {
		down_since="$now"
		say warn "autonomyd died; procd should start it again in 5 s"
	}
	[ $((now - down_since)) -lt "$GIVE_BACK_AFTER" ] || [ "$gave_back" = 1 ] || give_back
	[ $((now - down_since)) -ge 60 ] && [ "$gave_back" = 1 ] || return 0
	# Told once: somebody may have stopped it in a way that was not orderly.
	finding daemon_down critical daemon_down "autonomyd is down since $((now - down_since)) s. Start it: /etc/init.d/autonomy start; see why: logread -e autonomy" give_back
	rm -f "$STATE/starts"
}

# Runs, and says so itself.
is_well() {
	[ "$pid.$began" != "$known" ] || return 0
	# Also one that died and came back between two looks.
	if [ -n "$down_since" ] || { [ -n "$known" ] && [ "$crashes" -gt 0 ]; }; then
		finding daemon_restart warn daemon_restart "autonomyd died and runs again after $((now - ${down_since:-$now})) s; see why: logread -e autonomy" restart
	fi
	over daemon_down "autonomyd runs again"
	known="$pid.$began"
	down_since=""
	gave_back=0
	tries=0
	too_big=0
	too_late=0
}

# Its last sign of life is young enough, or cannot be judged: on a full /tmp no heart can beat.
answers() {
	local last=$((began / 100))
	[ "$beat_pid" != "$pid" ] || [ "${beat_at:-0}" -le "$last" ] || last="$beat_at"
	silent=$((now - last))
	[ "$silent" -gt "$HEARTBEAT_STALE_SEC" ] || return 0
	! can_write
}

can_write() {
	(printf x >"$MINE/probe") 2>/dev/null && [ -s "$MINE/probe" ] && rm -f "$MINE/probe"
}

end_hung() {
	if may restart 3 3600; then
		finding daemon_hung critical daemon_hung "autonomyd gave no sign of life for $silent s: ended, procd starts it again" restart
		end_daemon
	else
		hold_down "hung or outgrew its memory again and again"
	fi
}

# TERM lets it give the router back; KILL after 10 s.
end_daemon() {
	local waited=0
	[ "$(start_time "$pid")" = "$began" ] || return 0
	kill "$pid" 2>/dev/null
	while [ "$(start_time "$pid")" = "$began" ]; do
		if [ "$waited" -eq 10 ]; then
			kill -9 "$pid" 2>/dev/null
		elif [ "$waited" -eq 15 ]; then
			say err "autonomyd, process $pid, cannot be ended: stuck in the kernel?"
			return 1
		fi
		waited=$((waited + 1))
		nap 1
	done
	clock
}

hold_down() {
	hold $((COOLDOWN_MINUTES * 60))
	holding=1
	[ -z "$pid" ] || end_daemon
	pid=""
	read_hold
	give_back
	rm -f "$STATE/starts"
	known=""
	down_since=""
	told="$(without crash_loop "$told")"
	finding crash_loop critical crash_loop "autonomyd ${1:-crashed $crashes times within $((CRASH_LOOP_WINDOW_SEC / 60)) min}: held down for $COOLDOWN_MINUTES min, this router works as it does without it. See why: logread -e autonomy; end it earlier: rm /tmp/autonomy/hold" hold_down
}

# With the state file that a dead daemon has left. Nobody starts one meanwhile; one that runs already has taken over.
give_back() {
	local waited_before said code
	[ -e "$STATE/steer.json" ] || {
		gave_back=1
		return
	}
	[ "$now" -ge "$next_try" ] || return
	waited_before="$held"
	hold 40
	# Whoever was past the wrapper's look at it is to be seen now.
	nap 1
	if find_daemon; then
		[ -n "$waited_before" ] || rm -f "$STATE/hold"
		return
	fi
	said="$(limited 30 "${0%/*}/autonomyd" --give-back 2>&1)"
	code=$?
	[ -n "$waited_before" ] || rm -f "$STATE/hold"
	clock
	if [ "$code" = 0 ]; then
		gave_back=1
		say warn "what autonomyd had changed is given back: this router works as it does without it"
	else
		tries=$((tries + 1))
		# 10 s, then longer and longer: every try starts an engine.
		next_try=$((now + 10 * tries * tries))
		[ "$tries" -lt 5 ] || gave_back=1
		finding give_back critical daemon_down "what autonomyd had changed cannot be given back (try $tries): ${said##*problem: }. A reboot undoes it" give_back
	fi
}

# Every minute.
watch_daemon_size() {
	local name value rss=""
	[ -n "$pid" ] || return 0
	while read -r name value _; do
		[ "$name" = VmRSS: ] && rss="$value" && break
	done 2>/dev/null <"/proc/$pid/status"
	if [ "${rss:-0}" -gt $((DAEMON_MAX_RSS_MB * 1024)) ]; then too_big=$((too_big + 1)); else too_big=0; fi
	if [ "${beat_lag:-0}" -gt "$LOOP_LAG_MS" ]; then too_late=$((too_late + 1)); else too_late=0; fi
	[ "$too_late" -lt 3 ] || finding loop_lag warn slow "autonomyd is served late by $beat_lag ms: the processor is too busy"
	[ "$too_late" -gt 0 ] || over loop_lag "autonomyd is served in time again"
	[ "$too_big" -ge 3 ] || return 0
	if may restart 3 3600; then
		finding daemon_memory warn system_degraded "autonomyd holds $((rss / 1024)) MB (limit DAEMON_MAX_RSS_MB $DAEMON_MAX_RSS_MB): ended, procd starts it again" restart
		end_daemon
	else
		finding daemon_memory warn system_degraded "autonomyd holds $((rss / 1024)) MB again (limit DAEMON_MAX_RSS_MB $DAEMON_MAX_RSS_MB): left alone; raise the limit or lower max_ram_mb"
	fi
	too_big=0
}

# For `starwatch check`.
look_at_daemon() {
	read_heartbeat
	read_starts
	find_daemon
	[ ! -L "$STATE/hold" ] || finding hold critical crash_loop "autonomyd is held down; end it: rm /tmp/autonomy/hold"
	if [ -z "$pid" ]; then
		finding daemon_down warn daemon_down "autonomyd does not run"
	else
		answers || finding daemon_hung critical daemon_hung "autonomyd gave no sign of life for $silent s"
	fi
}

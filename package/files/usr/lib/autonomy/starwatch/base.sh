# shellcheck shell=sh disable=SC1091,SC2030,SC2031,SC2034,SC2154
# What every part uses: time, log, findings, programs with a time limit, and the lock. Time is seconds since boot, which no
# NTP moves. State that must survive a full file system is in variables and in the targets of symbolic links: those need no
# block of a tmpfs.

STATE="$ROOT/tmp/autonomy"
MINE="$STATE/watch"
# For tests: memory, load and processors of another router.
SYS=/proc
[ -z "$ROOT" ] || [ ! -d "$ROOT/proc" ] || SYS="$ROOT/proc"
LOOK_ONLY=""
found_any=0
# The program that limited waits for, and who ends it when it takes too long.
job=""
guard=""

clock() {
	local up
	read -r up _ </proc/uptime
	now="${up%%.*}"
	# Hundredths; the 1 keeps a leading zero from being octal.
	up="1${up#*.}"
	now_ms=$((now * 1000 + (up - 100) * 10))
}

# find_program NAME: leaves its file in $program. By its file, since a shell may prefer the applets of its own busybox, which
# read and write another log.
find_program() {
	local IFS=: dir
	for dir in $PATH; do
		program="$dir/$1"
		[ -x "$program" ] && return
	done
	program="$1"
	return 1
}

# say LEVEL TEXT: to the system log.
say() {
	local text
	text="$(printf '%s' "$2" | tr '\000-\037\177' ' ')"
	find_program logger
	"$program" -t starwatch -p "daemon.$1" -- "$text" 2>/dev/null || printf 'starwatch: %s\n' "$text" >&2
}

# Findings that were told lately: " KEY:TIME KEY:TIME".
told=""

# last_time KEY LIST: the newest time of KEY in LIST.
last_time() {
	local entry found=""
	for entry in $2; do
		[ "${entry%%:*}" != "$1" ] || found="${entry#*:}"
	done
	printf '%s' "$found"
}

without() {
	local entry out=""
	for entry in $2; do
		[ "${entry%%:*}" = "$1" ] || out="$out $entry"
	done
	printf '%s' "$out"
}

# finding KEY critical|warn|info SCENARIO TEXT [ACTION]: logged and reported, once in NOTIFY_COOLDOWN_MIN.
finding() {
	local last
	found_any=1
	if [ -n "$LOOK_ONLY" ]; then
		printf '%s: %s\n' "$2" "$4"
		return
	fi
	last="$(last_time "$1" "$told")"
	[ -z "$last" ] || [ $((now - last)) -ge $((NOTIFY_COOLDOWN_MIN * 60)) ] || return
	told="$(without "$1" "$told") $1:$now"
	case "$2" in
	critical) say err "$4" ;;
	*) say "$2" "$4" ;;
	esac
	[ -z "$5" ] || acted "$5" "$4"
	queue_report "$2" "$3" "$4" "$5"
}

# acted ACTION TEXT: for the daemon, which tells its owner (alert watchdog): seconds since boot, what, the sentence.
acted() {
	{ printf '%s %s %s\n' "$now" "$1" "$2" >"$MINE/acted.new"; } 2>/dev/null && mv -f "$MINE/acted.new" "$MINE/acted" 2>/dev/null
	return 0
}

# over KEY TEXT: a finding that was told is no more.
over() {
	[ -n "$(last_time "$1" "$told")" ] || return 0
	told="$(without "$1" "$told")"
	say info "$2"
}

# How often something was done lately: " KEY:TIME KEY:TIME".
done_lately=""

# may KEY COUNT SECONDS: true, and counted, when it was done less than COUNT times in the last SECONDS.
may() {
	local entry out="" count=0
	for entry in $done_lately; do
		if [ "${entry%%:*}" = "$1" ]; then
			[ $((now - ${entry#*:})) -lt "$3" ] || continue
			count=$((count + 1))
		fi
		out="$out $entry"
	done
	done_lately="$out"
	[ "$count" -lt "$2" ] || return 1
	done_lately="$out $1:$now"
}

# limited SECONDS COMMAND...: its exit code; killed after that time, then 137.
limited() {
	local limit="$1" code
	shift
	"$@" </dev/null &
	job=$!
	# Ended by USR1 it takes its sleep along. Not by TERM: a process that was forked a moment ago still has our handler for
	# that, and would lose it; for the same reason the sleep gets KILL. Waited for: on a busy processor it lives on for a while.
	(
		trap - HUP INT TERM
		trap 'kill -9 $! 2>/dev/null; wait $!; exit 0' USR1
		sleep "$limit" &
		wait $!
		kill -9 "$job" 2>/dev/null
	) </dev/null >/dev/null 2>&1 &
	guard=$!
	wait "$job"
	code=$?
	# A signal of ours ends the wait early: the program is still there.
	while kill -0 "$job" 2>/dev/null; do
		wait "$job"
		code=$?
	done
	kill -USR1 "$guard" 2>/dev/null
	wait "$guard" 2>/dev/null
	guard=""
	job=""
	return "$code"
}

# start_time PID: ticks since boot at which it began, field 22 of its stat; with the PID the name of a process for ever.
start_time() {
	local line
	{ read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
	# The name, second field, may hold anything, also brackets.
	line="${line##*) }"
	# shellcheck disable=SC2086
	set -- $line
	[ "$1" != Z ] || return 1
	printf '%s' "${20}"
}

# The lock is a symbolic link to "PID.START": made in one step, and a dead owner is known for sure.
take_lock() {
	local self owner try
	mkdir -p "$MINE" 2>/dev/null
	self="$$.$(start_time "$$")"
	# Before it is made: drop_lock looks whose it is.
	lock="$self"
	for try in 1 2 3 4 5; do
		if ln -s "$self" "$MINE/lock" 2>/dev/null; then
			# Two who both saw a dead owner: the second may have moved the lock of the first away.
			[ "$try" = 1 ] || sleep 1
			keep_lock
			return
		fi
		owner="$(readlink "$MINE/lock")" || {
			[ -e "$MINE/lock" ] || [ "$try" -lt 5 ] || {
				say warn "cannot make $MINE/lock (file system full or read-only?): goes on without"
				lock=""
				return 0
			}
			continue
		}
		if [ "$(start_time "${owner%%.*}")" = "${owner#*.}" ]; then
			printf 'starwatch: runs already, process %s\n' "${owner%%.*}" >&2
			return 1
		fi
		# Moved, not removed: what was moved can be looked at, and put back if it was not the dead one's.
		mv "$MINE/lock" "$MINE/lock.$$" 2>/dev/null || continue
		[ "$(readlink "$MINE/lock.$$")" = "$owner" ] || ln -s "$(readlink "$MINE/lock.$$")" "$MINE/lock" 2>/dev/null
		rm -f "$MINE/lock.$$"
	done
	printf 'starwatch: another one is starting\n' >&2
	return 1
}

# Ours still? Whoever finds another living owner there goes.
keep_lock() {
	local owner
	[ -n "$lock" ] || return 0
	owner="$(readlink "$MINE/lock")"
	[ "$owner" != "$lock" ] || return 0
	if [ -n "$owner" ] && [ "$(start_time "${owner%%.*}")" = "${owner#*.}" ]; then
		say warn "another starwatch runs, process ${owner%%.*}: this one ends"
		lock=""
		exit 1
	fi
	mkdir -p "$MINE" 2>/dev/null
	rm -f "$MINE/lock"
	ln -s "$lock" "$MINE/lock" 2>/dev/null
	return 0
}

drop_lock() {
	[ -n "$lock" ] && [ "$(readlink "$MINE/lock")" = "$lock" ] && rm -f "$MINE/lock"
	lock=""
}

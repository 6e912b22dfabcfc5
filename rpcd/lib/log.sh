# shellcheck shell=sh
# The system log as far as it is about autonomy. The daemon writes JSON lines, whose own level and time count; procd logs all of its output as info.

. "$LIB/mask.sh"

method_log() {
	read_log || refuse failed "the system log cannot be read: is logread installed, does logd run?"
	# What remains is our own work on what is there: to give it up would be to begin it again.
	no_way_back
	learn_secrets
	grep -E "${LOG_HEAD}autonomy[a-z]*(\[[0-9]+\])?: " "$tmp/out" >"$tmp/ours"
	hide secrets "$tmp/ours" >"$tmp/hidden"
	# The reply is written here, not by jshn: hundreds of lines would take it seconds on a router.
	LINES_WANTED="$arg_lines" LEVEL="$arg_level" WANTED="$arg_text" MAX_LINE="$MAX_LINE" LOG_HEAD="$LOG_HEAD" \
		awk -f "$LIB/log.awk" "$tmp/hidden" >"$tmp/reply"
	cat "$tmp/reply"
	exit 0
}

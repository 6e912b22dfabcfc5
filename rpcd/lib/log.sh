# shellcheck shell=sh
# The system log as far as it is about autonomy. Lines of logread: `Sat Nov 21 07:22:58 2026 daemon.info autonomyd[123]: TEXT`.
# The daemon writes JSON lines, whose own level and time count; procd logs all of its output as info.

. "$LIB/mask.sh"

method_log() {
	command -v logread >/dev/null || refuse failed "there is no logread here, so no system log can be read"
	run logread logread || refuse failed "the system log does not answer: is logd running?"
	learn_secrets
	grep -E ' autonomy[a-z]*(\[[0-9]+\])?: ' "$tmp/out" >"$tmp/ours"
	hide secrets "$tmp/ours" >"$tmp/hidden"
	# The reply is written here, not by jshn: hundreds of lines would take it seconds on a router.
	LINES_WANTED="$arg_lines" LEVEL="$arg_level" WANTED="$arg_text" MAX_LINE="$MAX_LINE" \
		awk -f "$LIB/log.awk" "$tmp/hidden" >"$tmp/reply"
	no_way_back
	cat "$tmp/reply"
	exit 0
}

# shellcheck shell=sh
# Checks a configuration as the daemon would read it. On slow routers the daemon's runtime needs more than the second of
# a call: the check then goes on in the background, and the same call again finds it by the sum of the text.

CHECKS="$ROOT/var/run/autonomy-rpcd"
STILL_CHECKING="still being checked; ask again"

# check FILE: leaves $readable and $clean (0 or 1), $checked and the lines $tmp/report.
check() {
	local daemon sum job code
	daemon="$(find_file usr/sbin/autonomyd)" || {
		check_syntax "$1"
		return
	}
	sum="$(sha256sum <"$1")"
	job="$CHECKS/${sum%% *}"
	# /var/run belongs to root alone.
	mkdir -p "$CHECKS"
	[ -d "$job" ] || start_check "$1" "$daemon" "$job"
	await_check "$job"
	read -r code <"$job/code"
	# The text lay in a scratch file; people know it by its own name.
	FROM="$job/autonomy" awk '
		{
			out = ""
			while ((at = index($0, ENVIRON["FROM"])) > 0) {
				out = out substr($0, 1, at - 1) "/etc/config/autonomy"
				$0 = substr($0, at + length(ENVIRON["FROM"]))
			}
			print out $0
		}' "$job/out" >"$tmp/report"
	head -n 1 "$job/err" >"$tmp/why" 2>/dev/null
	rm -rf "$job"
	checked=full
	readable=1
	clean=0
	if [ "$code" = 0 ]; then
		clean=1
	elif [ ! -s "$tmp/report" ]; then
		check_syntax "$1"
		{
			printf 'note: autonomyd could not check it, only its syntax was looked at: '
			cat "$tmp/why"
		} >>"$tmp/report"
	elif tail -n 1 "$tmp/report" | grep -q '^nothing of this file would be used'; then
		readable=0
	fi
}

start_check() {
	local other busy=0
	for other in "$CHECKS"/*; do
		[ -d "$other" ] || continue
		if [ -s "$other/code" ] || ! alive "$other"; then
			# Nobody came back for it, or it died.
			rm -rf "$other"
		else
			busy=$((busy + 1))
		fi
	done
	[ "$busy" -lt 2 ] || refuse pending "other checks are running; ask again"
	mkdir "$3" || refuse failed "no room in /var/run"
	cat "$1" >"$3/autonomy"
	(
		trap - EXIT HUP INT TERM USR1
		"$2" --validate "$3/autonomy" >"$3/out" 2>"$3/err" &
		job=$!
		(
			sleep 30
			kill -9 "$job"
		) &
		limit=$!
		wait "$job"
		printf '%s\n' "$?" >"$3/code.new"
		kill "$limit"
		mv "$3/code.new" "$3/code"
	) </dev/null >/dev/null 2>&1 3>&- &
	child=$!
	printf '%s\n' "$child" >"$3/pid"
	background="$STILL_CHECKING"
	wait "$child"
	child=""
	background=""
}

# A check that an earlier call began.
await_check() {
	background="$STILL_CHECKING"
	while [ ! -s "$1/code" ]; do
		alive "$1" || {
			rm -rf "$1"
			refuse failed "the check was interrupted; try again"
		}
		sleep 1 </dev/null >/dev/null 2>&1 3>&- &
		child=$!
		wait "$child"
	done
	child=""
	background=""
}

alive() {
	local pid=""
	{ read -r pid <"$1/pid"; } 2>/dev/null
	[ -n "$pid" ] && kill -0 "$pid" 2>/dev/null
}

# Without the daemon: what uci itself makes of it.
check_syntax() {
	command -v uci >/dev/null || refuse not_installed "neither autonomyd nor uci is here to check it: install the package again"
	mkdir -p "$tmp/conf" "$tmp/none"
	cat "$1" >"$tmp/conf/autonomy"
	checked=syntax
	clean=0
	readable=0
	if run uci uci -q -c "$tmp/conf" -P "$tmp/none" show autonomy; then
		readable=1
		printf 'note: the daemon is not installed; uci can read it\n' >"$tmp/report"
		clean=1
	else
		run uci uci -c "$tmp/conf" -P "$tmp/none" show autonomy
		sed 's/^uci: /error: /' "$tmp/err" >"$tmp/report"
	fi
}

config_file() {
	CONFIG="$ROOT/etc/config/autonomy"
	[ -f "$CONFIG" ]
}

# Argument text, its last line ended.
given_text() {
	printf '%s\n' "${arg_text%"
"}"
}

method_config_validate() {
	config_file
	if [ -n "$arg_text" ]; then
		given_text >"$tmp/text"
	else
		[ -f "$CONFIG" ] || refuse not_found "there is no /etc/config/autonomy: every option has its default"
		cat "$CONFIG" >"$tmp/text"
	fi
	unset arg_text
	check "$tmp/text"
	json_init
	json_add_boolean readable "$readable"
	json_add_boolean clean "$clean"
	json_add_string checked "$checked"
	add_lines report "$tmp/report"
	reply
}

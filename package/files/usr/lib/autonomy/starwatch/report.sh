# shellcheck shell=sh disable=SC1091,SC2030,SC2031,SC2034,SC2154
# Reports to whom the owner has named in watch.conf, and only with REPORTING_ENABLED. A finding waits as a small file in
# /tmp/autonomy/watch/queue; its text is made, masked and signed when it is sent, so that neither its time nor its
# signature is old. docs/starwatch.md tells the fields.

QUEUE="$MINE/queue"
MAX_WAITING=20
MAX_AGE=86400
next_send=0
serial=100
failures=0

# queue_report SEVERITY SCENARIO NOTE ACTION
queue_report() {
	local path count=0
	[ "$REPORTING_ENABLED" = 1 ] || return 0
	mkdir -p "$QUEUE" 2>/dev/null
	# Names sort by time; the oldest goes when there are too many.
	for path in "$QUEUE"/*; do
		count=$((count + 1))
	done
	[ "$count" -lt "$MAX_WAITING" ] || rm -f "$(oldest)"
	clock
	# Two may come within one tick of the clock.
	serial=$((serial + 1))
	path="$QUEUE/$((1000000000000 + now_ms))-$serial"
	{
		printf 'severity=%s\nscenario=%s\nat_s=%s\n' "$1" "$2" "$now"
		printf 'overlay_pct=%s\nmem_avail_mb=%s\nload1=%s\nubus_ok=%s\n' "$overlay_pct" "$mem_avail_mb" "$load1" "$ubus_ok"
		printf 'actions=%s\nnote=%s\n' "$4" "$(printf '%s' "$3" | tr '\000-\037\177' ' ' | head -c 500)"
	} 2>/dev/null >"$path.new" && mv -f "$path.new" "$path" && return
	rm -f "$path.new"
}

oldest() {
	local path
	for path in "$QUEUE"/[0-9]*[0-9]; do
		[ -f "$path" ] && printf '%s' "$path" && return
	done
	return 1
}

# A file as the inside of a JSON string: printable ASCII and \n.
json_text() {
	tr '\000-\011\013-\037\177-\377' '?' <"$1" | sed 's/[\\"]/\\&/g' | awk '{ printf "%s%s", (NR > 1 ? "\\n" : ""), $0 }'
}

# masked_json FILE: masked, then as the inside of a JSON string; nothing when it cannot be masked.
masked_json() {
	mask "$1" >"$MINE/masked" 2>/dev/null && json_text "$MINE/masked"
	rm -f "$MINE/masked"
}

device() {
	local id="${DEVICE_ID:-$(host_name)}"
	if [ "$ANONYMIZE_DEVICE_ID" = 1 ]; then
		# Without a secret anybody could try names until one fits.
		[ -n "$WATCH_SECRET" ] || return 0
		id="$(printf '%s' "$id" | hmac_sha256 "$WATCH_SECRET")" || return 0
		printf '%s' "${id%"${id#????????????}"}"
	else
		printf '%s' "$id" >"$MINE/text"
		json_text "$MINE/text"
	fi
}

firmware() (
	LIB="$(rpcd_lib)" || return 1
	. "$LIB/versions.sh"
	system_name >"$MINE/text"
	json_text "$MINE/text"
)

# The number, or null when it is none.
number() {
	case "$1" in
	"" | *[!0-9.]* | .* | *. | *.*.*) printf 'null' ;;
	*) printf '%s' "$1" ;;
	esac
}

# build_body ENTRY UNIX_TIME: the JSON that is sent for it.
build_body() {
	local name value severity="" scenario="" at_s="" note="" action="" disk="" memory="" busy="" bus="" diagnostics=""
	while IFS= read -r line; do
		name="${line%%=*}"
		value="${line#*=}"
		case "$name" in
		severity) severity="$value" ;;
		scenario) scenario="$value" ;;
		at_s) at_s="$value" ;;
		overlay_pct) disk="$value" ;;
		mem_avail_mb) memory="$value" ;;
		load1) busy="$value" ;;
		ubus_ok) bus="$value" ;;
		actions) action="$value" ;;
		note) note="$value" ;;
		esac
	done <"$1"
	case "$at_s" in
	"" | *[!0-9]*) at_s="$now" ;;
	esac
	printf '%s\n' "$note" >"$MINE/text"
	note="$(masked_json "$MINE/text")"
	[ "$INCLUDE_DIAGNOSTICS" = 0 ] || diagnostics="$(gather_diagnostics)"
	printf '{"device_id":"%s","fw":"%s","severity":"%s","scenario":"%s"' "$(device)" "$(firmware)" "$severity" "$scenario"
	printf ',"overlay_pct":%s,"mem_avail_mb":%s,"load1":%s' "$(number "$disk")" "$(number "$memory")" "$(number "$busy")"
	printf ',"ubus_ok":%s,"actions":[%s],"note":"%s"' "${bus:-null}" "${action:+\"$action\"}" "$note"
	printf ',"age_s":%s,"ts":%s' "$((now - at_s))" "$2"
	[ -z "$diagnostics" ] || printf ',"diagnostics":"%s"' "$diagnostics"
	printf '}'
	rm -f "$MINE/text"
}

# The last lines of our log and how the router is, at most 8000 bytes.
gather_diagnostics() {
	{
		find_program logread
		limited 5 "$program" 2>/dev/null | grep -E 'autonomyd|starwatch' | tail -n 40
		find_program df
		limited 5 "$program" 2>/dev/null
		head -n 5 "$SYS/meminfo" 2>/dev/null
		find_program uptime
		limited 5 "$program" 2>/dev/null
	} | tail -c 8000 >"$MINE/diagnostics"
	masked_json "$MINE/diagnostics"
	rm -f "$MINE/diagnostics"
}

# What the header X-Starwatch-Signature holds, for a time and the file of a body.
signature() {
	{ printf '%s.' "$1"; cat "$2"; } | hmac_sha256 "$WATCH_SECRET"
}

# post URL FILE [HEADER...]: with curl the URL stands in a file, as it may hold a token; uclient-fetch has no such way.
post() {
	local url="$1" file="$2" header code
	shift 2
	if find_program curl; then
		{
			printf 'url = "%s"\ndata-binary = "@%s"\n' "$url" "$file"
			for header in "$@"; do
				printf 'header = "%s"\n' "$header"
			done
		} >"$MINE/curl" || return 1
		limited 30 "$program" -q -sS -f -m 20 --proto =https -o /dev/null -K "$MINE/curl" >"$MINE/said" 2>&1
		code=$?
		rm -f "$MINE/curl"
		return "$code"
	fi
	find_program uclient-fetch || {
		printf 'neither curl nor uclient-fetch is installed\n' >"$MINE/said"
		return 1
	}
	local header1="${1:-X-From: starwatch}" header2="${2:-X-From: starwatch}" header3="${3:-X-From: starwatch}"
	limited 30 "$program" -q -T 20 -O /dev/null "--post-file=$file" "--header=$header1" "--header=$header2" \
		"--header=$header3" "$url" >"$MINE/said" 2>&1
}

# deliver ENTRY: to everyone named who does not have it yet.
deliver() {
	local unix code=0
	unix="$(date +%s)"
	if [ -n "$WEBHOOK_URL" ] && ! grep -q '^done=webhook$' "$1"; then
		build_body "$1" "$unix" >"$MINE/body" || return 1
		if post "$WEBHOOK_URL" "$MINE/body" "Content-Type: application/json" "X-Starwatch-Timestamp: $unix" \
			"X-Starwatch-Signature: sha256=$(signature "$unix" "$MINE/body")"; then
			printf 'done=webhook\n' >>"$1"
		else
			code=1
		fi
	fi
	deliver_short "$1" || code=1
	rm -f "$MINE/body"
	return "$code"
}

# Pushover and Telegram get the sentence alone.
deliver_short() {
	local text code=0
	[ -n "$PUSHOVER_TOKEN$TELEGRAM_TOKEN" ] || return 0
	sed -n 's/^note=//p' "$1" >"$MINE/text"
	text="$(mask "$MINE/text")" || return 1
	# All but letters and digits by their number.
	text="$(printf '%s' "$text" | to_hex | sed 's/../%&/g')"
	if [ -n "$PUSHOVER_TOKEN" ] && [ -n "$PUSHOVER_USER" ] && ! grep -q '^done=pushover$' "$1"; then
		printf 'token=%s&user=%s&message=%s' "$PUSHOVER_TOKEN" "$PUSHOVER_USER" "$text" >"$MINE/body"
		if post https://api.pushover.net/1/messages.json "$MINE/body"; then printf 'done=pushover\n' >>"$1"; else code=1; fi
	fi
	if [ -n "$TELEGRAM_TOKEN" ] && [ -n "$TELEGRAM_CHAT_ID" ] && ! grep -q '^done=telegram$' "$1"; then
		printf 'chat_id=%s&text=%s' "$TELEGRAM_CHAT_ID" "$text" >"$MINE/body"
		if post "https://api.telegram.org/bot$TELEGRAM_TOKEN/sendMessage" "$MINE/body"; then printf 'done=telegram\n' >>"$1"; else code=1; fi
	fi
	return "$code"
}

# Every minute at most one, oldest first; after failures later and later, up to an hour.
send_reports() {
	local entry at
	[ "$REPORTING_ENABLED" = 1 ] && [ "$now" -ge "$next_send" ] || return 0
	entry="$(oldest)" || return 0
	at="$(sed -n 's/^at_s=\([0-9]\{1,9\}\)$/\1/p' "$entry")"
	if [ -z "$at" ] || [ $((now - at)) -gt "$MAX_AGE" ] || [ -z "$WEBHOOK_URL$PUSHOVER_TOKEN$TELEGRAM_TOKEN" ]; then
		rm -f "$entry"
		return
	fi
	# Before NTP came no receiver would believe the time.
	[ "$(date +%s)" -ge 1735689600 ] || return 0
	if deliver "$entry"; then
		rm -f "$entry"
		failures=0
	else
		failures=$((failures + 1))
		[ "$failures" -le 6 ] || failures=6
		next_send=$((now + (60 << failures > 3600 ? 3600 : 60 << failures)))
		[ "$failures" -gt 1 ] || say warn "a report was not sent: $(head -n 1 "$MINE/said" 2>/dev/null | head -c 200); tried again for a day"
	fi
	rm -f "$MINE/said"
}

# For the owner: exactly what would leave the router now.
dry_run() {
	local entry unix reporting="$REPORTING_ENABLED"
	mkdir -p "$MINE" || exit 1
	MINE="$MINE/dry.$$"
	mkdir "$MINE" || exit 1
	trap 'rm -rf "$MINE"' EXIT
	entry="$(oldest)" || {
		entry="$MINE/entry"
		watch_system >/dev/null
		REPORTING_ENABLED=1
		QUEUE="$MINE"
		queue_report info test "this is how a report looks" ""
		entry="$(oldest)"
	}
	unix="$(date +%s)"
	build_body "$entry" "$unix" >"$MINE/body"
	printf 'POST %s\nContent-Type: application/json\nX-Starwatch-Timestamp: %s\n' "${WEBHOOK_URL:-(WEBHOOK_URL is not set)}" "$unix"
	if [ -n "$WATCH_SECRET" ]; then
		printf 'X-Starwatch-Signature: sha256=%s\n\n' "$(signature "$unix" "$MINE/body")"
	else
		printf 'X-Starwatch-Signature: (WATCH_SECRET is not set)\n\n'
	fi
	cat "$MINE/body"
	printf '\n'
	[ "$reporting" = 1 ] || printf 'starwatch: REPORTING_ENABLED is 0: nothing is sent\n' >&2
}

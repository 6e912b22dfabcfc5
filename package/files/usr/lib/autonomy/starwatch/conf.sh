# shellcheck shell=sh disable=SC1091,SC2030,SC2031,SC2034,SC2154
# /etc/autonomy/watch.conf: lines of NAME=VALUE, read as data; nothing in it is ever run. What is wrong is told with the
# default that is used instead.

CONF="$ROOT/etc/autonomy/watch.conf"

defaults() {
	WEBHOOK_URL=""
	WATCH_SECRET=""
	DEVICE_ID=""
	REPORTING_ENABLED=0
	ANONYMIZE_DEVICE_ID=1
	PRIVACY_LEVEL=standard
	INCLUDE_DIAGNOSTICS=0
	AUTO_UPDATE_ENABLED=0
	UPDATE_CHANNEL=stable
	UPDATE_CHECK_INTERVAL=86400
	HEARTBEAT_STALE_SEC=60
	CRASH_LOOP_THRESHOLD=3
	CRASH_LOOP_WINDOW_SEC=600
	COOLDOWN_MINUTES=30
	DAEMON_MAX_RSS_MB=160
	LOOP_LAG_MS=2000
	DISK_WARN_PERCENT=95
	DISK_CRIT_PERCENT=98
	MIN_MEM_MB=32
	LOAD_CRIT_PER_CORE=3.0
	SLOW_UBUS_MS=1500
	NOTIFY_COOLDOWN_MIN=15
	REBOOT_ON_HARD_HANG=0
	HANG_MINUTES_BEFORE_REBOOT=20
	PUSHOVER_TOKEN=""
	PUSHOVER_USER=""
	TELEGRAM_TOKEN=""
	TELEGRAM_CHAT_ID=""
}

# The numbers that must be; each leaves $wrong when $value is none of it.
whole() {
	wrong="not a whole number from $1 to $2"
	case "$value" in
	"" | *[!0-9]* | ????????* | 0?*) return 1 ;;
	esac
	[ "$value" -ge "$1" ] && [ "$value" -le "$2" ]
}

flag() {
	wrong="not 0 or 1"
	[ "$value" = 0 ] || [ "$value" = 1 ]
}

one_of() {
	wrong="not one of: $1"
	case "$value" in
	"" | *[!a-z]*) return 1 ;;
	esac
	case " $1 " in
	*" $value "*) return 0 ;;
	esac
	return 1
}

# Up to two decimals, above 0.
decimal() {
	wrong="not a number above 0, like 3.0"
	case "$value" in
	*[!0-9.]* | *.*.* | .* | *. | *.???* | "" | ???????* | 0?[0-9]* | 00*) return 1 ;;
	*[1-9]*) return 0 ;;
	esac
	return 1
}

text() {
	wrong="longer than $1 bytes, or with control characters"
	case "$value" in
	*[[:cntrl:]]*) return 1 ;;
	esac
	[ "${#value}" -le "$1" ]
}

# Goes into a configuration of curl, and into a URL of ours.
word() {
	wrong="not made of letters, digits and _:.@-"
	case "$value" in
	*[!A-Za-z0-9_:.@-]*) return 1 ;;
	esac
	[ "${#value}" -le 200 ]
}

url() {
	wrong="not a URL that begins with https://"
	case "$value" in
	"") return 0 ;;
	*[!A-Za-z0-9_:.@/?\&=%+~,-]*) return 1 ;;
	https://?*) [ "${#value}" -le 500 ] && return ;;
	esac
	return 1
}

set_option() {
	case "$name" in
	WEBHOOK_URL) url && WEBHOOK_URL="$value" ;;
	WATCH_SECRET) text 500 && WATCH_SECRET="$value" ;;
	DEVICE_ID) text 100 && DEVICE_ID="$value" ;;
	REPORTING_ENABLED) flag && REPORTING_ENABLED="$value" ;;
	ANONYMIZE_DEVICE_ID) flag && ANONYMIZE_DEVICE_ID="$value" ;;
	PRIVACY_LEVEL) one_of "standard strict" && PRIVACY_LEVEL="$value" ;;
	INCLUDE_DIAGNOSTICS) flag && INCLUDE_DIAGNOSTICS="$value" ;;
	AUTO_UPDATE_ENABLED) flag && AUTO_UPDATE_ENABLED="$value" ;;
	UPDATE_CHANNEL) one_of "stable beta" && UPDATE_CHANNEL="$value" ;;
	UPDATE_CHECK_INTERVAL) whole 3600 2592000 && UPDATE_CHECK_INTERVAL="$value" ;;
	HEARTBEAT_STALE_SEC) whole 20 3600 && HEARTBEAT_STALE_SEC="$value" ;;
	CRASH_LOOP_THRESHOLD) whole 2 9 && CRASH_LOOP_THRESHOLD="$value" ;;
	CRASH_LOOP_WINDOW_SEC) whole 60 86400 && CRASH_LOOP_WINDOW_SEC="$value" ;;
	COOLDOWN_MINUTES) whole 1 1440 && COOLDOWN_MINUTES="$value" ;;
	DAEMON_MAX_RSS_MB) whole 32 4096 && DAEMON_MAX_RSS_MB="$value" ;;
	LOOP_LAG_MS) whole 100 60000 && LOOP_LAG_MS="$value" ;;
	DISK_WARN_PERCENT) whole 50 100 && DISK_WARN_PERCENT="$value" ;;
	DISK_CRIT_PERCENT) whole 50 100 && DISK_CRIT_PERCENT="$value" ;;
	MIN_MEM_MB) whole 4 65536 && MIN_MEM_MB="$value" ;;
	LOAD_CRIT_PER_CORE) decimal && LOAD_CRIT_PER_CORE="$value" ;;
	SLOW_UBUS_MS) whole 50 3000 && SLOW_UBUS_MS="$value" ;;
	NOTIFY_COOLDOWN_MIN) whole 1 1440 && NOTIFY_COOLDOWN_MIN="$value" ;;
	REBOOT_ON_HARD_HANG) flag && REBOOT_ON_HARD_HANG="$value" ;;
	HANG_MINUTES_BEFORE_REBOOT) whole 5 1440 && HANG_MINUTES_BEFORE_REBOOT="$value" ;;
	PUSHOVER_TOKEN) word && PUSHOVER_TOKEN="$value" ;;
	PUSHOVER_USER) word && PUSHOVER_USER="$value" ;;
	TELEGRAM_TOKEN) word && TELEGRAM_TOKEN="$value" ;;
	TELEGRAM_CHAT_ID) word && TELEGRAM_CHAT_ID="$value" ;;
	*)
		wrong="no option of starwatch"
		return 1
		;;
	esac
}

is_secret() {
	case "$1" in
	WATCH_SECRET | WEBHOOK_URL | PUSHOVER_* | TELEGRAM_*) return 0 ;;
	esac
	return 1
}

# One line into $name and $value; false: nothing in it.
split_line() {
	local blank
	blank="$(printf '\t\r')"
	line="${line%"${blank#?}"}"
	while :; do
		case "$line" in
		[" ${blank%?}"]*) line="${line#?}" ;;
		*[" ${blank%?}"]) line="${line%?}" ;;
		*) break ;;
		esac
	done
	case "$line" in
	"" | "#"*) return 1 ;;
	esac
	name="${line%%=*}"
	value=""
	[ "$name" = "$line" ] || value="${line#*=}"
	case "$value" in
	\"*\") value="${value#\"}" value="${value%\"}" ;;
	\'*\') value="${value#\'}" value="${value%\'}" ;;
	\"* | \'*) ;;
	*" #"*)
		value="${value%%" #"*}"
		while :; do
			case "$value" in
			*[" ${blank%?}"]) value="${value%?}" ;;
			*) break ;;
			esac
		done
		;;
	esac
}

read_conf() {
	local line name value wrong number=0
	defaults
	[ -f "$CONF" ] || return 0
	while IFS= read -r line || [ -n "$line" ]; do
		number=$((number + 1))
		[ "$number" -le 300 ] || break
		split_line || continue
		wrong=""
		set_option && continue
		if is_secret "$name"; then value="(not shown)"; fi
		complain "/etc/autonomy/watch.conf, line $number: $(printf '%.40s' "$name") '$(printf '%.60s' "$value")' is $wrong; the default is used"
	done <"$CONF"
	if [ "$DISK_CRIT_PERCENT" -lt "$DISK_WARN_PERCENT" ]; then
		complain "/etc/autonomy/watch.conf: DISK_CRIT_PERCENT is below DISK_WARN_PERCENT; both are $DISK_CRIT_PERCENT now"
		DISK_WARN_PERCENT="$DISK_CRIT_PERCENT"
	fi
	if [ "$REPORTING_ENABLED" = 1 ] && [ -n "$WEBHOOK_URL" ] && [ "${#WATCH_SECRET}" -lt 16 ]; then
		complain "/etc/autonomy/watch.conf: WATCH_SECRET is shorter than 16 characters; nothing is sent to WEBHOOK_URL"
		WEBHOOK_URL=""
	fi
}

complain() {
	if [ "$command" = run ]; then say warn "$1"; else printf 'starwatch: %s\n' "$1" | tr '\000-\011\013-\037\177' '?' >&2; fi
}

show_conf() {
	cat <<END
REPORTING_ENABLED=$REPORTING_ENABLED
ANONYMIZE_DEVICE_ID=$ANONYMIZE_DEVICE_ID
PRIVACY_LEVEL=$PRIVACY_LEVEL
INCLUDE_DIAGNOSTICS=$INCLUDE_DIAGNOSTICS
AUTO_UPDATE_ENABLED=$AUTO_UPDATE_ENABLED
UPDATE_CHANNEL=$UPDATE_CHANNEL
UPDATE_CHECK_INTERVAL=$UPDATE_CHECK_INTERVAL
HEARTBEAT_STALE_SEC=$HEARTBEAT_STALE_SEC
CRASH_LOOP_THRESHOLD=$CRASH_LOOP_THRESHOLD
CRASH_LOOP_WINDOW_SEC=$CRASH_LOOP_WINDOW_SEC
COOLDOWN_MINUTES=$COOLDOWN_MINUTES
DAEMON_MAX_RSS_MB=$DAEMON_MAX_RSS_MB
LOOP_LAG_MS=$LOOP_LAG_MS
DISK_WARN_PERCENT=$DISK_WARN_PERCENT
DISK_CRIT_PERCENT=$DISK_CRIT_PERCENT
MIN_MEM_MB=$MIN_MEM_MB
LOAD_CRIT_PER_CORE=$LOAD_CRIT_PER_CORE
SLOW_UBUS_MS=$SLOW_UBUS_MS
NOTIFY_COOLDOWN_MIN=$NOTIFY_COOLDOWN_MIN
REBOOT_ON_HARD_HANG=$REBOOT_ON_HARD_HANG
HANG_MINUTES_BEFORE_REBOOT=$HANG_MINUTES_BEFORE_REBOOT
DEVICE_ID=$DEVICE_ID
WEBHOOK_URL=${WEBHOOK_URL:+(set)}
WATCH_SECRET=${WATCH_SECRET:+(set)}
PUSHOVER_TOKEN=${PUSHOVER_TOKEN:+(set)}
PUSHOVER_USER=${PUSHOVER_USER:+(set)}
TELEGRAM_TOKEN=${TELEGRAM_TOKEN:+(set)}
TELEGRAM_CHAT_ID=${TELEGRAM_CHAT_ID:+(set)}
END
}

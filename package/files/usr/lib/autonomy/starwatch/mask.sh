# shellcheck shell=sh disable=SC1091,SC2030,SC2031,SC2034,SC2154
# What may leave the router: through the filters of rpcd/lib (secrets, positions, MACs), then mask.awk. What cannot be
# masked is not sent.

# Where rpcd/lib is installed; in the sources it has its own folder.
rpcd_lib() {
	local dir
	for dir in "${0%/*}/../share/autonomy/rpcd" "$ROOT/usr/share/autonomy/rpcd" "$ROOT/usr/local/usr/share/autonomy/rpcd"; do
		[ -f "$dir/hide.awk" ] && printf '%s' "$dir" && return
	done
	return 1
}

host_name() {
	local name=""
	read -r name 2>/dev/null </proc/sys/kernel/hostname
	printf '%s' "${name:-router}"
}

# mask FILE: to stdout. In a process of its own: the parts of rpcd bring names of their own.
mask() (
	LIB_MASK="$LIB"
	LIB="$(rpcd_lib)" || return 1
	tmp="$MINE/mask.$$"
	mkdir -p "$tmp" || return 1
	trap 'rm -rf "$tmp"' EXIT
	. "$LIB/contract.sh"
	. "$LIB/mask.sh"
	learn_secrets || return 1
	# Our own secrets, wherever they turn up.
	for value in "$WATCH_SECRET" "$WEBHOOK_URL" "$PUSHOVER_TOKEN" "$PUSHOVER_USER" "$TELEGRAM_TOKEN" "$TELEGRAM_CHAT_ID"; do
		[ -z "$value" ] || printf '%s\n' "$value"
	done >>"$tmp/secrets" || return 1
	strict=""
	[ "$PRIVACY_LEVEL" = standard ] || strict=1
	hide all "$1" >"$tmp/hidden" || return 1
	STRICT="$strict" HOST="$(host_name)" awk -f "$LIB_MASK/mask.awk" "$tmp/hidden"
)

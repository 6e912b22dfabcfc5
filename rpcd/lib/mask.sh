# shellcheck shell=sh
# What must not leave the router: see mask.awk (configuration) and hide.awk (any other text).

# mask_uci FILE: to stdout; the number of hidden values to $tmp/count.
mask_uci() {
	SECRET_OPTIONS="$SECRET_OPTIONS" SECRET_NAMES="$SECRET_NAMES" COUNT="$tmp/count" VALUES="" awk -f "$LIB/mask.awk" "$1"
}

# The secrets of the present configuration, so that they are found wherever else they turn up.
learn_secrets() {
	: >"$tmp/secrets"
	[ -f "$ROOT/etc/config/autonomy" ] || return 0
	SECRET_OPTIONS="$SECRET_OPTIONS" SECRET_NAMES="$SECRET_NAMES" COUNT="" VALUES=1 \
		awk -f "$LIB/mask.awk" "$ROOT/etc/config/autonomy" >"$tmp/secrets"
}

# hide secrets|all FILE: to stdout. Fails closed: what cannot be masked is not shown.
hide() {
	[ -f "$tmp/secrets" ] || return 1
	HIDE="$1" SECRETS="$tmp/secrets" awk -f "$LIB/hide.awk" "$2"
}

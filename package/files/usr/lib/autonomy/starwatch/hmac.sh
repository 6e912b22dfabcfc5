# shellcheck shell=sh disable=SC1091,SC2030,SC2031,SC2034,SC2154
# HMAC-SHA256 (RFC 2104) with what every router has: sha256sum, awk and the shell. The key goes through pipes and
# variables only, never through the arguments of a program, where others could read it.

# stdin as hex digits. Bytes, not characters: LC_ALL is C. A newline at the end is not part of it.
to_hex() {
	awk 'BEGIN { for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i }
		NR > 1 { printf "0a" }
		{ for (i = 1; i <= length($0); i++) printf "%02x", code[substr($0, i, 1)] }'
}

# stdin as SHA-256 in hex.
sha256() {
	local sum
	sum="$(sha256sum)" || return 1
	sum="${sum%% *}"
	[ "${#sum}" = 64 ] && printf '%s' "$sum"
}

# as_bytes HEX [MASK]: those bytes, each XOR MASK, to stdout.
as_bytes() {
	local rest="$1" out="" byte
	while [ -n "$rest" ]; do
		byte=$((0x${rest%"${rest#??}"} ^ ${2:-0}))
		out="$out\\$((byte >> 6))$((byte >> 3 & 7))$((byte & 7))"
		rest="${rest#??}"
	done
	# Nothing but octal escapes.
	# shellcheck disable=SC2059
	printf "$out"
}

# hmac_sha256 KEY < MESSAGE: 64 hex digits.
hmac_sha256() {
	local key inner
	key="$(printf '%s' "$1" | to_hex)"
	# Longer than a block of SHA-256: its hash is the key.
	[ "${#key}" -le 128 ] || key="$(printf '%s' "$1" | sha256)" || return 1
	while [ "${#key}" -lt 128 ]; do
		key="${key}00"
	done
	inner="$({ as_bytes "$key" 0x36; cat; } | sha256)" || return 1
	[ -n "$inner" ] || return 1
	{ as_bytes "$key" 0x5c; as_bytes "$inner"; } | sha256
}

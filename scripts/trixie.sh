# shellcheck shell=sh disable=SC2034
# Debian trixie's archive for whoever reads this file, beside whatever Debian this is: an apt with sources, lists and cache of
# its own in one folder, the system's stay as they are. The mirror is the one this machine's apt uses; what comes is checked
# by apt against the archive's signature.

# trixie FOLDER deb|deb-src: makes `apt` work; else false, with the reason in $why.
trixie() {
	trixie_work="$1"
	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	command -v apt-get >/dev/null 2>&1 || {
		why="this is no Debian that could fetch its packages"
		return 1
	}
	# The first mirror of a Debian release among apt's own sources (lines of *.list, fields of *.sources).
	mirror="$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
		sed -n -e 's/^URIs: *\([^ ]*\).*/\1/p' -e 's/^deb  *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\) .*/\2/p' |
		grep -E '/debian/?$' | head -n 1)"
	[ -n "$mirror" ] || {
		why="no Debian mirror among apt's sources"
		return 1
	}
	[ -r "$keys" ] || {
		why="$keys is missing: install debian-archive-keyring"
		return 1
	}
	mkdir -p "$trixie_work/lists/partial" "$trixie_work/archives/partial" &&
		printf '%s [signed-by=%s] %s trixie main\n' "$2" "$keys" "$mirror" >"$trixie_work/sources.list" || {
		why="cannot write to $trixie_work"
		return 1
	}
	apt update >"$trixie_work/log" 2>&1 || {
		why="apt-get update for trixie failed: $(tail -n 1 "$trixie_work/log")"
		return 1
	}
}

# Packages of another processor: trixie_arch=armhf before.
apt() {
	[ -z "${trixie_arch:-}" ] || set -- -o APT::Architecture="$trixie_arch" -o APT::Architectures="$trixie_arch" "$@"
	apt-get -q -o Dir::Etc::sourcelist="$trixie_work/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::State::lists="$trixie_work/lists" -o Dir::Cache="$trixie_work" -o Dir::State::status=/dev/null \
		-o Acquire::Languages=none -o Acquire::Retries=2 -o APT::Sandbox::User=root -o Acquire::http::Timeout=30 "$@"
}

# shellcheck shell=sh disable=SC1091,SC2030,SC2031,SC2034,SC2154
# What update.sh needs of opkg: OpenWrt up to 24.10 and RutOS.

# A configuration with nothing but our feed, in the channel that is wanted, signatures compulsory.
opkg_read_feed() {
	local kind name url found="" path
	find_program opkg
	opkg="$program"
	for path in "$ROOT"/etc/opkg/*.conf; do
		while read -r kind name url; do
			[ "$kind" = src/gz ] && [ "$name" = autonomy ] && found="$url"
		done 2>/dev/null <"$path"
	done
	[ -n "$found" ] || give_up "/etc/opkg/customfeeds.conf names no feed 'autonomy'"
	in_channel "$found"
	{
		grep -h -E '^(dest|arch)[[:space:]]' "$ROOT/etc/opkg.conf" "$ROOT"/etc/opkg/*.conf 2>/dev/null
		printf 'lists_dir ext %s/lists\noption check_signature\nsrc/gz autonomy %s\n' "$STAGED" "$feed"
	} >"$STAGED/opkg.conf"
	mkdir -p "$STAGED/lists"
	limited 120 "$opkg" -f "$STAGED/opkg.conf" update >"$STAGED/log" 2>&1 ||
		give_up "the list of $feed was not had, or its signature is not right: $(tail -n 1 "$STAGED/log")"
	# Kept packed by newer versions of opkg.
	gunzip -c "$STAGED/lists/autonomy" >"$STAGED/index" 2>/dev/null || cp "$STAGED/lists/autonomy" "$STAGED/index" ||
		give_up "opkg left no list of $feed"
	"$opkg" list-installed 2>/dev/null | awk '{ print $1, $3 }' >"$STAGED/installed"
	opkg_lines >"$STAGED/ours"
}

# A package that is there for several processors is there several times: what this one takes opkg knows by its arch lines.
opkg_lines() {
	local arches
	arches="$(awk '$1 == "arch" { printf "%s ", $2 }' "$STAGED/opkg.conf")"
	awk -v feed="$feed" -v arches=" ${arches:-all noarch $(opkg_own_arch) }" '
		/^Package:/ { name = $2 } /^Version:/ { version = $2 } /^Filename:/ { file = $2 } /^SHA256sum:/ { sum = $2 }
		/^Architecture:/ { arch = $2 }
		/^$/ { put() } END { put() }
		function put() {
			if ('"$OURS"' && file ~ /^[A-Za-z0-9._~+-]+$/ && length(sum) == 64 && sum !~ /[^0-9a-f]/ &&
				(arch == "" || index(arches, " " arch " "))) print name, version, feed "/" file, sum
			name = version = file = sum = arch = ""
		}' "$STAGED/index"
}

# RutOS has no arch lines.
opkg_own_arch() {
	sed -n "s/^DISTRIB_ARCH=['\"]\([a-z0-9_-]*\)['\"].*/\1/p" "$ROOT/etc/openwrt_release" 2>/dev/null
}

opkg_is_newer() {
	"$opkg" compare-versions "$1" '>>' "$2"
}

# opkg_is_it NAME VERSION FILE SUM
opkg_is_it() {
	[ "$(sha256 <"$3")" = "$4" ]
}

opkg_files() { # opkg_files "$new"
	local name version url
	printf '%s' "$1" | while read -r name version url; do printf ' %s' "$STAGED/${url##*/}"; done
}

# opkg_install new|old. Not quoted: one file a word; the names were checked.
opkg_install() {
	# shellcheck disable=SC2046
	if [ "$1" = new ]; then
		"$opkg" -f "$STAGED/opkg.conf" install $(opkg_files "$new")
	else
		"$opkg" -f "$STAGED/opkg.conf" install --force-downgrade $(opkg_files "$old")
	fi
}

opkg_by_hand() {
	printf 'opkg install --force-downgrade --force-reinstall%s' "$(opkg_files "$old")"
}

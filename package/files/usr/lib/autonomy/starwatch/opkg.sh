# shellcheck shell=sh disable=SC1091,SC2030,SC2031,SC2034,SC2154
# What update.sh needs of opkg: OpenWrt up to 24.10 and RutOS.

# A configuration with nothing but our feed, in the channel that is wanted, signatures compulsory. What is made for this
# processor is a feed of its own.
opkg_read_feed() {
	local kind name url names="" path
	find_program opkg
	opkg="$program"
	grep -h -E '^(dest|arch)[[:space:]]' "$ROOT/etc/opkg.conf" "$ROOT"/etc/opkg/*.conf >"$STAGED/opkg.conf" 2>/dev/null
	printf 'lists_dir ext %s/lists\noption check_signature\n' "$STAGED" >>"$STAGED/opkg.conf"
	for path in "$ROOT"/etc/opkg/*.conf; do
		[ -f "$path" ] || continue
		while read -r kind name url; do
			case "$kind $name" in
			"src/gz autonomy" | "src/gz autonomy_runtime") ;;
			*) continue ;;
			esac
			in_channel "$url"
			printf 'src/gz %s %s\n' "$name" "$feed" >>"$STAGED/opkg.conf"
			printf '%s\n' "$feed" >"$STAGED/$name.url"
			names="$names $name"
		done <"$path"
	done
	[ -n "$names" ] || give_up "/etc/opkg/customfeeds.conf names no feed 'autonomy'"
	mkdir -p "$STAGED/lists"
	limited 120 "$opkg" -f "$STAGED/opkg.conf" update >"$STAGED/log" 2>&1 ||
		give_up "the list of $feed was not had, or its signature is not right: $(tail -n 1 "$STAGED/log")"
	: >"$STAGED/ours"
	for name in $names; do
		# Kept packed by newer versions of opkg.
		gunzip -c "$STAGED/lists/$name" >"$STAGED/index" 2>/dev/null || cp "$STAGED/lists/$name" "$STAGED/index" ||
			give_up "opkg left no list of $name"
		read -r feed <"$STAGED/$name.url"
		opkg_lines >>"$STAGED/ours"
	done
	"$opkg" list-installed 2>/dev/null | awk '{ print $1, $3 }' >"$STAGED/installed"
}

opkg_lines() {
	awk -v feed="$feed" '
		/^Package:/ { name = $2 } /^Version:/ { version = $2 } /^Filename:/ { file = $2 } /^SHA256sum:/ { sum = $2 }
		/^$/ { put() } END { put() }
		function put() {
			if ('"$OURS"' && file ~ /^[A-Za-z0-9._~+-]+$/ && length(sum) == 64 && sum !~ /[^0-9a-f]/)
				print name, version, feed "/" file, sum
			name = version = file = sum = ""
		}' "$STAGED/index"
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

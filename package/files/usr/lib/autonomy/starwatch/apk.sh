# shellcheck shell=sh disable=SC1091,SC2030,SC2031,SC2034,SC2154
# What update.sh needs of apk: OpenWrt 25.12 and later. Lists and packages lie in $STAGED as repositories of their own, so that
# what is installed, and taken back, is what was checked, without network.

APK_FEED=/etc/apk/repositories.d/autonomy.list

# Each line is the address of an index.
apk_read_feed() {
	local url place count=0
	find_program apk
	apk="$program"
	[ -f "$ROOT$APK_FEED" ] || give_up "there is no $APK_FEED, which names the feed"
	: >"$STAGED/ours"
	: >"$STAGED/repositories"
	while read -r url; do
		case "$url" in
		http*/packages.adb) ;;
		*) continue ;;
		esac
		in_channel "$url"
		count=$((count + 1))
		place="$count"
		mkdir -p "$STAGED/$place"
		get "$feed" "$place/packages.adb" || give_up "the list of $feed was not had: $(tail -n 1 "$STAGED/log")"
		"$apk" verify "$STAGED/$place/packages.adb" >"$STAGED/log" 2>&1 ||
			give_up "the signature of $feed is not right: $(tail -n 1 "$STAGED/log")"
		printf '%s\n' "$STAGED/$place/packages.adb" >"$STAGED/one"
		cat "$STAGED/one" >>"$STAGED/repositories"
		"$apk" --repositories-file "$STAGED/one" --no-network list -a </dev/null 2>/dev/null |
			apk_lines "${feed%/packages.adb}" "$place" >>"$STAGED/ours"
	done <"$ROOT$APK_FEED"
	[ "$count" -gt 0 ] || give_up "$APK_FEED names no feed"
	"$apk" list -I 2>/dev/null | apk_lines - - | awk '{ print $1, $2 }' >"$STAGED/installed"
}

# apk_lines FEED PLACE: from "NAME-VERSION ARCH {ORIGIN} ..."; PLACE is below $STAGED.
apk_lines() {
	awk -v feed="$1" -v place="$2" '
		match($1, /-[0-9][^-]*-r[0-9]+$/) {
			name = substr($1, 1, RSTART - 1)
			version = substr($1, RSTART + 1)
			if ('"$OURS"') print name, version, feed "/" $1 ".apk", place
		}'
}

apk_is_newer() {
	[ "$("$apk" version -t "$1" "$2" 2>/dev/null)" = '>' ]
}

# apk_is_it NAME VERSION FILE PLACE: signed by whom the router trusts, and says that it is this. Moved to where its list is.
apk_is_it() {
	"$apk" verify "$3" >"$STAGED/log" 2>&1 || return 1
	"$apk" adbdump "$3" 2>/dev/null | awk -v name="$1" -v version="$2" '
		$1 == "name:" && found == 0 { found = $2 == name ? 1 : 9 }
		$1 == "version:" && found == 1 { found = $2 == version ? 2 : 9 }
		END { exit found != 2 }' || return 1
	mv "$3" "$STAGED/$4/"
}

apk_words() { # apk_words "$new": " NAME=VERSION"...
	printf '%s' "$1" | awk '{ printf " %s=%s", $1, $2 }'
}

# apk_install new|old. What it is asked for apk would hold fast for ever: afterwards the owner's wishes are what they were.
apk_install() {
	local wanted code
	if [ "$1" = new ]; then wanted="$new"; else wanted="$old"; fi
	wanted="$(apk_words "$wanted")"
	cp "$ROOT/etc/apk/world" "$STAGED/world" || return 1
	# Not quoted: one package a word; the names were checked.
	# shellcheck disable=SC2086
	"$apk" --repositories-file "$STAGED/repositories" --no-network add $wanted
	code=$?
	cp "$STAGED/world" "$ROOT/etc/apk/world.autonomy" && mv "$ROOT/etc/apk/world.autonomy" "$ROOT/etc/apk/world"
	return "$code"
}

apk_by_hand() {
	printf 'apk --repositories-file %s --no-network add%s' "$STAGED/repositories" "$(apk_words "$old")"
}

# shellcheck shell=sh disable=SC1091,SC2030,SC2031,SC2034,SC2154
# Updates of autonomy's own packages from its signed feed, if the owner wants them. Everything is fetched and checked before
# anything changes, the present version as well: without a way back there is no update. A copy of this program in /tmp does
# it, since the update replaces the original, watches the new version for ten minutes and takes it back if it is not well.

STAGED="$MINE/staged"
PROBATION=600
next_look=""

# Every minute by the service; the first look ten minutes after its start, when the router has settled.
update_if_due() {
	[ "$AUTO_UPDATE_ENABLED" = 1 ] || return 0
	[ -n "$next_look" ] || next_look=$((now + 600))
	[ "$now" -ge "$next_look" ] || return 0
	# Unfit now is no reason to wait a day.
	next_look=$((now + 900))
	is_calm || return 0
	next_look=$((now + UPDATE_CHECK_INTERVAL))
	prepare_update 2>/dev/null || return 0
	"$STAGED/usr/sbin/starwatch" update-staged quiet </dev/null >/dev/null 2>&1 &
}

# `starwatch update`: the owner asks, and sees what happens.
update_now() {
	is_calm || {
		printf 'starwatch: no update now: %s\n' "$why_not" >&2
		exit 1
	}
	prepare_update || exit 1
	exec "$STAGED/usr/sbin/starwatch" update-staged loud
}

# On the preferred uplink, which costs nothing by the byte. Not known counts as no. Leaves $why_not.
is_calm() {
	local state current metered
	why_not="autonomyd does not tell which uplink carries the traffic"
	find_program jsonfilter || return 1
	jsonfilter="$program"
	find_program autonomyctl || return 1
	status="$(limited 5 "$program" -j status 2>/dev/null)" || return 1
	members="$(limited 5 "$program" -j members 2>/dev/null)" || return 1
	state="$("$jsonfilter" -s "$status" -e '@.state' 2>/dev/null)"
	current="$("$jsonfilter" -s "$status" -e '@.current' 2>/dev/null)"
	case "$current" in
	"" | *[!A-Za-z0-9_.-]*) return 1 ;;
	esac
	metered="$("$jsonfilter" -s "$members" -e "@.members[@.name='$current'].metered" 2>/dev/null)"
	why_not="the traffic is not on the preferred uplink, or that one is not good (state ${state:-unknown})"
	[ "$state" = primary ] || return 1
	why_not="uplink $current costs by the byte, or that is not known"
	[ "$metered" = false ]
}

# The copy that does it. One at a time.
prepare_update() {
	local owner
	mkdir -p "$MINE"
	owner="$(readlink "$STAGED/owner")"
	if [ -n "$owner" ] && [ "$(start_time "${owner%%.*}")" = "${owner#*.}" ]; then
		printf 'starwatch: an update is under way, process %s\n' "${owner%%.*}" >&2
		return 1
	fi
	rm -rf "$STAGED"
	mkdir "$STAGED" && mkdir -p "$STAGED/usr/sbin" "$STAGED/usr/lib/autonomy" &&
		cp "$0" "$STAGED/usr/sbin/starwatch" && cp -r "$LIB" "$STAGED/usr/lib/autonomy/starwatch" && return
	printf 'starwatch: no room in /tmp for an update\n' >&2
	rm -rf "$STAGED"
	return 1
}

# tell LEVEL TEXT: to the log, and to the owner who waits for it.
tell() {
	say "$1" "$2"
	[ "$mode" = quiet ] || printf '%s\n' "$2"
}

give_up() {
	tell warn "no update: $1"
	rm -rf "$STAGED"
	exit 1
}

run_staged_update() {
	mode="${1:-loud}"
	case "$0" in
	"$STAGED"/*) ;;
	*)
		printf 'starwatch: update-staged is for its own use; starwatch update does it\n' >&2
		exit 2
		;;
	esac
	ln -s "$$.$(start_time "$$")" "$STAGED/owner" 2>/dev/null || exit 1
	trap '' HUP
	find_program opkg || give_up "there is no opkg here; on a router with apk: apk upgrade autonomy"
	opkg="$program"
	read_feed
	stage_packages
	[ -n "$newer" ] || {
		tell info "autonomy is up to date"
		rm -rf "$STAGED"
		exit 0
	}
	is_calm || give_up "$why_not"
	tell info "updates$newer"
	was_well
	# Not quoted: one file a word; the names were checked.
	# shellcheck disable=SC2086
	if "$opkg" -f "$STAGED/opkg.conf" install $new_files >"$STAGED/log" 2>&1 && stays_well; then
		tell info "updated$newer; well for $((PROBATION / 60)) min"
		queue_report info auto_update "updated$newer" update
		rm -rf "$STAGED"
		exit 0
	fi
	tell err "the update is taken back: ${unwell:-opkg failed: $(tail -n 1 "$STAGED/log")}"
	# shellcheck disable=SC2086
	"$opkg" -f "$STAGED/opkg.conf" install --force-downgrade $old_files >"$STAGED/log" 2>&1 ||
		tell err "and that failed: $(tail -n 1 "$STAGED/log"). By hand: opkg install --force-downgrade --force-reinstall $old_files"
	queue_report critical auto_update "the update$newer was taken back: ${unwell:-opkg failed}" rollback
	# Left as it is: the packages are there for the owner, and the next update clears it.
	rm -f "$STAGED/owner"
	exit 1
}

# A configuration of opkg with nothing but our feed, in the channel that is wanted, signatures compulsory.
read_feed() {
	local kind name url found=""
	for path in "$ROOT"/etc/opkg/*.conf; do
		while read -r kind name url; do
			[ "$kind" = src/gz ] && [ "$name" = autonomy ] && found="$url"
		done 2>/dev/null <"$path"
	done
	[ -n "$found" ] || give_up "/etc/opkg/customfeeds.conf names no feed 'autonomy'"
	case "/$found/" in
	*/stable/* | */beta/*) found="$(printf '%s' "$found" | sed "s#/\\(stable\\|beta\\)\\(/\\|\$\\)#/$UPDATE_CHANNEL\\2#")" ;;
	*) [ "$UPDATE_CHANNEL" = stable ] || give_up "feed $found has no channel $UPDATE_CHANNEL" ;;
	esac
	feed="$found"
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
}

# Name, version, file and hash of each of our packages in the list, one a line.
index_lines() {
	awk '/^Package:/ { name = $2 } /^Version:/ { version = $2 } /^Filename:/ { file = $2 } /^SHA256sum:/ { sum = $2 }
		/^$/ { put() } END { put() }
		function put() {
			if (name ~ /^(autonomy|luci-app-autonomy|luci-i18n-autonomy)[a-z0-9-]*$/ && version ~ /^[A-Za-z0-9.~_+-]+$/ &&
				file ~ /^[A-Za-z0-9._~+-]+$/ && length(sum) == 64 && sum !~ /[^0-9a-f]/) print name, version, file, sum
			name = version = file = sum = ""
		}' "$STAGED/index"
}

# Leaves $newer (" NAME VERSION"...), $new_files and $old_files.
stage_packages() {
	local name old version file sum best best_file best_sum back_file back_sum
	newer=""
	new_files=""
	old_files=""
	index_lines >"$STAGED/ours"
	"$opkg" list-installed 2>/dev/null | awk '{ print $1, $3 }' >"$STAGED/installed"
	while read -r name old; do
		grep -q "^$name " "$STAGED/ours" || continue
		best="$old"
		back_file=""
		while read -r other version file sum; do
			[ "$other" = "$name" ] || continue
			if [ "$version" = "$old" ]; then
				back_file="$file"
				back_sum="$sum"
			elif "$opkg" compare-versions "$version" '>>' "$best"; then
				best="$version"
				best_file="$file"
				best_sum="$sum"
			fi
		done <"$STAGED/ours"
		[ "$best" != "$old" ] || continue
		[ -n "$back_file" ] || give_up "the feed does not hold $name $old any more: there would be no way back"
		fetch "$best_file" "$best_sum"
		fetch "$back_file" "$back_sum"
		newer="$newer $name $best"
		new_files="$new_files $STAGED/$best_file"
		old_files="$old_files $STAGED/$back_file"
	done <"$STAGED/installed"
}

# fetch FILE SHA256: into $STAGED, as the signed list says it is.
fetch() {
	if find_program curl; then
		limited 300 "$program" -q -sS -f -m 290 -o "$STAGED/$1" "$feed/$1" >"$STAGED/log" 2>&1
	else
		find_program uclient-fetch || give_up "neither curl nor uclient-fetch is installed"
		limited 300 "$program" -q -T 30 -O "$STAGED/$1" "$feed/$1" >"$STAGED/log" 2>&1
	fi || give_up "$1 was not had: $(tail -n 1 "$STAGED/log")"
	[ "$(sha256 <"$STAGED/$1")" = "$2" ] || give_up "$1 is not what the signed list says"
}

# What is wrong already cannot be the update's fault.
was_well() {
	looked_well && return
	give_up "autonomyd is not well now"
}

# A daemon with a young heartbeat, not held down.
looked_well() {
	clock
	read_heartbeat
	read_starts
	find_daemon
	read_hold
	[ -n "$pid" ] && [ "$beat_pid" = "$pid" ] && [ $((now - ${beat_at:-0})) -le 30 ] && [ -z "$held" ]
}

# Ten minutes: never away for more than a minute, no two crashes, and it answers. Leaves $unwell.
stays_well() {
	local until well
	unwell=""
	clock
	until=$((now + PROBATION))
	well="$now"
	while [ "$now" -lt "$until" ]; do
		nap 5
		if looked_well; then well="$now"; fi
		[ -z "$held" ] || unwell="autonomyd crashes again and again"
		[ "$crashes" -lt 2 ] || unwell="autonomyd has crashed $crashes times"
		[ $((now - well)) -le 60 ] || unwell="autonomyd is away or does not answer for a minute"
		[ -z "$unwell" ] || return 1
	done
	# Away just now, at the end.
	unwell="autonomyd does not run, or gives no sign of life"
	[ "$well" = "$now" ] || return 1
	find_program autonomyctl
	limited 10 "$program" -j status >/dev/null 2>&1 && {
		unwell=""
		return
	}
	unwell="autonomyd does not answer over ubus"
	return 1
}

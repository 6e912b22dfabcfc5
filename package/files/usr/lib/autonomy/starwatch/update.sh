# shellcheck shell=sh disable=SC1091,SC2030,SC2031,SC2034,SC2154
# Updates of autonomy's own packages from its signed feed by opkg or apk, if the owner wants them. Everything is fetched and checked before
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
	choose_manager
	"${manager}_read_feed"
	stage_packages
	[ -n "$newer" ] || {
		tell info "autonomy is up to date"
		rm -rf "$STAGED"
		exit 0
	}
	is_calm || give_up "$why_not"
	tell info "updates$newer"
	was_well
	if "${manager}_install" new >"$STAGED/log" 2>&1 && stays_well; then
		tell info "updated$newer; well for $((PROBATION / 60)) min"
		queue_report info auto_update "updated$newer" update
		rm -rf "$STAGED"
		exit 0
	fi
	tell err "the update is taken back: ${unwell:-$manager failed: $(tail -n 1 "$STAGED/log")}"
	"${manager}_install" old >"$STAGED/log" 2>&1 ||
		tell err "and that failed: $(tail -n 1 "$STAGED/log"). By hand: $("${manager}_by_hand")"
	queue_report critical auto_update "the update$newer was taken back: ${unwell:-$manager failed}" rollback
	# Left as it is: the packages are there for the owner, and the next update clears it.
	rm -f "$STAGED/owner"
	exit 1
}

# The package manager of this release.
choose_manager() {
	manager=apk
	find_program apk && [ -d "$ROOT/etc/apk" ] && return
	manager=opkg
	find_program opkg || give_up "there is neither opkg nor apk here"
}

# in_channel URL: leaves $feed, the folder of the channel that is wanted.
in_channel() {
	feed="$1"
	case "/$feed/" in
	*/stable/* | */beta/*) feed="$(printf '%s' "$feed" | sed "s#/\\(stable\\|beta\\)\\(/\\|\$\\)#/$UPDATE_CHANNEL\\2#")" ;;
	*) [ "$UPDATE_CHANNEL" = stable ] || give_up "feed $feed has no channel $UPDATE_CHANNEL" ;;
	esac
}

# From what the manager has left: in $STAGED/ours name, version, address and sum of each of our packages in the signed lists,
# in $STAGED/installed name and version of what is here, one a line. Leaves $newer (" NAME VERSION"...), and in $new and $old
# "NAME VERSION FILE" of each, one a line.
stage_packages() {
	local name now_here other version url sum best best_line back_line
	newer=""
	new=""
	old=""
	while read -r name now_here; do
		grep -q "^$name " "$STAGED/ours" || continue
		best="$now_here"
		back_line=""
		while read -r other version url sum; do
			[ "$other" = "$name" ] || continue
			if [ "$version" = "$now_here" ]; then
				back_line="$url $sum"
			elif "${manager}_is_newer" "$version" "$best"; then
				best="$version"
				best_line="$url $sum"
			fi
		done <"$STAGED/ours"
		[ "$best" != "$now_here" ] || continue
		[ -n "$back_line" ] || give_up "the feed does not hold $name $now_here any more: there would be no way back"
		# Not quoted: two words each.
		# shellcheck disable=SC2086
		fetch "$name" "$best" $best_line
		# shellcheck disable=SC2086
		fetch "$name" "$now_here" $back_line
		newer="$newer $name $best"
		new="$new$name $best ${best_line%% *}
"
		old="$old$name $now_here ${back_line%% *}
"
	done <"$STAGED/installed"
}

# Only names, versions and files that need no quoting.
OURS='name ~ /^(autonomy|luci-app-autonomy|luci-i18n-autonomy|vuci-app-autonomy)[a-z0-9-]*$/ && version ~ /^[A-Za-z0-9.~_+-]+$/'

# fetch NAME VERSION URL SUM: into $STAGED, as the signed list says it is.
fetch() {
	get "$3" "${3##*/}" || give_up "${3##*/} was not had: $(tail -n 1 "$STAGED/log")"
	"${manager}_is_it" "$1" "$2" "$STAGED/${3##*/}" "$4" || give_up "${3##*/} is not what the signed list says"
}

# get URL NAME: into $STAGED.
get() {
	if find_program curl; then
		limited 300 "$program" -q -sS -f -m 290 -o "$STAGED/$2" "$1" >"$STAGED/log" 2>&1
	else
		find_program uclient-fetch || give_up "neither curl nor uclient-fetch is installed"
		limited 300 "$program" -q -T 30 -O "$STAGED/$2" "$1" >"$STAGED/log" 2>&1
	fi
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

# shellcheck shell=sh
# Versions of the configuration: /etc/autonomy/backups/NNNNNN, numbered upwards, readable by root alone. The first line
# is ours, a comment to UCI: `# autonomy 1 SECONDS KIND SHA256 NOTE`; below it stands the file as it was.

. "$LIB/mask.sh"

VERSIONS="$ROOT/etc/autonomy/backups"

sum_of() {
	local sum
	sum="$(sha256sum)"
	printf '%s' "${sum%% *}"
}

# read_head ID: leaves $at, $kind, $sum and $note; false when there is no such version.
read_head() {
	local mark form
	at=""
	{ read -r _ mark form at kind sum note <"$VERSIONS/$1"; } 2>/dev/null || return 1
	[ "$mark $form" = "autonomy 1" ] || return 1
	case "$at" in
	"" | *[!0-9]*) return 1 ;;
	esac
	case "$kind" in
	manual | before_restore) ;;
	*) return 1 ;;
	esac
	return 0
}

# Puts the text of version $1 (or the present file) into $2.
fetch() {
	if [ "$1" = current ]; then
		config_file || refuse not_found "there is no /etc/config/autonomy"
		cat "$CONFIG" >"$2"
		return
	fi
	read_head "$1" || refuse not_found "there is no version $1"
	tail -n +2 "$VERSIONS/$1" >"$2"
}

# Writes stdin to $1 and waits until it is on the flash.
write_through() {
	dd of="$1" conv=fsync 2>/dev/null || cat >"$1"
}

# keep FILE KIND NOTE: leaves the number of the new version in $kept, or of the newest one when that is the same and
# nobody gave a reason to have it twice.
keep() {
	local file last="" sum_now now next
	sum_now="$(sum_of <"$1")"
	mkdir -p "$VERSIONS" 2>/dev/null || return 1
	for file in "$VERSIONS"/[0-9][0-9][0-9][0-9][0-9][0-9]; do
		[ -f "$file" ] && last="${file##*/}"
	done
	if [ "$2" = before_restore ] && [ -n "$last" ] && read_head "$last" && [ "$sum" = "$sum_now" ]; then
		kept="$last"
		return 0
	fi
	# Leading zeros would make it octal.
	next="${last#"${last%%[!0]*}"}"
	next="$((${next:-0} + 1))"
	[ "$next" -le 999999 ] || return 1
	kept="$(printf '%06d' "$next")"
	now="$(date +%s)"
	{
		printf '# autonomy 1 %s %s %s %s\n' "$now" "$2" "$sum_now" "$3"
		cat "$1"
	} | write_through "$VERSIONS/.new.$$" &&
		# Never over a version that another call has just made; hard links fail where a name is taken.
		ln "$VERSIONS/.new.$$" "$VERSIONS/$kept" 2>/dev/null || {
		rm -f "$VERSIONS/.new.$$"
		return 1
	}
	rm -f "$VERSIONS/.new.$$"
	forget_old
	return 0
}

forget_old() {
	local file
	set -- "$VERSIONS"/[0-9][0-9][0-9][0-9][0-9][0-9]
	while [ $# -gt "$MAX_VERSIONS" ]; do
		rm -f "$1"
		shift
	done
	# What a call that was killed left behind.
	for file in "$VERSIONS"/.new.*; do
		[ -f "$file" ] && ! kill -0 "${file##*.}" 2>/dev/null && rm -f "$file"
	done
	return 0
}

method_backup() {
	fetch current "$tmp/text"
	no_way_back
	keep "$tmp/text" manual "$arg_note" || refuse failed "/etc/autonomy/backups cannot be written: is the flash full?"
	json_init
	json_add_string id "$kept"
	json_add_string text "Kept as version $kept"
	reply
}

method_backup_list() {
	local file id ids="" at kind sum note same now=""
	config_file && now="$(sum_of <"$CONFIG")"
	json_init
	json_add_int max "$MAX_VERSIONS"
	json_add_array versions
	for file in "$VERSIONS"/[0-9][0-9][0-9][0-9][0-9][0-9]; do
		[ -f "$file" ] && ids="${file##*/} $ids"
	done
	for id in $ids; do
		read_head "$id" || continue
		same=0
		[ "$sum" = "$now" ] && same=1
		json_add_object ""
		json_add_string id "$id"
		json_add_int at_unix_ms "${at}000"
		json_add_string kind "$kind"
		json_add_string note "$(printable "$note")"
		json_add_int bytes "$(tail -n +2 "$VERSIONS/$id" | wc -c)"
		json_add_boolean same "$same"
		json_close_object
	done
	json_close_array
	reply
}

method_backup_get() {
	fetch "$arg_id" "$tmp/text"
	mask_uci "$tmp/text" >"$tmp/masked"
	json_init
	json_add_string id "$arg_id"
	add_file text "$tmp/masked"
	json_add_int masked "$(cat "$tmp/count")"
	reply
}

method_backup_download() {
	fetch "$arg_id" "$tmp/text"
	whole "$arg_id"
	json_init
	json_add_string id "$arg_id"
	add_file text "$tmp/text"
	reply
}

# What was fetched is what was kept.
whole() {
	[ "$1" = current ] || [ "$sum" = "$(sum_of <"$tmp/text")" ] ||
		refuse damaged "version $1 is not what was saved: the flash may be failing; take another one"
}

method_backup_delete() {
	[ "$arg_id" != current ] || refuse bad_argument "the present configuration is not a version"
	[ -f "$VERSIONS/$arg_id" ] || refuse not_found "there is no version $arg_id"
	rm -f "$VERSIONS/$arg_id"
	json_init
	json_add_boolean ok 1
	json_add_string text "Version $arg_id is gone"
	reply
}

method_backup_restore() {
	local undo="" what staged=""
	if [ -n "$arg_id" ] && [ -n "$arg_text" ]; then
		refuse bad_argument "give id or text, not both"
	elif [ -n "$arg_text" ]; then
		given_text >"$tmp/text"
		what="The text"
	elif [ -n "$arg_id" ] && [ "$arg_id" != current ]; then
		fetch "$arg_id" "$tmp/text"
		whole "$arg_id"
		what="Version $arg_id"
	else
		refuse bad_argument "give the number of a version, or text"
	fi
	unset arg_text
	check "$tmp/text"
	[ "$readable" = 1 ] || refuse invalid "$what cannot be read as a configuration; nothing was changed" "$tmp/report"
	[ "$clean" = 1 ] || [ "$arg_accept_corrections" = 1 ] ||
		refuse corrections "Some of it would be corrected; nothing was changed" "$tmp/report"

	no_way_back
	if config_file; then
		keep "$CONFIG" before_restore "" ||
			refuse failed "the present configuration cannot be kept as a version, so nothing was changed: is the flash full?"
		undo="$kept"
	fi
	# Beside the target, with a dot that hides it from uci: then the change of name is one step.
	write_through "$CONFIG.new.$$" <"$tmp/text" && mv -f "$CONFIG.new.$$" "$CONFIG" || {
		rm -f "$CONFIG.new.$$"
		refuse failed "/etc/config/autonomy cannot be written; nothing was changed: is the flash full?"
	}
	# Changes that were not committed would lie over it.
	if [ -s "$ROOT/tmp/.uci/autonomy" ]; then
		: >"$ROOT/tmp/.uci/autonomy"
		staged="; changes that were not committed are gone"
	fi
	ubus call service event '{"type":"config.change","data":{"package":"autonomy"}}' </dev/null >/dev/null 2>&1 3>&- &
	json_init
	json_add_boolean ok 1
	json_add_string text "$what is the configuration now$staged"
	[ -z "$undo" ] || json_add_string undo "$undo"
	json_add_string checked "$checked"
	add_lines report "$tmp/report"
	reply
}

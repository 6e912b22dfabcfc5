#!/bin/sh
# The lab's `uci`. What a running daemon does often, `uci -P DIR set|revert|batch`, is done here at the speed of the real
# one; everything else is the Node program beside it.
node=@NODE@
program=@PROGRAM@
slow() { exec "$node" "$program" "$@"; }
[ "$1" = -q ] && shift
[ "$1" = -P ] || slow "$@"
dir=$2 command=$3 path=$4
one() {
	case "$1" in
	set)
		package=${2%%.*} value=${2#*=}
		case "$2" in *.*.*=*) ;; *) return 1 ;; esac
		case "$value" in *\'*) return 1 ;; esac
		mkdir -p "$dir" && printf "%s='%s'\n" "${2%%=*}" "$value" >> "$dir/$package"
		;;
	revert)
		package=${2%%.*}
		[ -e "$dir/$package" ] || return 0
		if [ "$package" = "$2" ]; then : > "$dir/$package"; return; fi
		left=
		while IFS= read -r line; do
			case "$line" in "$2="*|"$2."*|[-+@^~]"$2"*|"|$2"*) ;; *) left="$left$line
" ;; esac
		done < "$dir/$package"
		printf %s "$left" > "$dir/$package"
		;;
	*) return 1 ;;
	esac
}
case "$command" in
set|revert) one "$command" "$path" || slow -P "$dir" "$command" "$path" ;;
batch)
	while read -r what path; do
		[ -n "$what" ] || continue
		path=$(printf %s "$path" | tr -d "'")
		one "$what" "$path" || "$node" "$program" -P "$dir" "$what" "$path" || exit 1
	done
	;;
*) slow "$@" ;;
esac

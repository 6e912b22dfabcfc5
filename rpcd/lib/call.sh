# shellcheck shell=sh
# One call: arguments in, one JSON object out, within about a second. Owns the scratch folder $tmp, the alarm, and the
# process that is waited for; all three are gone when the call ends.

tmp=""
alarm=""
child=""
# What is waited for, for the message when it takes too long.
waiting="the router"
# When set: at the alarm the process goes on, and this is what the caller is told.
background=""
# What happens at the alarm; a method that has something to show by then sets its own.
on_alarm=give_up

begin_call() {
	local file
	# The alarm may ring where standard output is a file. Whatever goes on after us must close it.
	exec 3>&1
	file="$(find_file usr/share/libubox/jshn.sh)" || {
		printf '{"error":{"code":"not_installed","message":"jshn is missing: opkg install jshn"}}\n'
		exit 0
	}
	. "$file"
	# What the environment brings must not become arguments.
	json_set_namespace ""
	tmp="$(mktemp -d "$ROOT/tmp/autonomy-rpcd.XXXXXX")" || refuse failed "no room in /tmp"
	trap 'end_call' EXIT
	trap 'exit 1' HUP INT TERM
	trap '"$on_alarm"' USR1
	# Holds no pipe of rpcd, which waits until all are closed. Rings again in case the first fell between two commands.
	(
		trap - HUP INT TERM USR1 EXIT
		sleep 1
		for _ in 1 2 3 4 5; do
			kill -USR1 "$$" 2>/dev/null || exit 0
			sleep 1
		done
	) </dev/null >/dev/null 2>&1 3>&- &
	alarm=$!
}

end_call() {
	trap '' USR1
	[ -z "$alarm" ] || kill "$alarm" 2>/dev/null
	[ -z "$child" ] || [ -n "$background" ] || kill "$child" 2>/dev/null
	[ -z "$tmp" ] || rm -rf "$tmp"
}

give_up() {
	if [ -n "$background" ]; then
		refuse pending "$background"
	fi
	refuse timeout "$waiting did not answer within a second; try again"
}

# From here on the call is carried through: nothing waits for other programs any more.
no_way_back() {
	trap '' USR1
}

# refuse CODE MESSAGE [FILE]: the end of the call; the lines of FILE are the reasons.
refuse() {
	trap '' USR1
	json_init
	json_add_object error
	json_add_string code "$1"
	json_add_string message "$2"
	[ -z "$3" ] || add_lines reasons "$3"
	json_close_object
	json_dump >&3
	exit 0
}

# Prints what was added since json_init; the end of the call.
reply() {
	trap '' USR1
	json_dump >&3
	exit 0
}

# add_lines NAME FILE: an array of the first lines of FILE.
add_lines() {
	local line count=0
	json_add_array "$1"
	while IFS= read -r line && [ "$count" -lt 100 ]; do
		json_add_string "" "$line"
		count=$((count + 1))
	done <"$2"
	json_close_array
}

# add_file NAME FILE: its text, to the last line end.
add_file() {
	local text
	text="$(cat "$2" && printf x)"
	json_add_string "$1" "${text%x}"
}

# Below / or, on RutOS, below /usr/local.
find_file() {
	local path
	for path in "$ROOT/$1" "$ROOT/usr/local/$1"; do
		[ -f "$path" ] && {
			printf '%s' "$path"
			return 0
		}
	done
	return 1
}

# What stands before the tag in a line of the system log: logd's `Sat Nov 21 07:22:58 2026 daemon.info `, or syslogd's
# `Nov 21 07:22:58 HOST daemon.info `.
LOG_HEAD='^[^:]*:[0-9][0-9]:[0-9][0-9] ([^ ]+ )?[a-z0-9]+[.][a-z]+ '

# read_log: the system log to $tmp/out. By its file: a shell that prefers the applets of its own busybox would take their
# logread, which reads another log.
read_log() {
	local IFS=: dir
	waiting=logread
	for dir in $PATH; do
		[ -x "$dir/logread" ] || continue
		unset IFS
		run logread "$dir/logread"
		return
	done
	return 127
}

# run WHAT COMMAND...: its output goes to $tmp/out, its errors to $tmp/err.
run() {
	local code
	waiting="$1"
	shift
	"$@" </dev/null >"$tmp/out" 2>"$tmp/err" 3>&- &
	child=$!
	wait "$child"
	code=$?
	child=""
	return "$code"
}

# Control characters become question marks.
printable() {
	printf '%s' "$1" | tr '\000-\037\177' '?'
}

# What a wrong argument looked like: short.
shown() {
	printable "$1" | head -c 60
}

# Reads stdin, checks it against the table and leaves each argument in $arg_NAME.
read_arguments() {
	local method="$1" input table keys key name type need least most format default
	table="$(arguments "$method")" ||
		refuse unknown_method "there is no method $(shown "$method"): update the pages or the package, one is older"
	input="$(head -c "$((MAX_CALL + 1))")"
	[ "${#input}" -le "$MAX_CALL" ] || refuse too_large "more than $MAX_CALL bytes in one call"
	case "$input" in
	*'\u0000'*) refuse bad_argument "arguments must not hold NUL" ;;
	esac
	json_cleanup
	json_load "${input:-"{}"}" 2>/dev/null
	json_get_keys keys || refuse bad_argument "arguments are not a JSON object"
	for key in $keys; do
		case "
$table" in
		*"
$key|"*) ;;
		*) [ "$key" = ubus_rpc_session ] || refuse bad_argument "unknown argument $(shown "$key")" ;;
		esac
	done
	while IFS='|' read -r name type need least most format default; do
		[ -n "$name" ] || continue
		check_argument
	done <<END
$table
END
	json_cleanup
}

# One argument against its line of the table, whose fields are variables of the caller.
check_argument() {
	local kind="" value=""
	json_get_type kind "$name"
	case "$kind" in
	"" | null)
		[ "$need" != required ] || refuse bad_argument "argument $name is missing"
		json_get_var "arg_$name" "$name" "$default"
		return
		;;
	esac
	json_get_var value "$name"
	case "$type:$kind" in
	string:string | word:string | int32:int | bool:boolean) ;;
	*) refuse bad_argument "argument $name is of type $kind, not $type" ;;
	esac
	case "$type" in
	word)
		case "$value" in
		"" | *[!a-z0-9_]*) refuse bad_argument "argument $name is not one of $format" ;;
		esac
		case " $format " in
		*" $value "*) ;;
		*) refuse bad_argument "argument $name is not one of $format" ;;
		esac
		;;
	int32)
		case "$value" in
		*[!0-9]* | "" | ??????????*) refuse bad_argument "argument $name is not a whole number from $least to $most" ;;
		esac
		[ "$value" -ge "$least" ] && [ "$value" -le "$most" ] ||
			refuse bad_argument "argument $name is not a whole number from $least to $most"
		;;
	string)
		[ "${#value}" -ge "$least" ] && [ "${#value}" -le "$most" ] ||
			refuse bad_argument "argument $name has ${#value} bytes, not $least to $most"
		check_format
		;;
	esac
	json_get_var "arg_$name" "$name"
}

check_format() {
	case "$format" in
	line)
		case "$value" in
		*[[:cntrl:]]*) refuse bad_argument "argument $name must not hold control characters" ;;
		esac
		;;
	version)
		case "$value" in
		current | [0-9][0-9][0-9][0-9][0-9][0-9]) ;;
		*) refuse bad_argument "argument $name is not the number of a version" ;;
		esac
		;;
	esac
}

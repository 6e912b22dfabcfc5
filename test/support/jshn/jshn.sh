# shellcheck shell=sh
# Stand-in for libubox's jshn.sh, for machines without it: the functions our scripts use, in plain POSIX sh so that they
# run under dash too. Variables are laid out as the program jshn (a stand-in beside this, or the real one) expects them:
# table J_V at the top, J_T<n> and J_A<n> below; K_<table> its names, T_<table>_<name> a type, <table>_<name> a value,
# U_<table> the table around it, N_<table>_<name> the name as it was when it is no name for a variable.

jshn_put() {
	eval "$1=\$2"
	# shellcheck disable=SC2163
	export "$1"
}

# A name fit for a variable, in $jshn_name.
jshn_fit() {
	local rest="$1" one
	jshn_name="$1"
	case "$1" in
	*[!a-zA-Z0-9_]*) ;;
	*) return ;;
	esac
	jshn_name=""
	while [ -n "$rest" ]; do
		one="${rest%"${rest#?}"}"
		rest="${rest#?}"
		case "$one" in
		[a-zA-Z0-9_]) jshn_name="$jshn_name$one" ;;
		*) jshn_name="${jshn_name}_" ;;
		esac
	done
}

# TYPE NAME VALUE into the open table.
jshn_add() {
	local here="$JSON_CUR" count
	case "$here" in
	J_A*)
		eval "count=\$((\${S_$here:-0} + 1))"
		eval "S_$here=$count"
		jshn_name="$count"
		;;
	*)
		jshn_fit "$2"
		[ "$jshn_name" = "$2" ] || jshn_put "N_${here}_$jshn_name" "$2"
		;;
	esac
	jshn_put "${here}_$jshn_name" "$3"
	jshn_put "T_${here}_$jshn_name" "$1"
	eval "jshn_put K_$here \"\${K_$here:+\$K_$here }$jshn_name\""
	JSON_UNSET="$JSON_UNSET ${here}_$jshn_name"
}

jshn_open() {
	local table
	JSON_SEQ=$((JSON_SEQ + 1))
	table="J_$3$JSON_SEQ"
	jshn_add "$1" "$2" "$table"
	eval "U_$table=$JSON_CUR"
	jshn_put "K_$table" ""
	JSON_UNSET="$JSON_UNSET $table"
	JSON_CUR="$table"
}

jshn_close() {
	eval "JSON_CUR=\$U_$JSON_CUR"
}

json_set_namespace() {
	[ -z "$1" ] || {
		echo "this stand-in knows no namespaces" >&2
		exit 99
	}
}

json_cleanup() {
	local one
	for one in $JSON_UNSET J_V; do
		unset "U_$one" "K_$one" "S_$one" "T_$one" "N_$one" "$one"
	done
	unset JSON_SEQ JSON_CUR JSON_UNSET
}

json_init() {
	json_cleanup
	JSON_SEQ=0
	JSON_CUR=J_V
	JSON_UNSET=""
	jshn_put K_J_V ""
}

json_load() { eval "$(jshn -r "$1")"; }
json_dump() { jshn "$@" -w; }

json_add_object() { jshn_open object "$1" T; }
json_add_array() { jshn_open array "$1" A; }
json_close_object() { jshn_close; }
json_close_array() { jshn_close; }
json_add_string() { jshn_add string "$1" "$2"; }
json_add_int() { jshn_add int "$1" "$2"; }
json_add_boolean() { jshn_add boolean "$1" "$2"; }
json_add_double() { jshn_add double "$1" "$2"; }
json_add_null() { jshn_add null "$1" ""; }

json_get_type() {
	jshn_fit "$2"
	eval "$1=\${T_${JSON_CUR}_$jshn_name}; [ -n \"\$$1\" ]"
}

json_get_keys() {
	eval "$1=\$K_$JSON_CUR; [ -n \"\${K_$JSON_CUR+x}\" ]"
}

json_get_var() {
	jshn_fit "$2"
	eval "$1=\${${JSON_CUR}_$jshn_name:-\$3}; [ -n \"\${${JSON_CUR}_$jshn_name+x}\${3+x}\" ]"
	# The real one exports what it gives.
	# shellcheck disable=SC2163
	export "$1"
}

json_select() {
	local type target
	case "$1" in
	"") JSON_CUR=J_V ;;
	..) jshn_close ;;
	*)
		json_get_type type "$1"
		case "$type" in
		object | array)
			json_get_var target "$1"
			JSON_CUR="$target"
			;;
		*) return 1 ;;
		esac
		;;
	esac
}

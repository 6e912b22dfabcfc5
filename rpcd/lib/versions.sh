# shellcheck shell=sh
# What is installed, without starting the daemon. Programs are asked all at once; for who does not answer in time (Node.js
# on a slow router) the list of packages speaks.

# The version of package $1 by the package manager's own list (apk or opkg).
package_version() {
	local list
	list="$(find_file lib/apk/db/installed)" && {
		awk -v name="$1" '/^P:/ { ours = substr($0, 3) == name } ours && /^V:/ { print substr($0, 3); exit }' "$list"
		return
	}
	for list in "$ROOT/usr/lib/opkg/status" "$ROOT/usr/local/usr/lib/opkg/status"; do
		[ -f "$list" ] || continue
		awk -v name="$1" '$1 == "Package:" { ours = $2 == name } ours && $1 == "Version:" { print $2; exit }' "$list"
	done | head -n 1
}

# Value of NAME='VALUE' in file $2; the file is read, not run.
setting() {
	[ -f "$2" ] && sed -n "s/^$1=['\"]\\{0,1\\}\\([^'\"]*\\).*/\\1/p" "$2" | head -n 1
}

# ask NAME PROGRAM ARGUMENT...: what it prints, to $tmp/v.NAME, while we go on.
ask() {
	local name="$1"
	shift
	command -v "$1" >/dev/null || return 0
	"$@" </dev/null >"$tmp/v.$name" 2>/dev/null 3>&- &
	asked="$asked $!"
}

# First word that looks like a version.
answer() {
	[ -s "$tmp/v.$1" ] && head -n 3 "$tmp/v.$1" | tr -s ' \t' '\n\n' | sed -n 's/^v\{0,1\}\([0-9][0-9A-Za-z.+-]*\)$/\1/p' | head -n 1
}

# version_of PROGRAM PACKAGE
version_of() {
	local said
	said="$(answer "$1")"
	printf '%s' "${said:-$(package_version "$2")}"
}

gather_versions() {
	local pid
	asked=""
	ask node node --version
	ask qjs qjs --help
	ask fping fping --version
	ask autonomy ubus -S call autonomy info
	on_alarm="$1"
	for pid in $asked; do
		wait "$pid"
	done
}

# add VALUE NAME, where there is one.
add_found() {
	[ -z "$1" ] || json_add_string "$2" "$(shown "$1")"
}

method_versions() {
	gather_versions show_versions
	show_versions
}

show_versions() {
	local pid
	trap '' USR1
	for pid in $asked; do
		kill "$pid" 2>/dev/null
	done
	json_init
	add_found "$(autonomy_version)" autonomy
	add_found "$(system_name)" system
	add_found "$(setting DISTRIB_TARGET "$ROOT/etc/openwrt_release")" target
	add_found "$(head -n 1 "$ROOT/tmp/sysinfo/model" 2>/dev/null)" model
	add_found "$(uname -r)" kernel
	add_found "$(package_version mwan3)" mwan3
	add_found "$(version_of node node)" node
	add_found "$(version_of qjs quickjs)" qjs
	add_found "$(version_of fping fping)" fping
	reply
}

# What runs; else what is installed.
autonomy_version() {
	local running=""
	if [ -s "$tmp/v.autonomy" ]; then
		json_cleanup
		json_load "$(head -c 65536 "$tmp/v.autonomy")" 2>/dev/null
		json_get_var running version
	fi
	printf '%s' "${running:-$(package_version autonomy)}"
}

system_name() {
	local name
	# RutOS writes its own release here.
	if [ -f "$ROOT/etc/version" ]; then
		read -r name <"$ROOT/etc/version"
		printf 'RutOS %s' "$name"
	else
		setting DISTRIB_DESCRIPTION "$ROOT/etc/openwrt_release"
	fi
}

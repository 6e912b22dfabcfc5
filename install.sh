#!/bin/sh
# Installs autonomy on OpenWrt 24.10 (opkg), OpenWrt 25.12 and later (apk) and RutOS (opkg), or says why it cannot.
#
#   wget -O /tmp/autonomy.sh ADDRESS/install.sh && sh /tmp/autonomy.sh
#
# Says what it will do and asks before it does it. The copy in a feed has the feed's address and public keys below
# (`make feed ARGS="--url ADDRESS"`); another one wants --feed and --key. What is read is data: nothing is sourced.

FEED=''
USIGN_KEY=''
APK_KEY=''

# Measured: docs/install.md. Node.js with its libraries is asked for from the package manager where it tells.
NEED_FLASH_KB=4096
NODE_FLASH_KB=45000
NEED_RAM_KB=90000
NODE_LEAST=20

unset IFS CDPATH ENV
PATH="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/usr/sbin:/usr/local/usr/bin:$PATH"
umask 022
root="${AUTONOMY_ROOT:-}"
[ -z "$root" ] || PATH="${AUTONOMY_BIN:-}:$PATH"
LC_ALL=C
export LC_ALL PATH

usage() {
	cat <<'END'
usage: install.sh [--feed URL] [--key FILE] [--yes] [--dry-run] [--no-luci]
       install.sh --uninstall [--purge] [--yes] [--dry-run]

  --feed URL    folder that holds opkg/ and apk/ of the feed
  --key FILE    public key the feed is signed with: of usign for opkg, PEM for apk
  --yes         do not ask
  --dry-run     only say what would be done
  --no-luci     without the pages, even where LuCI is installed
  --uninstall   remove the packages, the feed and its key; your settings stay
  --purge       with --uninstall: your settings and their versions too

Exit codes: 0 done, 1 refused or failed (nothing is left half done), 2 wrong usage
END
}

say() {
	printf '%s\n' "$1"
}

refuse() {
	printf 'autonomy: %s\n' "$1" >&2
	exit 1
}

# setting NAME FILE: the value of NAME='VALUE'; the file is read, not run.
setting() {
	sed -n "s/^$1=['\"]\{0,1\}\([^'\"]*\).*/\1/p" "$2" 2>/dev/null | head -n 1
}

# Leaves $system (for people), $release, $arch, $rutos and $manager.
look_at_system() {
	[ -f "$root/etc/openwrt_release" ] || refuse "this is neither OpenWrt nor RutOS: there is no /etc/openwrt_release"
	release="$(setting DISTRIB_RELEASE "$root/etc/openwrt_release")"
	arch="$(setting DISTRIB_ARCH "$root/etc/openwrt_release")"
	rutos=""
	system="OpenWrt $release"
	if [ -f "$root/etc/version" ]; then
		read -r rutos <"$root/etc/version"
		case "$rutos" in
		RUT* | TRB* | TCR* | OTD* | ATRM* | SWM* | TAP*) system="RutOS $rutos" ;;
		*) rutos="" ;;
		esac
	fi
	if command -v apk >/dev/null 2>&1 && [ -d "$root/etc/apk" ]; then
		manager=apk
	elif command -v opkg >/dev/null 2>&1; then
		manager=opkg
	else
		refuse "$system has neither opkg nor apk to install with"
	fi
}

# Only what can never work; what the release lacks is found out by asking its package manager.
check_release() {
	[ -n "$rutos" ] && return
	case "$release" in
	SNAPSHOT | 2[4-9].* | [3-9][0-9].*) ;;
	*) refuse "OpenWrt $release is too old: its newest Node.js is older than $NODE_LEAST; OpenWrt 24.10 or later is needed" ;;
	esac
}

check_arch() {
	[ -n "$arch" ] || refuse "/etc/openwrt_release does not tell the architecture (DISTRIB_ARCH)"
	case "$arch" in
	x86_64 | i386_pentium4 | aarch64_* | arm_*vfp* | arm_*neon*) ;;
	*)
		runtime_in_feed && return
		refuse "there is no Node.js for this processor ($arch), and the feed has no other runtime for it yet"
		;;
	esac
}

# The feed brings a runtime of its own for this architecture.
runtime_in_feed() {
	[ -f "$tmp/Packages" ] || return 1
	awk -v arch="$arch" '
		/^Package: / { name = $2 }
		/^Architecture: / && name == "autonomy-runtime-static" && $2 == arch { found = 1 }
		END { exit !found }' "$tmp/Packages"
}

# Leaves $node: the version that is installed, or that the package manager offers; empty: none.
look_for_node() {
	node=""
	node_installed=0
	node="$(node --version 2>/dev/null)"
	node="${node#v}"
	if [ -n "$node" ]; then
		node_installed=1
		return
	fi
	ask_for_node
	if [ -z "$node" ]; then
		# The lists are in RAM and gone after a restart.
		"$manager" update >/dev/null 2>&1
		ask_for_node
	fi
}

ask_for_node() {
	if [ "$manager" = apk ]; then
		node="$(apk list node 2>/dev/null | sed -n 's/^node-\([0-9][^ ]*\) .*/\1/p' | tail -n 1)"
	else
		node="$(opkg info node 2>/dev/null | sed -n 's/^Version: *//p' | tail -n 1)"
	fi
}

check_runtime() {
	if runtime_in_feed; then
		runtime=autonomy-runtime-static
		return
	fi
	runtime=autonomy-runtime-node
	look_for_node
	if [ -z "$node" ]; then
		[ -z "$rutos" ] || refuse "$system has no Node.js, and the feed has no other runtime for $arch yet"
		[ "$manager" != apk ] || refuse "OpenWrt $release has no Node.js of its own any more; add a feed that has it, or wait for the runtime for small routers"
		refuse "opkg knows no package node, also after 'opkg update': are OpenWrt's own feeds in /etc/opkg/distfeeds.conf, and is the router online?"
	fi
	case "${node%%.*}" in
	*[!0-9]*) refuse "the version of Node.js is not understood: $node" ;;
	esac
	[ "${node%%.*}" -ge "$NODE_LEAST" ] || refuse "Node.js $node is too old: $NODE_LEAST or later is needed"
}

free_kb() {
	local line
	line="$(df -k "$1" 2>/dev/null | tail -n 1)"
	# The name of a device may be so long that it stands on a line of its own: counted from the end.
	printf '%s\n' "$line" | awk '{ print $(NF - 2) }'
}

check_space() {
	local place=/ need="$NEED_FLASH_KB" free ram
	for place in "$root/usr/local" "$root/overlay" "$root/"; do
		[ -d "$place" ] || continue
		# Where RutOS 7.14 and later installs to.
		[ "$place" = "$root/usr/local" ] && [ -z "$rutos" ] && continue
		break
	done
	[ "$runtime" = autonomy-runtime-node ] && [ "$node_installed" = 0 ] && need=$((need + NODE_FLASH_KB))
	free="$(free_kb "$place")"
	case "$free" in
	"" | *[!0-9]*) refuse "how much flash is free cannot be told: df -k $place" ;;
	esac
	[ "$free" -ge "$need" ] || refuse "too little flash: $free KB are free in ${place#"$root"}, $need KB are needed"
	ram="$(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' "$root/proc/meminfo" 2>/dev/null)"
	[ -n "$ram" ] || refuse "how much memory is free cannot be told: /proc/meminfo"
	[ "$ram" -ge "$NEED_RAM_KB" ] || refuse "too little memory: $ram KB are free, $NEED_RAM_KB KB are needed"
	flash_free="$free"
	flash_need="$need"
}

# get URL FILE
get() {
	if command -v uclient-fetch >/dev/null 2>&1; then
		uclient-fetch -q -T 20 -O "$2" "$1" 2>/dev/null
	elif command -v wget >/dev/null 2>&1; then
		wget -q -T 20 -O "$2" "$1" 2>/dev/null
	elif command -v curl >/dev/null 2>&1; then
		curl -fsS -m 20 -o "$2" "$1" 2>/dev/null
	else
		refuse "there is neither uclient-fetch nor wget nor curl to download with"
	fi
}

check_feed() {
	[ -n "$FEED" ] || refuse "which feed? this copy of install.sh knows none: --feed URL"
	case "$FEED" in
	http://* | https://*) ;;
	*) refuse "the feed is no address of the web: $FEED" ;;
	esac
	case "$FEED" in
	*[[:space:]\'\"\\\$\`]*) refuse "the feed's address has characters that no address has: $FEED" ;;
	esac
	FEED="${FEED%/}"
	if [ "$manager" = apk ]; then
		[ -n "$APK_KEY" ] || refuse "with which key is the feed signed? this copy of install.sh has none: --key FILE"
		get "$FEED/apk/packages.adb" "$tmp/packages.adb" || refuse "the feed cannot be reached: $FEED/apk/packages.adb"
		printf '%s\n' "$APK_KEY" >"$tmp/key"
		grep -q '^-----BEGIN PUBLIC KEY-----$' "$tmp/key" || refuse "that is no public key in PEM"
		return
	fi
	[ -n "$USIGN_KEY" ] || refuse "with which key is the feed signed? this copy of install.sh has none: --key FILE"
	printf '%s\n' "$USIGN_KEY" >"$tmp/key"
	command -v usign >/dev/null 2>&1 || refuse "there is no usign to check signatures with: opkg install usign"
	number="$(usign -F -p "$tmp/key" 2>/dev/null)"
	case "$number" in
	"" | *[!0-9a-f]*) refuse "that is no public key of usign" ;;
	esac
	{ get "$FEED/opkg/Packages" "$tmp/Packages.got" && get "$FEED/opkg/Packages.sig" "$tmp/Packages.sig"; } ||
		refuse "the feed cannot be reached: $FEED/opkg/Packages"
	usign -V -q -m "$tmp/Packages.got" -x "$tmp/Packages.sig" -p "$tmp/key" 2>/dev/null ||
		refuse "the feed is not signed with the key of this copy of install.sh: nothing of it is used"
	mv "$tmp/Packages.got" "$tmp/Packages"
}

luci_here() {
	[ "$luci" = 1 ] && [ -z "$rutos" ] && { [ -d "$root/usr/share/luci/menu.d" ] || [ -d "$root/www/luci-static" ]; }
}

packages() {
	printf '%s autonomy' "$runtime"
	luci_here && printf ' luci-app-autonomy'
	printf '\n'
}

feed_file() {
	if [ "$manager" = apk ]; then printf '%s' "$root/etc/apk/repositories.d/autonomy.list"; else printf '%s' "$root/etc/opkg/customfeeds.conf"; fi
}

key_file() {
	if [ "$manager" = apk ]; then printf '%s' "$root/etc/apk/keys/autonomy.pem"; else printf '%s' "$root/etc/opkg/keys/$number"; fi
}

# True when the person in front of it says yes; the script itself may be what stdin holds.
confirmed() {
	local answer=""
	[ "$yes" = 1 ] && return 0
	(: </dev/tty) 2>/dev/null || refuse "nobody can be asked here: look at the plan above, then say --yes"
	printf 'Go on? [y/N] '
	read -r answer </dev/tty
	case "$answer" in
	y | Y | yes) return 0 ;;
	esac
	refuse "nothing was changed"
}

# The line of our feed in opkg's file, whatever else stands there.
without_feed() {
	[ -f "$1" ] || return 0
	grep -v '^src/gz autonomy ' "$1" >"$1.autonomy"
	cat "$1.autonomy" >"$1"
	rm -f "$1.autonomy"
}

take_feed_away() {
	if [ "$manager" = apk ]; then rm -f "$(feed_file)"; else without_feed "$(feed_file)"; fi
}

install() {
	check_release
	check_feed
	check_arch
	check_runtime
	check_space
	local file key had_key=0
	file="$(feed_file)"
	key="$(key_file)"
	say "autonomy on $system ($arch), by $manager:"
	say "  key      ${key#"$root"}"
	say "  feed     $FEED/$manager, in ${file#"$root"}"
	say "  packages $(packages)"
	[ "$runtime" = autonomy-runtime-static ] || say "  runtime  Node.js $node$([ "$node_installed" = 1 ] && printf ', already here')"
	say "  flash    $flash_need KB needed, $flash_free KB free"
	say "  then     the service starts. It moves traffic where there is mwan3 or a second uplink; else it looks on."
	say "Nothing else of the router's settings is changed."
	[ "$dry" = 1 ] && return 0
	confirmed
	[ -f "$key" ] && had_key=1
	{ mkdir -p "${file%/*}" "${key%/*}" && cp "$tmp/key" "$key" && chmod 644 "$key"; } ||
		refuse "${key#"$root"} cannot be written"
	if [ "$manager" = apk ]; then
		printf '%s\n' "$FEED/apk/packages.adb" >"$file"
	else
		without_feed "$file"
		printf 'src/gz autonomy %s\n' "$FEED/opkg" >>"$file"
	fi || refuse "${file#"$root"} cannot be written"
	# shellcheck disable=SC2046
	if [ "$manager" = apk ]; then
		apk update && apk add $(packages)
	else
		opkg update
		opkg install $(packages)
	fi || {
		take_feed_away
		[ "$had_key" = 1 ] || rm -f "$key"
		refuse "$manager could not install it, see above; feed and key are taken away again"
	}
	say "autonomy is installed. 'autonomyctl status' tells what it sees; 'autonomyctl config show' its settings."
}

uninstall() {
	local names="" name
	for name in luci-i18n-autonomy-de luci-i18n-autonomy-es luci-app-autonomy autonomy-app autonomy autonomy-runtime-node autonomy-runtime-static; do
		if [ "$manager" = apk ]; then
			apk info -e "$name" >/dev/null 2>&1
		else
			[ -n "$(opkg status "$name" 2>/dev/null)" ]
		fi && names="$names $name"
	done
	say "Removing autonomy from $system:"
	say "  packages${names:- none installed}"
	say "  feed     $(feed_file | sed "s|^$root||")"
	if [ "$purge" = 1 ]; then
		say "  settings /etc/config/autonomy, /etc/autonomy"
	else
		say "  your settings stay (--purge removes them); Node.js and fping stay"
	fi
	[ "$dry" = 1 ] && return 0
	confirmed
	# shellcheck disable=SC2086
	if [ -n "$names" ]; then
		if [ "$manager" = apk ]; then apk del $names; else opkg remove $names; fi ||
			refuse "$manager could not remove it, see above"
	fi
	take_feed_away
	if [ "$manager" = apk ]; then
		rm -f "$(key_file)"
	elif [ -n "$USIGN_KEY" ] && command -v usign >/dev/null 2>&1; then
		printf '%s\n' "$USIGN_KEY" >"$tmp/key"
		number="$(usign -F -p "$tmp/key" 2>/dev/null)"
		case "$number" in
		"" | *[!0-9a-f]*) ;;
		*) rm -f "$(key_file)" ;;
		esac
	else
		say "The key in /etc/opkg/keys stays: this copy of install.sh does not know which one it is (--key FILE)."
	fi
	if [ "$purge" = 1 ]; then
		rm -rf "$root/etc/config/autonomy" "$root/etc/config/autonomy-opkg" "$root/etc/config/autonomy.apk-new" "$root/etc/autonomy"
	fi
	say "autonomy is removed; the router is as it was."
}

main() {
	local do=install keyfile=""
	yes=0 dry=0 luci=1 purge=0 number=""
	while [ $# -gt 0 ]; do
		case "$1" in
		--feed | --key)
			[ $# -ge 2 ] || { usage >&2; exit 2; }
			if [ "$1" = --feed ]; then FEED="$2"; else keyfile="$2"; fi
			shift
			;;
		--yes) yes=1 ;;
		--dry-run) dry=1 ;;
		--no-luci) luci=0 ;;
		--uninstall) do=uninstall ;;
		--purge) purge=1 ;;
		-h | --help)
			usage
			exit 0
			;;
		*)
			usage >&2
			exit 2
			;;
		esac
		shift
	done
	[ "$purge" = 0 ] || [ "$do" = uninstall ] || { usage >&2; exit 2; }
	[ -n "$root" ] || [ "$(id -u)" = 0 ] || refuse "this needs root"
	look_at_system
	if [ -n "$keyfile" ]; then
		[ -r "$keyfile" ] || refuse "the key cannot be read: $keyfile"
		if [ "$manager" = apk ]; then APK_KEY="$(cat "$keyfile")"; else USIGN_KEY="$(cat "$keyfile")"; fi
	fi
	tmp="$(mktemp -d "${TMPDIR:-/tmp}/autonomy.XXXXXX")" || refuse "/tmp cannot be written"
	trap 'rm -rf "$tmp"' EXIT
	trap 'exit 1' HUP INT TERM
	"$do"
}

# At the end, so that a download cut short does nothing.
main "$@"

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

# Measured: docs/install.md. What the runtime adds: Node.js with its libraries, or QuickJS with socat and fping.
NEED_FLASH_KB=4096
NODE_FLASH_KB=45000
QJS_FLASH_KB=2048
NODE_RAM_KB=90000
QJS_RAM_KB=24000
NODE_LEAST=20
QJS_LEAST=20250426

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
	*) refuse "OpenWrt $release is too old: OpenWrt 24.10 or later is needed" ;;
	esac
}

check_arch() {
	[ -n "$arch" ] || refuse "/etc/openwrt_release does not tell the architecture (DISTRIB_ARCH)"
}

# The feed brings a runtime of its own for this architecture.
static_in_feed() {
	[ -f "$tmp/static" ]
}

in_feed() {
	[ "$manager" = opkg ] && grep -q "^Package: $1\$" "$tmp/Packages"
}

# offered NAME: prints the version the package manager offers; nothing: none.
offered() {
	if [ "$manager" = apk ]; then
		apk list "$1" 2>/dev/null | sed -n "s/^$1-\([0-9][^ ]*\) .*/\1/p" | tail -n 1
	else
		opkg info "$1" 2>/dev/null | sed -n 's/^Version: *//p' | tail -n 1
	fi
}

# The first of these: Node.js that is here already; QuickJS of the release; the feed's own for this processor; Node.js of the
# release. Leaves $runtime, and $words about it.
check_runtime() {
	local node qjs
	node="$(node --version 2>/dev/null)"
	node="${node#v}"
	node_installed=0
	if new_enough "$node"; then
		node_installed=1
		runtime=autonomy-runtime-node words="Node.js $node, already here"
		return
	fi
	qjs="$(offered quickjs)"
	node="$(offered node)"
	if [ -z "$qjs$node" ]; then
		# The lists are in RAM and gone after a restart.
		"$manager" update >/dev/null 2>&1
		qjs="$(offered quickjs)"
		node="$(offered node)"
	fi
	if [ "$(digits "$qjs")" -ge "$QJS_LEAST" ] && [ -n "$(offered socat)" ]; then
		runtime=autonomy-runtime-quickjs words="QuickJS $qjs, a package of $system"
	elif static_in_feed; then
		runtime=autonomy-runtime-static words="QuickJS for $arch, from the feed itself"
	elif new_enough "$node"; then
		runtime=autonomy-runtime-node words="Node.js $node, a package of $system"
	else
		refuse "there is nothing to run it on: $system offers Node.js ${node:-(none)} (needed: $NODE_LEAST or later) and QuickJS ${qjs:-(none)} (needed: 2025-04-26 or later, and socat), and the feed has no runtime for $arch. Are the release's own feeds configured, and is the router online?"
	fi
}

new_enough() { # new_enough 20.1.2
	case "${1%%.*}" in
	"" | *[!0-9]*) return 1 ;;
	esac
	[ "${1%%.*}" -ge "$NODE_LEAST" ]
}

# digits 2025.09.13-r1: 20250913; of anything else 0.
digits() {
	case "$1" in
	20[0-9][0-9][.-][0-9][0-9][.-][0-9][0-9]*) printf '%.10s' "$1" | tr -d '.-' ;;
	*) printf 0 ;;
	esac
}

free_kb() {
	local line
	line="$(df -k "$1" 2>/dev/null | tail -n 1)"
	# The name of a device may be so long that it stands on a line of its own: counted from the end.
	printf '%s\n' "$line" | awk '{ print $(NF - 2) }'
}

check_space() {
	local place=/ need="$NEED_FLASH_KB" ram_need="$QJS_RAM_KB" free ram
	for place in "$root/usr/local" "$root/overlay" "$root/"; do
		[ -d "$place" ] || continue
		# Where RutOS 7.14 and later installs to.
		[ "$place" = "$root/usr/local" ] && [ -z "$rutos" ] && continue
		break
	done
	case "$runtime" in
	*-node)
		ram_need="$NODE_RAM_KB"
		[ "$node_installed" = 1 ] || need=$((need + NODE_FLASH_KB))
		;;
	*) need=$((need + QJS_FLASH_KB)) ;;
	esac
	free="$(free_kb "$place")"
	case "$free" in
	"" | *[!0-9]*) refuse "how much flash is free cannot be told: df -k $place" ;;
	esac
	[ "$free" -ge "$need" ] || refuse "too little flash: $free KB are free in ${place#"$root"}, $need KB are needed"
	ram="$(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' "$root/proc/meminfo" 2>/dev/null)"
	[ -n "$ram" ] || refuse "how much memory is free cannot be told: /proc/meminfo"
	[ "$ram" -ge "$ram_need" ] || refuse "too little memory: $ram KB are free, $ram_need KB are needed"
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
		# What is made for one processor has a list of its own.
		get "$FEED/apk/$arch/packages.adb" "$tmp/static" || rm -f "$tmp/static"
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
	get "$FEED/opkg/$arch/Packages" "$tmp/static" || rm -f "$tmp/static"
}

luci_here() {
	[ "$luci" = 1 ] && [ -z "$rutos" ] && { [ -d "$root/usr/share/luci/menu.d" ] || [ -d "$root/www/luci-static" ]; }
}

packages() {
	printf '%s autonomy' "$runtime"
	luci_here && printf ' luci-app-autonomy'
	[ -n "$rutos" ] && [ "$luci" = 1 ] && in_feed vuci-app-autonomy-ui && printf ' vuci-app-autonomy-ui'
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

# The lines of our feed in opkg's file, whatever else stands there.
without_feed() {
	[ -f "$1" ] || return 0
	grep -v -E '^src/gz autonomy(_runtime)? ' "$1" >"$1.autonomy"
	cat "$1.autonomy" >"$1"
	rm -f "$1.autonomy"
}

take_feed_away() {
	if [ "$manager" = apk ]; then rm -f "$(feed_file)"; else without_feed "$(feed_file)"; fi
}

install() {
	check_release
	check_arch
	check_feed
	check_runtime
	check_space
	local file key had_key=0
	file="$(feed_file)"
	key="$(key_file)"
	say "autonomy on $system ($arch), by $manager:"
	say "  key      ${key#"$root"}"
	say "  feed     $FEED/$manager, in ${file#"$root"}"
	say "  packages $(packages)"
	say "  runtime  $words"
	say "  flash    $flash_need KB needed, $flash_free KB free"
	say "  then     the service starts. It moves traffic where there is mwan3 or a second uplink; else it looks on."
	say "Nothing else of the router's settings is changed."
	[ "$dry" = 1 ] && return 0
	confirmed
	[ -f "$key" ] && had_key=1
	{ mkdir -p "${file%/*}" "${key%/*}" && cp "$tmp/key" "$key" && chmod 644 "$key"; } ||
		refuse "${key#"$root"} cannot be written"
	if [ "$manager" = apk ]; then
		{
			printf '%s\n' "$FEED/apk/packages.adb"
			[ "$runtime" != autonomy-runtime-static ] || printf '%s\n' "$FEED/apk/$arch/packages.adb"
		} >"$file"
	else
		without_feed "$file"
		{
			printf 'src/gz autonomy %s\n' "$FEED/opkg"
			[ "$runtime" != autonomy-runtime-static ] || printf 'src/gz autonomy_runtime %s\n' "$FEED/opkg/$arch"
		} >>"$file"
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
	for name in luci-i18n-autonomy-de luci-i18n-autonomy-es luci-app-autonomy \
		vuci-app-autonomy-ui vuci-app-autonomy-api autonomy-app autonomy autonomy-runtime-node autonomy-runtime-quickjs \
		autonomy-runtime-static; do
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
		say "  your settings stay (--purge removes them); what they run on stays (Node.js or QuickJS, socat, fping)"
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

#!/bin/sh
# Puts QuickJS where the tests find it: Debian trixie's package with the libc it was built for, unpacked into the cache
# folder of the project; nothing is installed and the system's sources stay as they are. The mirror is the one this
# machine's apt uses. Prints the path of a program `qjs` that runs here; says why and fails when there is none.
# A qjs that is in PATH, or named by the environment variable QJS, is taken as it is.
#
# qjs.sh armhf qemu-arm: the same for another processor of Debian's, run by that program of qemu-user.
set -u

trixie_arch="${1:-}"
qemu="${2:-}"
cache="$(cd "$(dirname "$0")/.." && pwd)/node_modules/.cache/qjs${trixie_arch:+-$trixie_arch}"
qjs="$cache/qjs"

works() { [ -x "$1" ] && "$1" -e 'if (1 + 1 !== 2) throw 1' >/dev/null 2>&1; }
give_up() {
	printf 'no QuickJS: %s\n' "$1" >&2
	exit 1
}

for one in "${QJS:-}" "$(command -v qjs 2>/dev/null)" "$qjs"; do
	[ -z "$trixie_arch" ] || [ "$one" = "$qjs" ] || continue
	if [ -n "$one" ] && works "$one"; then
		printf '%s\n' "$one"
		exit 0
	fi
done
[ -z "$qemu" ] || command -v "$qemu" >/dev/null 2>&1 || give_up "no $qemu here; Debian: apt-get install qemu-user"
[ -z "${QJS_OFFLINE:-}" ] || give_up "QJS_OFFLINE is set"
command -v dpkg-deb >/dev/null 2>&1 || give_up "neither in PATH nor named by QJS, and this is no Debian that could fetch its package"
# shellcheck source=scripts/trixie.sh
. "$(dirname "$0")/trixie.sh"

# One at a time: test files that start together would take the engine away from under each other.
mkdir -p "$cache" && exec 9>"$cache/lock" || give_up "cannot write to $cache"
! command -v flock >/dev/null 2>&1 || flock 9
if works "$qjs"; then
	printf '%s\n' "$qjs"
	exit 0
fi

work="$cache/apt.$$"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
trixie "$work" deb && mkdir -p "$work/root" || give_up "$why"
(cd "$work/archives" && apt download quickjs libc6) >>"$work/log" 2>&1 ||
	give_up "apt-get download quickjs libc6 failed: $(tail -n 1 "$work/log")"
for package in "$work"/archives/*.deb; do
	dpkg-deb -x "$package" "$work/root" >>"$work/log" 2>&1 || give_up "cannot unpack ${package##*/}"
done

program="$(find "$work/root" -type f -name qjs | head -n 1)"
loader="$(find "$work/root" \( -type f -o -type l \) \( -name 'ld-linux*' -o -name 'ld64.so.1' \) | head -n 1)"
[ -n "$program" ] && [ -n "$loader" ] || give_up "the packages hold no qjs or no loader"
rm -rf "$cache/root"
mv "$work/root" "$cache/root" || give_up "cannot write to $cache"
program="${program#"$work/"}"
loader="${loader#"$work/"}"
libraries="$(cd "$cache" && dirname "$(find root -name 'libc.so.6' | head -n 1)")"
# By exec: the process is the engine itself, to be measured and signalled. From beside it: the lab has it elsewhere.
{
	printf '#!/bin/sh\nhere="${0%%/*}"\n'
	# shellcheck disable=SC2016
	printf 'exec %s"$here/%s" --library-path "$here/%s" "$here/%s" "$@"\n' "${qemu:+$qemu }" "$loader" "$libraries" "$program"
} >"$qjs.$$"
chmod 755 "$qjs.$$" && mv "$qjs.$$" "$qjs"
works "$qjs" || give_up "the unpacked qjs does not run here"
printf '%s\n' "$qjs"

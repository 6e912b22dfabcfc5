#!/bin/sh
# make runtime ARCH=mipsel_24kc: what autonomy runs on as programs that need nothing of the firmware, in build/runtime/ARCH:
# qjs, fping and socat, linked statically with musl, for the package autonomy-runtime-static. From Debian trixie's source
# packages (checked by apt) with Debian's compilers; licences of all of them beside it. Says what is missing and fails when
# something is. About two minutes for one architecture; the same inputs give the same bytes.
#
# MIPS: routers with a 24Kc have no FPU, and OpenWrt's kernels for them no emulation of one (KERNEL_MIPS_FP_SUPPORT is not
# set), so not one instruction may be of the FPU. Debian's compiler can do that, its libraries cannot: musl and the arithmetic
# that the compiler calls (soft-fp, of the GNU C Library's sources) are built here as well.
set -u

repo="$(cd "$(dirname "$0")/.." && pwd)"
arches="aarch64_cortex-a53 arm_cortex-a7_neon-vfpv4 mips_24kc mipsel_24kc x86_64"
give_up() {
	printf 'no runtime: %s\n' "$1" >&2
	exit 1
}

arch="${1:-}"
# What our own make was told would be told to the makes below: musl's has an ARCH of its own, and "all" is none.
unset MAKEFLAGS MFLAGS MAKELEVEL ARCH
# Kernel headers are those of the compiler's libc package.
soft=""
# Words, not one.
case "$arch" in
aarch64_cortex-a53)
	host=aarch64-linux-gnu target=aarch64-linux-musl
	flags="-mcpu=cortex-a53 -mno-outline-atomics"
	;;
arm_cortex-a7_neon-vfpv4)
	host=arm-linux-gnueabihf target=arm-linux-musleabihf
	flags="-mcpu=cortex-a7 -mfpu=neon-vfpv4 -mfloat-abi=hard"
	;;
mips_24kc | mipsel_24kc)
	host="${arch%_24kc}-linux-gnu" target="${arch%_24kc}-linux-muslsf"
	flags="-march=24kc -msoft-float" soft=1
	;;
x86_64) host=x86_64-linux-gnu target=x86_64-linux-musl flags="" ;;
all)
	for arch in $arches; do sh "$0" "$arch" || exit 1; done
	exit 0
	;;
*) give_up "for which architecture? make runtime ARCH=... with one of: $arches, or all" ;;
esac

cache="$repo/node_modules/.cache/runtime"
sources="$cache/sources"
work="$cache/$arch"
out="$repo/build/runtime/$arch"
root="$work/root"
trap 'exit 1' HUP INT TERM
# Times that a compiler writes into what it makes.
SOURCE_DATE_EPOCH=1745625600
LC_ALL=C
export SOURCE_DATE_EPOCH LC_ALL

# need PROGRAM PACKAGE...: installed where that is possible, like the programs of the tests.
need() {
	program="$1"
	shift
	command -v "$program" >/dev/null 2>&1 && return
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 &&
		DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1
	command -v "$program" >/dev/null 2>&1 || give_up "there is no $program here; Debian: apt-get install $*"
}
need make make
need patch patch
need xz xz-utils
need bzip2 bzip2
if [ "$arch" = x86_64 ]; then
	need "$host-gcc" gcc libc6-dev
	headers=/usr/include multiarch="/usr/include/$host"
else
	case "$host" in
	arm-*) libc=libc6-dev-armhf-cross ;;
	aarch64-*) libc=libc6-dev-arm64-cross ;;
	*) libc="libc6-dev-${host%%-*}-cross" ;;
	esac
	need "$host-gcc" "gcc-$host" "$libc"
	headers="/usr/$host/include" multiarch="/usr/$host/include"
fi

fetch_sources() {
	[ -f "$sources/complete" ] && return
	rm -rf "$sources"
	mkdir -p "$sources" || give_up "cannot write to $cache"
	# shellcheck source=scripts/trixie.sh
	. "$repo/scripts/trixie.sh"
	trixie "$cache/apt" deb-src || give_up "$why"
	# A .dsc is not needed: every file is checked against the signed list of sources by itself.
	(cd "$sources" && apt source --download-only quickjs musl fping socat glibc) >>"$cache/apt/log" 2>&1
	for name in quickjs musl fping socat glibc; do
		set -- "$sources/$name"_*.orig.tar.?z* "$sources/$name"_*.debian.tar.xz
		[ -f "$1" ] || give_up "the sources of $name were not had: $(grep '^E:' "$cache/apt/log" | head -n 1)"
	done
	rm -rf "$cache/apt"
	: >"$sources/complete"
}

# version NAME: of Debian's package.
version() {
	set -- "$sources/$1"_*.debian.tar.xz
	one="${1##*/}"
	one="${one#*_}"
	printf '%s' "${one%.debian.tar.xz}"
}

# unpack NAME: with Debian's changes, into $work/NAME.
unpack() {
	mkdir -p "$work/$1"
	for archive in "$sources/$1"_*.orig.tar.gz "$sources/$1"_*.orig.tar.bz2 "$sources/$1"_*.orig.tar.xz; do
		[ ! -f "$archive" ] || tar -xf "$archive" -C "$work/$1" --strip-components=1 || give_up "cannot unpack $archive"
	done
	tar -xf "$sources/$1_$(version "$1").debian.tar.xz" -C "$work/$1" || give_up "cannot unpack $1"
	[ -f "$work/$1/debian/patches/series" ] || return 0
	sed 's/ *#.*//; /^$/d' "$work/$1/debian/patches/series" | while read -r name _; do
		patch -s -p1 -d "$work/$1" <"$work/$1/debian/patches/$name" || exit 1
	done || give_up "Debian's changes do not fit $1"
}

# in_log NAME COMMAND...
in_log() {
	log="$work/$1.log"
	shift
	"$@" >>"$log" 2>&1 || give_up "$1 failed: $(grep -m 1 -iE 'error' "$log" || tail -n 1 "$log") ($log)"
}

# The parts of the compiler's library that do no arithmetic with fractions, and soft-fp for those that do.
INTEGER="_divdi3 _moddi3 _udivdi3 _umoddi3 _udivmoddi4 _divmoddi4 _muldi3 _ashldi3 _ashrdi3 _lshrdi3 _negdi2 _cmpdi2
	_ucmpdi2 _clz _clzsi2 _clzdi2 _ctzsi2 _ctzdi2 _ffssi2 _ffsdi2 _popcount_tab _popcountsi2 _popcountdi2 _paritysi2
	_paritydi2 _bswapsi2 _bswapdi2"
FRACTION="adddf3 addsf3 subdf3 subsf3 muldf3 mulsf3 divdf3 divsf3 negdf2 negsf2 eqdf2 eqsf2 gedf2 gesf2 ledf2 lesf2
	unorddf2 unordsf2 fixdfsi fixsfsi fixunsdfsi fixunssfsi fixdfdi fixsfdi fixunsdfdi fixunssfdi floatsidf floatsisf
	floatunsidf floatunsisf floatdidf floatdisf floatundidf floatundisf extendsfdf2 truncdfsf2"
soft_float() {
	mkdir -p "$work/glibc" "$work/libgcc"
	tar -xf "$sources"/glibc_*.orig.tar.xz -C "$work/glibc" --strip-components=1 --wildcards '*/soft-fp' \
		'*/stdlib/longlong.h' '*/sysdeps/mips/mips32/sfp-machine.h' '*/COPYING.LIB' || give_up "cannot unpack glibc"
	cd "$work/libgcc" || exit 1
	cp "$work/glibc/sysdeps/mips/mips32/sfp-machine.h" "$work/glibc/stdlib/longlong.h" . || exit 1
	# What else soft-fp wants of the C library it usually is part of.
	cat >around.h <<'END'
#define __LITTLE_ENDIAN __ORDER_LITTLE_ENDIAN__
#define __BIG_ENDIAN __ORDER_BIG_ENDIAN__
#define __BYTE_ORDER __BYTE_ORDER__
#define strong_alias(name, other) extern __typeof(name) other __attribute__((alias(#name)));
#define attribute_hidden
#define libc_hidden_def(name)
END
	for name in $FRACTION; do
		# shellcheck disable=SC2086
		in_log libgcc "$host-gcc" $flags -O2 -fno-pic -include ./around.h -I. -I"$work/glibc/soft-fp" \
			-c "$work/glibc/soft-fp/$name.c" -o "$name.o"
	done
	# shellcheck disable=SC2086
	library="$("$host-gcc" $flags -print-libgcc-file-name)"
	# shellcheck disable=SC2086
	for name in $INTEGER; do "$host-ar" x "$library" "$name.o" >>"$work/libgcc.log" 2>&1; done
	# Their marks say that they could be called with fractions in registers of the FPU; none has any.
	for name in _*.o; do in_log libgcc "$host-objcopy" -R .MIPS.abiflags -R .gnu.attributes "$name"; done
	in_log libgcc "$host-ar" rcsD "$root/lib/libgcc.a" ./*.o
	in_log libgcc "$host-ar" rcsD "$root/lib/libgcc_eh.a"
	cd "$repo" || exit 1
}

# A compiler for programs without any library but those in $root.
make_compiler() {
	unpack musl
	mkdir -p "$root/lib" "$root/bin" "$root/include"
	cd "$work/musl" || exit 1
	CC="$host-gcc $flags" AR="$host-ar" RANLIB="$host-ranlib" in_log musl ./configure --prefix="$root" --target="$target" \
		--disable-shared --enable-wrapper=gcc CFLAGS="-Os -pipe -ffunction-sections -fdata-sections"
	in_log musl make -j"$(nproc)"
	in_log musl make install
	cd "$repo" || exit 1
	for name in linux asm-generic; do ln -sf "$headers/$name" "$root/include/$name"; done
	ln -sf "$multiarch/asm" "$root/include/asm"
	printf '#!/bin/sh\nexec %s-gcc %s -B%s/lib/ -specs %s/lib/musl-gcc.specs -static -no-pie "$@"\n' \
		"$host" "$flags" "$root" "$root" >"$root/bin/cc"
	chmod 755 "$root/bin/cc"
	[ -z "$soft" ] || soft_float
}

SMALL="-pipe -ffunction-sections -fdata-sections -Wl,--gc-sections -s"

build_qjs() {
	unpack quickjs
	cd "$work/quickjs" || exit 1
	# 64-bit atomics are not in every processor, and no part of autonomy has threads. The interactive mode is left out.
	sed -i 's/^#define CONFIG_ATOMICS$//' quickjs.c
	sed -i 's/^#define USE_WORKER$//' quickjs-libc.c
	# Programs are started by our own file, but for those with another user or group, which the daemon has none of.
	start='int exec_start(const int *, const char *, const char *, int, char **, char **);'
	start="$start pid = uid == -1 \\&\\& gid == -1 ?"
	start="$start exec_start(std_fds, cwd, file, use_path, (char **)exec_argv, envp) : fork();"
	sed -i "s/^    pid = fork();\$/    ${start}/" quickjs-libc.c
	grep -q exec_start quickjs-libc.c || give_up "quickjs-libc.c starts programs otherwise than it did"
	# Names and places of variables are for eval() and debuggers; they are 0.2 MB of the daemon. -s would leave them out, too, but
	# with them the names of files, which import() asks for, and the lines in stacks; now --strip-source does.
	sed -i -e 's/(!fd->strip_debug || fd->has_eval_call)/(!fd->strip_source || fd->has_eval_call)/' \
		-e 's/(fd->strip_debug && !fd->has_eval_call)/(fd->strip_source \&\& !fd->has_eval_call)/' quickjs.c
	[ "$(grep -c 'fd->strip_source .. !*fd->has_eval_call' quickjs.c)" = 2 ] || give_up "quickjs.c is not what was changed here"
	printf '#include <inttypes.h>\nconst uint8_t qjsc_repl[1];\nconst uint32_t qjsc_repl_size = 0;\n' >repl.c
	# shellcheck disable=SC2086
	set -- $SMALL -O2 -fwrapv -D_GNU_SOURCE "-DCONFIG_VERSION=\"$(cat VERSION)\"" -w
	# What JavaScript allocates goes through this one file.
	in_log qjs "$root/bin/cc" "$@" -c quickjs.c -Dmalloc=blocks_malloc -Dfree=blocks_free -Drealloc=blocks_realloc \
		-Dmalloc_usable_size=blocks_usable_size
	in_log qjs "$root/bin/cc" "$@" quickjs.o "$repo/scripts/qjs-blocks.c" "$repo/scripts/qjs-exec.c" qjs.c \
		libregexp.c libunicode.c cutils.c quickjs-libc.c dtoa.c repl.c -lm -o "$out/qjs"
	cd "$repo" || exit 1
}

build_fping() {
	unpack fping
	cd "$work/fping" || exit 1
	in_log fping ./configure --host="$host" --disable-dependency-tracking CC="$root/bin/cc" CFLAGS="-Os $SMALL"
	in_log fping make -j"$(nproc)" -C src
	cp src/fping "$out/fping"
	cd "$repo" || exit 1
}

# With what the daemon uses of it: standard input and output, Unix, TCP and UDP sockets.
build_socat() {
	unpack socat
	cd "$work/socat" || exit 1
	in_log socat env sc_cv_sys_crdly_shift=9 sc_cv_sys_tabdly_shift=11 sc_cv_sys_csize_shift=4 ac_cv_have_z_modifier=yes \
		sc_cv_getprotobynumber_r=0 ./configure --host="$host" CC="$root/bin/cc" CFLAGS="-Os $SMALL -D_GNU_SOURCE" \
		--disable-openssl --disable-readline --disable-libwrap --disable-tun --disable-proxy --disable-socks4 \
		--disable-socks4a --disable-socks5 --disable-sctp --disable-dccp --disable-udplite --disable-vsock \
		--disable-posixmq --disable-pty --disable-exec --disable-system --disable-shell --disable-interface \
		--disable-rawip --disable-filan --disable-namespaces
	in_log socat make -j"$(nproc)" socat
	cp socat "$out/socat"
	cd "$repo" || exit 1
}

licences() {
	mkdir -p "$out/licences"
	for name in quickjs musl fping socat; do cp "$work/$name/debian/copyright" "$out/licences/$name"; done
	[ -z "$soft" ] || cp "$work/glibc/COPYING.LIB" "$out/licences/soft-fp"
	{
		for name in quickjs musl fping socat; do printf '%s %s\n' "$name" "$(version "$name")"; done
		[ -z "$soft" ] || printf 'glibc (soft-fp) %s\n' "$(version glibc)"
	} >"$out/versions"
	printf 'Sources: the packages of Debian trixie in these versions, built by scripts/runtime.sh of autonomy.\n' >"$out/licences/sources"
	cat "$out/versions" >>"$out/licences/sources"
}

fetch_sources
rm -rf "$work" "$out.new"
mkdir -p "$work" "$out.new" || give_up "cannot write to $cache"
place="$out"
out="$out.new"
make_compiler
build_qjs
build_fping
build_socat
licences
rm -rf "$place"
mv "$out" "$place"
rm -rf "$work"
for name in qjs fping socat; do printf 'build/runtime/%s/%s %s bytes\n' "$arch" "$name" "$(wc -c <"$place/$name")"; done

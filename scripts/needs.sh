#!/bin/sh
# Installs the Debian packages the tests, the lab and the benches use; says which are missing when it cannot.
# Nothing here is needed to build or to run the daemon on a router.
set -u

missing=""
need() { # need PROGRAM PACKAGE
	command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ] || missing="$missing $2"
}
need ip iproute2
need tc iproute2
need fping fping
need iptables-save iptables
need ipset ipset
need conntrack conntrack
need nft nftables
need busybox busybox
need ping iputils-ping
need socat socat
need unshare util-linux
need faketime faketime
need mosquitto mosquitto
need openssl openssl
need curl curl
need chromium chromium
need lua5.1 lua5.1
need shellcheck shellcheck
need signify-openbsd signify-openbsd
need qemu-arm qemu-user
need snmpd snmpd
need snmpwalk snmp
need collectd collectd-core

[ -z "$missing" ] && exit 0
missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing for tests and lab: $missing" >&2
	log=$(mktemp)
	if apt-get update >"$log" 2>&1 &&
		DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >>"$log" 2>&1; then
		rm -f "$log"
		exit 0
	fi
	tail -n 5 "$log" >&2
	rm -f "$log"
fi
echo "missing here: $missing- install them with your package manager; tests that need them are skipped and say so" >&2
exit 0

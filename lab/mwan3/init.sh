#!/bin/sh
# The lab's stand-in for /etc/init.d/mwan3: start, stop, restart, reload, running.
request=/var/run/mwan3-lab/request
case "$1" in start|stop|restart|reload|running|enabled) ;; *) echo "usage: $0 start|stop|restart|reload|running|enabled"; exit 1 ;; esac
[ -p "$request" ] || exit 1
answer=/var/run/mwan3-lab/answer.$$
mkfifo "$answer" || exit 1
echo "$answer $1" > "$request"
read -r code < "$answer"
rm -f "$answer"
exit "${code:-0}"

#!/bin/sh
# The lab's stand-in for mwan3's actor: same name, same environment, same exit codes. Hands the event to labd, which
# rebuilds what mwan3 would rebuild, and returns when that is done.
case "$ACTION" in ifup|ifdown|connected|disconnected) ;; *) exit 1 ;; esac
[ -n "$INTERFACE" ] || exit 2
[ "$FIRSTCONNECT" = 1 ] || [ "$MWAN3_SHUTDOWN" = 1 ] && exit 0
[ "$ACTION" = ifup ] || [ "$ACTION" = connected ] && [ -z "$DEVICE" ] && exit 3
request=/var/run/mwan3-lab/request
[ -p "$request" ] || exit 0
answer=/var/run/mwan3-lab/answer.$$
mkfifo "$answer" || exit 1
echo "$answer hotplug $ACTION $INTERFACE $DEVICE" > "$request"
read -r code < "$answer"
rm -f "$answer"
exit "${code:-0}"

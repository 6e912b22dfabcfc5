#!/bin/sh
# rpcd learns of the plugin and of the rights.
[ -z "${IPKG_INSTROOT:-}" ] || exit 0
root="${AUTONOMY_ROOT:-}"
[ -x "$root/etc/init.d/rpcd" ] && "$root/etc/init.d/rpcd" reload >/dev/null 2>&1
exit 0

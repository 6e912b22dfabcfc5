# shellcheck shell=sh disable=SC2034
# Made from contract/ by `npm run generate`; changes here are lost.

MAX_VERSIONS=10
MAX_CONFIG=65536
MAX_CALL=100000
MAX_SECTION=32768
MAX_LINE=1000

# Options whose values are never shown, and how the names of others look (extended expression, lower case).
SECRET_OPTIONS=' opencellid_api_key token user username password webhook_url routing_key url auth_token auth_username auth_password hmac_secret '
SECRET_NAMES='pass|secret|token|api_?key|auth_?key|private|credential|(^|_)(key|user|username|webhook_url)$'

# What rpcd is told: the methods with an example of each argument.
signature() {
	cat <<'END'
{"service":{},
"service_control":{"action":""},
"config_validate":{"text":""},
"backup":{"note":""},
"backup_list":{},
"backup_get":{"id":""},
"backup_download":{"id":""},
"backup_restore":{"id":"","text":"","accept_corrections":true},
"backup_delete":{"id":""},
"log":{"lines":32,"level":"","text":""},
"diagnostics_list":{},
"diagnostics":{"section":""},
"versions":{}}
END
}

# The arguments of method $1, one a line: name|type|need|least|most|format|default. False: there is no such method.
arguments() {
	case "$1" in
	service) ;;
	service_control)
		cat <<'END'
action|word|required|0|256|start stop restart reload enable disable|
END
		;;
	config_validate)
		cat <<'END'
text|string|optional|1|65536|text|
END
		;;
	backup)
		cat <<'END'
note|string|optional|0|80|line|
END
		;;
	backup_list) ;;
	backup_get)
		cat <<'END'
id|string|required|6|7|version|
END
		;;
	backup_download)
		cat <<'END'
id|string|required|6|7|version|
END
		;;
	backup_restore)
		cat <<'END'
id|string|optional|6|7|version|
text|string|optional|1|65536|text|
accept_corrections|bool|optional|0|256|-|0
END
		;;
	backup_delete)
		cat <<'END'
id|string|required|6|7|version|
END
		;;
	log)
		cat <<'END'
lines|int32|optional|1|500|-|200
level|word|optional|0|256|debug info warn error|debug
text|string|optional|0|64|line|
END
		;;
	diagnostics_list) ;;
	diagnostics)
		cat <<'END'
section|word|required|0|256|versions config validate service status members events network mwan3 system log|
END
		;;
	versions) ;;
	*) return 1 ;;
	esac
}

# The sections of the diagnostics, one a line: name, then what it holds.
sections() {
	cat <<'END'
versions versions of autonomy, system, kernel and the programs it uses
config /etc/config/autonomy
validate what is wrong with it
service the service as procd sees it
status status and health of the daemon
members every uplink with its figures
events the latest events and decisions
network ip rule, ip address and the routes of all tables
mwan3 configuration and status of mwan3
system load, memory, storage, uptime
log the log of autonomy, mwan3 and netifd
END
}

# One round of values for collectd's exec plugin; host and interval are set by collectd beside this file. What is not known
# is not sent.

# A part of an identifier: no slash, nothing that would end the quotes.
function part(text) {
	gsub(/[^A-Za-z0-9_.]/, "_", text)
	return text == "" ? "_" : substr(text, 1, 60)
}

function put(who, what, metric, factor,   value, plugin) {
	value = figure[metric, who]
	if (value == "") return
	value = value * factor
	plugin = who == "" ? "autonomy" : "autonomy-" part(who)
	printf "PUTVAL \"%s/%s/%s\" interval=%d N:%s\n", host, plugin, what, interval, sprintf(value == int(value) ? "%.0f" : "%.6g", value)
}

BEGIN {
	if (!load(ENVIRON["FIGURES"])) exit
	put("", "bool-online", "online", 1)
	put("", "count-alerts", "alerts", 1)
	put("", "derive-failovers", "failover_events_total", 1)
	put("", "uptime", "daemon_uptime_seconds", 1)
	for (at = 1; at <= members; at++) {
		who = names[at]
		put(who, "bool-primary", "member_primary", 1)
		put(who, "bool-eligible", "member_eligible", 1)
		put(who, "gauge-score", "interface_health_score", 1)
		put(who, "latency", "member_latency_seconds", 1)
		put(who, "latency-jitter", "member_jitter_seconds", 1)
		put(who, "percent-loss", "member_loss_percent", 1)
		put(who, "percent-obstruction", "member_obstruction_percent", 1)
		put(who, "signal_power", "member_signal_dbm", 1)
		put(who, "bitrate-received", "member_receive_bytes_per_second", 8)
		put(who, "bitrate-sent", "member_transmit_bytes_per_second", 8)
		put(who, "derive-outages", "member_outages_total", 1)
		put(who, "bytes-used", "data_used_bytes", 1)
		put(who, "bytes-limit", "data_limit_bytes", 1)
	}
}

# The OID tree for net-snmp: docs/alerts.md lists it. Called by snmp beside this file: base, mode (persist, get, next, set)
# and oid are set there.

function add(oid, kind, value) {
	if (value == "") return
	oids[++count] = oid
	place[oid] = count
	kinds[count] = kind
	values[count] = value
}

function whole(value, factor) {
	return value == "" ? "" : sprintf("%.0f", value * factor)
}

# Unsigned, 32 bits: counters wrap as counters do, gauges stay at their end.
function gauge(value, factor) {
	if (value == "") return ""
	value = value * factor
	return sprintf("%.0f", value < 0 ? 0 : value > 4294967295 ? 4294967295 : value)
}

function counter(value) {
	return value == "" ? "" : sprintf("%.0f", value % 4294967296)
}

function primary(   at) {
	for (at = 1; at <= members; at++) if (figure["member_primary", names[at]] == 1) return names[at]
	return ""
}

function column(number, kind, from, name, factor,   at, who, value) {
	for (at = 1; at <= members; at++) {
		who = names[at]
		value = from == "word" ? word[name, who] : figure[name, who]
		if (kind == "integer") value = whole(value, factor)
		else if (kind == "gauge") value = gauge(value, factor)
		else if (kind == "counter") value = counter(value)
		add(base ".2.1." number "." at, kind, value)
	}
}

function build(   at) {
	split("", oids)
	split("", place)
	split("", kinds)
	split("", values)
	count = 0
	if (!load(ENVIRON["FIGURES"])) return
	add(base ".1.1.0", "integer", whole(figure["online", ""], 1))
	add(base ".1.2.0", "string", primary())
	add(base ".1.3.0", "counter", counter(figure["failover_events_total", ""]))
	add(base ".1.4.0", "gauge", gauge(figure["alerts", ""], 1))
	add(base ".1.5.0", "timeticks", counter(figure["daemon_uptime_seconds", ""] * 100))
	add(base ".1.6.0", "string", word["version", ""])
	add(base ".1.7.0", "integer", members)
	for (at = 1; at <= members; at++) add(base ".2.1.1." at, "integer", at)
	for (at = 1; at <= members; at++) add(base ".2.1.2." at, "string", names[at])
	column(3, "string", "word", "class")
	column(4, "string", "word", "state")
	column(5, "integer", "figure", "member_primary", 1)
	column(6, "gauge", "figure", "interface_health_score", 1)
	column(7, "gauge", "figure", "member_latency_ms", 1)
	column(8, "gauge", "figure", "member_loss_percent", 10)
	column(9, "integer", "figure", "member_signal_dbm", 1)
	column(10, "gauge", "figure", "member_obstruction_percent", 10)
	column(11, "gauge", "figure", "member_receive_bytes_per_second", 1)
	column(12, "gauge", "figure", "member_transmit_bytes_per_second", 1)
	column(13, "counter", "figure", "member_outages_total")
	column(14, "counter", "figure", "member_switches_total")
	column(15, "gauge", "figure", "data_used_bytes", 0.000001)
	column(16, "gauge", "figure", "data_limit_bytes", 0.000001)
}

# At most every ten seconds: a walk asks a hundred times.
function refresh(   now) {
	srand()
	now = srand()
	if (built != "" && now >= built && now - built < 10) return
	built = now
	build()
}

# Below zero: one comes before the other; by numbers, as SNMP sorts.
function compare(one, other,   a, b, n, m, at) {
	n = split(substr(one, 2), a, ".")
	m = split(substr(other, 2), b, ".")
	for (at = 1; at <= n && at <= m; at++) if (a[at] + 0 != b[at] + 0) return a[at] - b[at]
	return n - m
}

function after(oid,   at) {
	if (oid in place) return place[oid] + 1
	for (at = 1; at <= count; at++) if (compare(oids[at], oid) > 0) return at
	return count + 1
}

function answer(mode, oid,   at) {
	refresh()
	if (oid !~ /^\.[0-9]+(\.[0-9]+)*$/) at = 0
	else if (mode == "next") at = after(oid)
	else at = (oid in place) ? place[oid] : 0
	if (at < 1 || at > count) return ""
	return oids[at] "\n" kinds[at] "\n" values[at]
}

BEGIN {
	if (mode == "set") {
		print "not-writable"
		exit
	}
	if (mode != "persist") {
		found = answer(mode, oid)
		if (found != "") print found
		exit
	}
	while ((getline line) > 0) {
		if (line == "PING") print "PONG"
		else if (line == "get" || line == "getnext") {
			if ((getline oid) <= 0) exit
			found = answer(line == "get" ? "get" : "next", oid)
			print (found == "" ? "NONE" : found)
		} else if (line == "set") {
			getline oid
			getline line
			print "not-writable"
		} else exit
		fflush()
	}
}

# Reads the file of figures the daemon writes (metrics.textfile, Prometheus text format 0.0.4) for snmp and collectd beside
# this file. Leaves: names[1..members], figure[metric, member], word["class"|"state", member]; members in the order of the
# file, which is the owner's; figure[metric, ""] for those of the whole router, figure[metric, ""] summed where they have a
# label of their own. Everything in a label is hostile: control characters become blanks.

# A line of the file: leaves metric, label[], number. 0 when it is none.
function parse(line,   at, name, text, c, end) {
	split("", label)
	metric = line
	sub(/[ {].*/, "", metric)
	at = length(metric) + 1
	if (substr(line, at, 1) == "{") {
		at++
		while (substr(line, at, 1) != "}") {
			end = index(substr(line, at), "=\"")
			if (end == 0) return 0
			name = substr(line, at, end - 1)
			at += end + 1
			text = ""
			while ((c = substr(line, at, 1)) != "\"") {
				if (c == "") return 0
				if (c == "\\") {
					c = substr(line, ++at, 1)
					if (c == "n") c = " "
				}
				text = text c
				at++
			}
			gsub(/[\001-\037\177]/, " ", text)
			label[name] = text
			at++
			if (substr(line, at, 1) == ",") at++
		}
		at++
	}
	number = substr(line, at + 1)
	return number ~ /^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$/
}

# Nothing is read from a file older than two minutes: the daemon that wrote it is gone.
function load(path,   line, who) {
	split("", names)
	split("", seen)
	split("", figure)
	split("", word)
	members = 0
	line = ""
	# The path is in the environment, never in the command.
	fresh = "find \"$FIGURES\" -mmin -2 2>/dev/null"
	fresh | getline line
	close(fresh)
	if (line == "") return 0
	while ((getline line <path) > 0) {
		if (line !~ /^autonomy_/ || line ~ /^autonomy_member_status.* 0$/ || !parse(line)) continue
		sub(/^autonomy_/, "", metric)
		who = ("member" in label) ? label["member"] : ""
		if (who != "" && !(who in seen) && members < 64) {
			seen[who] = 1
			names[++members] = who
		}
		if (metric == "daemon_version_info") word["version", ""] = label["version"]
		else if (metric == "member_status") word["state", who] = label["state"]
		else if (who == "") figure[metric, ""] += number
		else figure[metric, who] = number
		if ("class" in label) word["class", who] = label["class"]
	}
	close(path)
	return 1
}

# Log lines to the reply of method log. Environment: LINES_WANTED, LEVEL, WANTED (text), MAX_LINE, LOG_HEAD.

BEGIN {
	split("debug info warn error", order, " ")
	for (i in order) rank[order[i]] = i
	least = rank[ENVIRON["LEVEL"]]
	wanted = tolower(ENVIRON["WANTED"])
	head = ENVIRON["LOG_HEAD"] "autonomy[a-z]*(\\[[0-9]+\\])?: "
	max = ENVIRON["LINES_WANTED"] + 0
	for (i = 1; i < 32; i++) control = control sprintf("%c", i)
	control = "[" control "\177]"
}

# syslog's priorities as ours.
function level_of(priority) {
	sub(/^.*\./, "", priority)
	if (priority ~ /^(emerg|alert|crit|err|error)$/) return "error"
	if (priority ~ /^(warn|warning)$/) return "warn"
	if (priority ~ /^(debug|trace)$/) return "debug"
	return "info"
}

# The value of a plain text member near the start of a JSON line.
function member(text, name,   at) {
	at = index(text, "\"" name "\":\"")
	if (!at) return ""
	text = substr(text, at + length(name) + 4, 40)
	return substr(text, 1, index(text, "\"") - 1)
}

function json(text) {
	gsub(/[\\"]/, "\\\\&", text)
	gsub(control, "?", text)
	return "\"" text "\""
}

{
	# The text may say anything, also what looks like the beginning of a line.
	if (!match($0, head)) next
	text = substr($0, RLENGTH + 1)
	words = split(substr($0, 1, RLENGTH - 2), part, " ")
	tag = part[words]
	sub(/\[.*$/, "", tag)
	level = level_of(part[words - 1])
	time = part[1]
	for (i = 2; i < words - 1; i++) time = time " " part[i]
	if (text ~ /^\{/) {
		own = member(text, "level")
		if (own != "") level = level_of(own)
		own = member(text, "ts")
		if (own ~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T/) time = own
	}
	if (rank[level] < least) next
	if (wanted != "" && index(tolower(text), wanted) == 0) next
	if (length(text) > ENVIRON["MAX_LINE"]) text = substr(text, 1, ENVIRON["MAX_LINE"])
	line[++count % max] = "{\"time\":" json(time) ",\"level\":\"" level "\",\"tag\":" json(tag) ",\"text\":" json(text) "}"
}

END {
	# Brackets: a bare > would name a file.
	more = (count > max)
	first = more ? count - max + 1 : 1
	printf "{\"lines\":["
	for (i = first; i <= count; i++) printf "%s%s", (i == first ? "" : ","), line[i % max]
	printf "],\"more\":%s}\n", (more ? "true" : "false")
}

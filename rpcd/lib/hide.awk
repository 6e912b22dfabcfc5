# Free text (logs, replies, output of programs) with secrets replaced: the values that the file SECRETS lists, one a line,
# and what stands behind a word like password. With HIDE=all also positions, what tells them (cells), numbers of modem and
# SIM, and MAC addresses, also those inside IPv6 addresses.

BEGIN {
	all = ENVIRON["HIDE"] == "all"
	# Shorter ones would tear holes into every text.
	while ((getline line < ENVIRON["SECRETS"]) > 0) if (length(line) >= 4) secret[++secrets] = line
	# These may go on (password_hash); the others may not: lat_ms is a latency.
	word = "(pass(word|wd|phrase)?|secret|token|api_?key|auth_?key|credentials?)[a-z_]*"
	place = "(lat|lon|lng|latitude|longitude|altitude|altitude_m|cell_?id|eci|nci|ci|cid|pci|pcid|tac|lac|enb_id)"
	number = "(imei|imsi|iccid|serial|msisdn)"
	x = "[0-9A-Fa-f]"
	mac = x x ":" x x ":" x x ":" x x ":" x x ":" x x
	dashed = x x "-" x x "-" x x "-" x x "-" x x "-" x x
	eui = "(" x "+:)?" x "*[Ff][Ff]:[Ff][Ee]" x x ":" x "+"
	decimal = "-?[0-9]+\\.[0-9][0-9][0-9]+"
	pair = decimal "[ ]*[,;/ ][ ]*" decimal
	# A text, a text inside a text, or a bare word. Texts may have been cut short.
	value = "(\"(\\\\.|[^\"\\\\])*\"?|\\\\\"([^\"\\\\]|\\\\\\\\\\\\?.)*(\\\\\")?|[^],;& }\"]+)"
}

function replace_text(line, what, with,   out, at) {
	out = ""
	while ((at = index(line, what)) > 0) {
		out = out substr(line, 1, at - 1) with
		line = substr(line, at + length(what))
	}
	return out line
}

# What stands behind NAME: or NAME= , JSON or not, also JSON inside JSON.
function hide_after(line, name, with,   out, low, at, end, key) {
	out = ""
	key = "(^|[^a-z])" name "\\\\?[\"\047]?[ ]*[:=][ ]*"
	while (line != "") {
		low = tolower(line)
		if (!match(low, key)) break
		at = RSTART
		end = RSTART + RLENGTH
		out = out substr(line, 1, end - 1)
		line = substr(line, end)
		if (match(line, "^" value)) {
			# A table or list is not a value; what is in it has its own names.
			if (substr(line, 1, 1) ~ /[{[]/) continue
			out = out with
			line = substr(line, RLENGTH + 1)
		}
	}
	return out line
}

{
	line = $0
	for (i = 1; i <= secrets; i++) line = replace_text(line, secret[i], "***")
	line = hide_after(line, word, "\"***\"")
	if (all) {
		line = hide_after(line, place, "\"[position]\"")
		line = hide_after(line, number, "\"[number]\"")
		gsub(pair, "[position]", line)
		gsub(mac, "[mac]", line)
		gsub(dashed, "[mac]", line)
		gsub(eui, "[mac]", line)
	}
	print line
}

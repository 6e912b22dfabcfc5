# Addresses, names of networks and telephone numbers out of free text; comes after rpcd/lib/hide.awk, which takes secrets,
# positions and MAC addresses. STRICT: also paths, quoted names, mail addresses, and the name of this router (HOST).

BEGIN {
	strict = ENVIRON["STRICT"] != ""
	host = ENVIRON["HOST"]
	byte = "[0-9][0-9]?[0-9]?"
	ip4 = byte "\\." byte "\\." byte "\\." byte "(/[0-9]+)?"
	x = "[0-9A-Fa-f]+"
	# With :: in it, or all eight groups; a time of day has neither.
	ip6 = "(" x ":)*(" x ")?::(" x ":)*(" x ")?(%[a-z0-9.-]+)?(/[0-9]+)?"
	full = x ":" x ":" x ":" x ":" x ":" x ":" x ":" x "(/[0-9]+)?"
	# A name may hold spaces when it is in quotes.
	named = "(\"[^\"]*\"?|\047[^\047]*\047?|[^ ,;}]+)"
}

# What stands behind NAME: or NAME=.
function after(line, name, with,   out, at) {
	out = ""
	while (match(tolower(line), "(^|[^a-z])" name "[\"\047]?[ ]*[:=][ ]*")) {
		at = RSTART + RLENGTH
		out = out substr(line, 1, at - 1)
		line = substr(line, at)
		if (match(line, "^" named)) {
			out = out with
			line = substr(line, RLENGTH + 1)
		}
	}
	return out line
}

function replace_text(line, what, with,   out, at) {
	out = ""
	while (what != "" && (at = index(line, what)) > 0) {
		out = out substr(line, 1, at - 1) with
		line = substr(line, at + length(what))
	}
	return out line
}

{
	line = after($0, "(e?ssid|bssid|psk|key)", "[redacted]")
	gsub(ip4, "[ip]", line)
	gsub(full, "[ip]", line)
	gsub(ip6, "[ip]", line)
	gsub(/\+[0-9][0-9 ()-][0-9 ()-][0-9 ()-][0-9 ()-][0-9 ()-][0-9 ()-]+[0-9]/, "[phone]", line)
	gsub(/(^|[^0-9.])0[0-9][0-9][0-9 -][0-9 -][0-9][0-9][0-9][0-9]+/, " [phone]", line)
	if (strict) {
		gsub(/[A-Za-z0-9._-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+/, "[user]", line)
		gsub(/\/[A-Za-z0-9_.@-]+(\/[A-Za-z0-9_.@-]*)+/, "[path]", line)
		gsub(/"[^"]+"/, "\"[name]\"", line)
		if (length(host) >= 3) line = replace_text(line, host, "[user]")
	}
	print line
}

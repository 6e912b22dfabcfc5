# UCI text with the values of secret options replaced by '***'. Reads words by the rules of libuci: single quotes take
# everything, double quotes and bare words know a backslash, quotes may span lines, `#` ends the line. Where libuci is odd
# (`;`, broken quotes) more is hidden, never less.
#
# Environment: SECRET_OPTIONS, SECRET_NAMES (lib/contract.sh); COUNT: file for the number of values that were hidden;
# VALUES: if set, nothing but those values is printed, one line each.

BEGIN {
	options = ENVIRON["SECRET_OPTIONS"]
	names = ENVIRON["SECRET_NAMES"]
	only_values = ENVIRON["VALUES"] != ""
	start_command()
}

function start_command() {
	n = 0
	hide = 0
	keyword = 0
	inside = 0
	word = ""
}

function is_secret(name) {
	return index(options, " " name " ") > 0 || tolower(name) ~ names
}

# The words of a command: option, NAME, value.
function end_word() {
	if (!inside) return
	inside = 0
	n++
	if (n == 1) keyword = word == "option" || word == "o" || word == "list" || word == "l"
	else if (n == 2) hide = keyword && is_secret(word)
	else if (hide) put_hidden()
	word = ""
}

function put_hidden() {
	if (only_values) {
		if (word != "") print word
	} else if (word == "") out = out "\047\047"
	else out = out "\047***\047"
	if (word != "") hidden++
}

# Text that is shown unless it belongs to a secret.
function put(text) {
	if (!(hide && n >= 2)) out = out text
}

function bare_value(text) {
	sub(/[ \t\r]+$/, "", text)
	gsub(/^["\047]|["\047]$/, "", text)
	return text
}

function comment(text,   bare, name) {
	bare = text
	sub(/^[# \t]+/, "", bare)
	if (bare !~ /^(option|list|o|l)[ \t]/) return text
	sub(/^[a-z]+[ \t]+/, "", bare)
	name = bare
	sub(/[ \t].*$/, "", name)
	gsub(/["\047\\]/, "", name)
	if (!is_secret(name)) return text
	sub(/^[^ \t]+[ \t]*/, "", bare)
	if (bare == "" || bare == "\047\047") return text
	hidden++
	if (only_values) {
		print bare_value(bare)
		return ""
	}
	return substr(text, 1, length(text) - length(bare)) "\047***\047"
}

# Where the value of a secret seems to stand in a line, whatever the quotes before it say; 0: nowhere.
function seems_secret(line,   rest, from, name) {
	from = 0
	rest = line
	while (match(rest, /(option|list|o|l)[ \t]+["\047]?[A-Za-z0-9_]+["\047]?[ \t]+/)) {
		name = substr(rest, RSTART, RLENGTH)
		sub(/^[a-z]+[ \t]+/, "", name)
		gsub(/["\047 \t]/, "", name)
		from += RSTART + RLENGTH - 1
		rest = substr(line, from + 1)
		if (is_secret(name) && rest !~ /^("")?(\047\047)?[ \t\r]*$/) return from + 1
	}
	return 0
}

{
	out = ""
	joined = 0
	hidden_before = hidden
	len = length($0)
	for (i = 1; i <= len; i++) {
		c = substr($0, i, 1)
		if (quote != "") {
			put(c)
			if (c == quote) quote = ""
			else if (c == "\\" && quote == "\"" && i < len) {
				c = substr($0, ++i, 1)
				put(c)
				word = word c
			} else word = word c
		} else if (c == " " || c == "\t" || c == "\r" || c == "\v" || c == "\f") {
			end_word()
			out = out c
		} else if (c == "#" || c == ";") {
			was = hide && (inside || n >= 2)
			end_word()
			rest = substr($0, i)
			if (was) {
				# Perhaps a piece of the value that somebody forgot to quote.
				if (rest !~ /^#/ || i == 1 || substr($0, i - 1, 1) !~ /[ \t]/) rest = c " ***"
				out = out rest
				break
			}
			if (c == "#") {
				out = out comment(rest)
				break
			}
			out = out c
			start_command()
		} else if (c == "\\" && i == len) {
			joined = 1
			if (!inside) out = out c
			else put(c)
		} else {
			inside = 1
			if (c == "\"" || c == "\047") {
				quote = c
				put(c)
			} else if (c == "\\") {
				put(c)
				c = substr($0, ++i, 1)
				put(c)
				word = word c
			} else {
				put(c)
				word = word c
			}
		}
	}
	if (quote != "") word = word "\n"
	else if (!joined) {
		end_word()
		start_command()
	}
	# A quote that is open where it should not be turns the file inside out.
	if (hidden == hidden_before && !(hide && n >= 2) && (at = seems_secret($0))) {
		hidden++
		if (only_values) print bare_value(substr($0, at))
		out = substr($0, 1, at - 1) "\047***\047"
	}
	if (only_values) next
	# A hidden value that goes on in the next line is put there, as one.
	printf "%s%s", out, (hide && n >= 2 && inside ? "" : "\n")
}

END {
	if (quote != "" && hide && n >= 2) {
		out = ""
		put_hidden()
		if (!only_values) print out
	}
	if (ENVIRON["COUNT"] != "") print hidden + 0 > ENVIRON["COUNT"]
}

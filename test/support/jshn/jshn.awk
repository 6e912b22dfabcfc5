# Stand-in for libubox's program jshn, for machines without it: with MODE=read the JSON object JSON becomes calls of the
# functions in jshn.sh, with MODE=write the exported variables become JSON again. Stricter than the real one, which also
# takes comments and single quotes. As there, a text ends at \u0000 and numbers with a fraction keep six decimals.

BEGIN {
	for (i = 1; i < 256; i++) ord[sprintf("%c", i)] = i
	if (ENVIRON["MODE"] == "write") {
		printf "%s\n", table("J_V", "{", "}")
		exit 0
	}
	text = ENVIRON["JSON"]
	len = length(text)
	at = 1
	made = "json_init;\n"
	blank()
	if (substr(text, at, 1) != "{") fail()
	members()
	blank()
	# The real one does not mind what follows.
	printf "%s", made
}

function fail() {
	print "Failed to parse message data" > "/dev/stderr"
	exit 1
}

function blank() {
	while (at <= len && index(" \t\r\n", substr(text, at, 1))) at++
}

function members(   name, first) {
	if (++depth > 32) fail()
	at++
	first = 1
	for (;;) {
		blank()
		if (substr(text, at, 1) == "}") break
		if (!first) {
			if (substr(text, at, 1) != ",") fail()
			at++
			blank()
		}
		first = 0
		if (substr(text, at, 1) != "\"") fail()
		name = string()
		gsub(/[^A-Za-z0-9]/, "_", name)
		blank()
		if (substr(text, at++, 1) != ":") fail()
		element(name)
	}
	at++
	depth--
}

function items(   n) {
	if (++depth > 32) fail()
	at++
	n = 0
	for (;;) {
		blank()
		if (substr(text, at, 1) == "]") break
		if (n > 0) {
			if (substr(text, at, 1) != ",") fail()
			at++
		}
		element(n++)
	}
	at++
	depth--
}

function element(name,   c, rest, value) {
	blank()
	c = substr(text, at, 1)
	if (c == "{") {
		made = made "json_add_object \047" name "\047;\n"
		members()
		made = made "json_close_object;\n"
	} else if (c == "[") {
		made = made "json_add_array \047" name "\047;\n"
		items()
		made = made "json_close_array;\n"
	} else if (c == "\"") {
		value = string()
		gsub(/\047/, "\047\\\047\047", value)
		made = made "json_add_string \047" name "\047 \047" value "\047;\n"
	} else {
		rest = substr(text, at, 400)
		if (match(rest, /^(true|false|null)/)) {
			value = substr(rest, 1, RLENGTH)
			if (value == "null") made = made "json_add_null \047" name "\047;\n"
			else made = made "json_add_boolean \047" name "\047 " (value == "true" ? 1 : 0) ";\n"
		} else if (match(rest, /^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?/)) {
			value = substr(rest, 1, RLENGTH)
			if (value ~ /[.eE]/) made = made "json_add_double \047" name "\047 " sprintf("%f", value) ";\n"
			else made = made "json_add_int \047" name "\047 " int64(value) ";\n"
		} else fail()
		at += RLENGTH
	}
}

function int64(digits) {
	if (length(digits) <= 18) return digits
	return digits ~ /^-/ ? "-9223372036854775808" : "9223372036854775807"
}

function string(   out, c, code, ended, piece) {
	out = ""
	at++
	for (;;) {
		piece = substr(text, at, 4000)
		if (!match(piece, /["\\]/)) {
			if (length(piece) < 4000) fail()
			out = ended ? out : out piece
			at += 4000
			continue
		}
		if (!ended) out = out substr(piece, 1, RSTART - 1)
		at += RSTART
		if (substr(piece, RSTART, 1) == "\"") return out
		c = substr(text, at++, 1)
		if (c == "u") {
			code = hex(substr(text, at, 4))
			at += 4
			if (code >= 55296 && code < 56320 && substr(text, at, 2) == "\\u") {
				code = 65536 + (code - 55296) * 1024 + hex(substr(text, at + 2, 4)) - 56320
				at += 6
			}
			if (code == 0) ended = 1
			c = utf8(code)
		} else {
			if (!index("\"\\/bfnrt", c) || c == "") fail()
			if (index("bfnrt", c)) c = substr("\b\f\n\r\t", index("bfnrt", c), 1)
		}
		if (!ended) out = out c
	}
}

function hex(digits,   i, n) {
	if (digits !~ /^[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f]$/) fail()
	for (i = 1; i <= 4; i++) n = n * 16 + index("0123456789abcdef", tolower(substr(digits, i, 1))) - 1
	return n
}

function utf8(code) {
	if (code < 128) return sprintf("%c", code)
	if (code < 2048) return sprintf("%c%c", 192 + int(code / 64), 128 + code % 64)
	if (code < 65536) return sprintf("%c%c%c", 224 + int(code / 4096), 128 + int(code / 64) % 64, 128 + code % 64)
	return sprintf("%c%c%c%c", 240 + int(code / 262144), 128 + int(code / 4096) % 64, 128 + int(code / 64) % 64, 128 + code % 64)
}

function table(name, open, close_,   key, n, i, id, out, shown) {
	n = split(ENVIRON["K_" name], key, " ")
	out = ""
	for (i = 1; i <= n; i++) {
		id = name "_" key[i]
		if (!(("T_" id) in ENVIRON)) continue
		shown = ("N_" id) in ENVIRON ? ENVIRON["N_" id] : key[i]
		out = out (out == "" ? " " : ", ") (open == "{" ? quoted(shown) ": " : "") written(ENVIRON["T_" id], ENVIRON[id])
	}
	return open out " " close_
}

function written(type, value) {
	if (type == "object") return table(value, "{", "}")
	if (type == "array") return table(value, "[", "]")
	if (type == "string") return quoted(value)
	if (type == "boolean") return value + 0 ? "true" : "false"
	if (type == "int") return value ~ /^-?[0-9]+$/ ? value : "0"
	if (type == "double") return sprintf("%f", value)
	return "null"
}

function quoted(value,   out, piece, c) {
	out = ""
	while (match(value, /["\\\001-\037]/)) {
		c = substr(value, RSTART, 1)
		out = out substr(value, 1, RSTART - 1)
		out = out (c == "\"" || c == "\\" ? "\\" c : sprintf("\\u%04x", ord[c]))
		value = substr(value, RSTART + 1)
	}
	return "\"" out value "\""
}

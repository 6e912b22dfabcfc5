/**
 * The grammar of UCI as examples: text and the canonical form libuci gives it (names of anonymous sections written out),
 * or text and the error. against-uci.test.ts holds the same tables against a real `uci` command.
 */
export interface GoodCase {
	readonly name: string;
	readonly text: string;
	/** As `uci -n export` prints it, without the header and the last blank line. */
	readonly canonical: string;
}

export const GOOD: readonly GoodCase[] = [
	{ name: "nothing at all", text: "", canonical: "" },
	{ name: "only comments and blank lines", text: "# one\n\n  # two\n\t\n", canonical: "" },
	{
		name: "named section, option, list",
		text: "config interface 'wan'\n\toption proto 'dhcp'\n\tlist dns '1.1.1.1'\n\tlist dns '9.9.9.9'\n",
		canonical: "\nconfig interface 'wan'\n\toption proto 'dhcp'\n\tlist dns '1.1.1.1'\n\tlist dns '9.9.9.9'\n",
	},
	{
		name: "one-letter words, no indentation, no line end at the end",
		text: "p pkg\nc t n\no a 1\nl b 2\nl b 3",
		canonical: "\nconfig t 'n'\n\toption a '1'\n\tlist b '2'\n\tlist b '3'\n",
	},
	{
		name: "anonymous sections: ordinal counts named ones too, hash of the type",
		text: "config first 'f'\nconfig anon\n\toption x 1\nconfig anon\n",
		canonical: "\nconfig first 'f'\n\nconfig anon 'cfg0222f1'\n\toption x '1'\n\nconfig anon 'cfg0322f1'\n",
	},
	{
		name: "re-opening a section does not count it again",
		text: "config a n\nconfig a n\nconfig anon\n",
		canonical: "\nconfig a 'n'\n\nconfig anon 'cfg0222f1'\n",
	},
	{
		name: "a section opened again goes on, at its first place",
		text: "config a n\n option x 1\nconfig b m\nconfig a n\n option y 2\n option x 3\n",
		canonical: "\nconfig a 'n'\n\toption x '3'\n\toption y '2'\n\nconfig b 'm'\n",
	},
	{
		name: "an empty name is no name",
		text: "config anon ''\n",
		canonical: "\nconfig anon 'cfg0122f1'\n",
	},
	{
		name: "the same option twice: the last one, at the first place",
		text: "config a n\n option x 1\n option y 2\n option x 3\n",
		canonical: "\nconfig a 'n'\n\toption x '3'\n\toption y '2'\n",
	},
	{
		name: "option, then list: a list of both",
		text: "config a n\n option x 1\n option y 2\n list x 3\n",
		canonical: "\nconfig a 'n'\n\tlist x '1'\n\tlist x '3'\n\toption y '2'\n",
	},
	{
		name: "list, then option: a string",
		text: "config a n\n list x 1\n list x 2\n option x 3\n",
		canonical: "\nconfig a 'n'\n\toption x '3'\n",
	},
	{
		name: "empty means not set, and does not clear an earlier value",
		text: "config a n\n option x ''\n option y\n option z 1\n option z ''\n",
		canonical: "\nconfig a 'n'\n\toption z '1'\n",
	},
	{
		name: "empty list items are kept",
		text: "config a n\n list x ''\n list x\n list x 1\n",
		canonical: "\nconfig a 'n'\n\tlist x ''\n\tlist x ''\n\tlist x '1'\n",
	},
	{
		name: "pieces join: bare, single, double",
		text: "config a n\n option x a'b'c\"d\"e\n",
		canonical: "\nconfig a 'n'\n\toption x 'abcde'\n",
	},
	{
		name: "single quotes take backslashes, # and ; as they are",
		text: "config a n\n option x 'a\\n#;\"b'\n",
		canonical: "\nconfig a 'n'\n\toption x 'a\\n#;\"b'\n",
	},
	{
		name: "no C escapes: backslash n is the letter n",
		text: 'config a n\n option x "a\\nb\\"c\\\\d"\n option y a\\nb\\ c\\#d\n',
		canonical: "\nconfig a 'n'\n\toption x 'anb\"c\\d'\n\toption y 'anb c#d'\n",
	},
	{
		name: "the quote itself, canonical and in double quotes",
		text: "config a n\n option x 'it'\\''s'\n option y \"it's\"\n",
		canonical: "\nconfig a 'n'\n\toption x 'it'\\''s'\n\toption y 'it'\\''s'\n",
	},
	{
		name: "a comment begins in the middle of a bare word",
		text: "config a n # word\n option x a#b\n option y 'a'#b\n",
		canonical: "\nconfig a 'n'\n\toption x 'a'\n\toption y 'a'\n",
	},
	{
		name: "values over several lines",
		text: "config a n\n option x 'one\n\ttwo\n\nthree'\n option y \"one\ntwo\"\n",
		canonical: "\nconfig a 'n'\n\toption x 'one\n\ttwo\n\nthree'\n\toption y 'one\ntwo'\n",
	},
	{
		name: "backslash and line end join lines, in bare words and double quotes",
		text: 'config a n\n option x ab\\\ncd\n option y "ab\\\ncd"\n option \\\nz 1\n',
		canonical: "\nconfig a 'n'\n\toption x 'abcd'\n\toption y 'abcd'\n\toption z '1'\n",
	},
	{
		name: "CRLF line ends",
		text: "config a n\r\n\toption x 1\r\n\r\n\toption y 'z'\r\n\toption w ab\\\r\ncd\r\n",
		canonical: "\nconfig a 'n'\n\toption x '1'\n\toption y 'z'\n\toption w 'abcd'\n",
	},
	{
		name: "blanks of all kinds between words",
		text: " \t config \t a   n  \n\v\f option  x\v'1' \t \n",
		canonical: "\nconfig a 'n'\n\toption x '1'\n",
	},
	{
		name: "UTF-8 passes through",
		text: "config a n\n option ssid 'Käsekuchen 🧀'\n",
		canonical: "\nconfig a 'n'\n\toption ssid 'Käsekuchen 🧀'\n",
	},
	{
		name: "types may hold any printable character",
		text: "config a-b.c/d@e! n\n",
		canonical: "\nconfig a-b.c/d@e! 'n'\n",
	},
	{
		name: "a package line inside is accepted and means nothing",
		text: "package some-thing\nconfig a n\npackage other\n option x 1\n",
		canonical: "\nconfig a 'n'\n\toption x '1'\n",
	},
	{
		name: "; after a bare word swallows the rest of the line",
		text: "config a n; option x 1\n option y 2\n",
		canonical: "\nconfig a 'n'\n\toption y '2'\n",
	},
	{
		name: "; after a quoted word, or standing alone, separates commands",
		text: "config a 'n'; option x 1\nconfig b m ; option y 2\n",
		canonical: "\nconfig a 'n'\n\toption x '1'\n\nconfig b 'm'\n\toption y '2'\n",
	},
];

export interface BadCase {
	readonly name: string;
	readonly text: string;
	readonly reason: string;
	readonly line: number;
	readonly byte: number;
}

export const BAD: readonly BadCase[] = [
	{ name: "a word that is no command", text: "config a n\nfoo bar\n", reason: "invalid command", line: 2, byte: 0 },
	{ name: "a longer word", text: "  configs a n\n", reason: "invalid command", line: 1, byte: 2 },
	{ name: "a lone command", text: "config\n", reason: "invalid command", line: 1, byte: 0 },
	{ name: "a byte order mark", text: "\uFEFFconfig a n\n", reason: "invalid command", line: 1, byte: 0 },
	{ name: "; at the end behind a quote", text: "config a 'n';\n", reason: "invalid command", line: 1, byte: 13 },
	{ name: "too many words for a section", text: "config a n m\n", reason: "too many arguments", line: 1, byte: 13 },
	{
		name: "too many words for an option",
		text: "config a n\n\toption x 1 2\n",
		reason: "too many arguments",
		line: 2,
		byte: 14,
	},
	{
		name: "joined lines still separate words",
		text: "config a n\n\toption x 1\\\n\t2\n",
		reason: "too many arguments",
		line: 3,
		byte: 15,
	},
	{ name: "no type", text: "config \n", reason: "insufficient arguments", line: 1, byte: 8 },
	{ name: "an empty type", text: "config '' n\n", reason: "insufficient arguments", line: 1, byte: 10 },
	{ name: "no option name", text: "config a n\noption \n", reason: "insufficient arguments", line: 2, byte: 8 },
	{
		name: "an option outside",
		text: "option x 1\n",
		reason: "option/list command found before the first section",
		line: 1,
		byte: 0,
	},
	{
		name: "a list outside",
		text: "# comment\n list x 1\n",
		reason: "option/list command found before the first section",
		line: 2,
		byte: 1,
	},
	{
		name: "a dash in an option name",
		text: "config a n\n option x-y 1\n",
		reason: "invalid character in name field",
		line: 2,
		byte: 12,
	},
	{
		name: "a dot in a section name",
		text: "config a n.m\n",
		reason: "invalid character in name field",
		line: 1,
		byte: 13,
	},
	{
		name: "umlaut in a name: bytes are counted",
		text: "config a 'nä'\n",
		reason: "invalid character in name field",
		line: 1,
		byte: 15,
	},
	{ name: "umlaut in a type", text: "config ä n\n", reason: "invalid character in type field", line: 1, byte: 10 },
	{
		name: "a dot in a package name",
		text: "package a.b\n",
		reason: "invalid character in name field",
		line: 1,
		byte: 12,
	},
	{
		name: "another type for the same name",
		text: "config a n\nconfig b n\n",
		reason: "section of different type overwrites prior section with same name",
		line: 2,
		byte: 11,
	},
	{
		name: "an open single quote",
		text: "config a n\n option x 'abc\ndef\n",
		reason: "EOF with unterminated '",
		line: 3,
		byte: 19,
	},
	{
		name: "an open double quote",
		text: 'config a n\n option x "abc\\"\n',
		reason: 'EOF with unterminated "',
		line: 2,
		byte: 17,
	},
];

export interface DeltaCase {
	readonly name: string;
	readonly delta: string;
	readonly canonical: string;
	/** Texts of the warnings, with their lines. */
	readonly ignored?: readonly string[];
}

/** What every delta case starts from: package d. */
export const DELTA_BASE =
	"config t 'main'\n\toption a '1'\n\tlist l 'x'\n\tlist l 'y'\nconfig t 'second'\nconfig anon\n";
const SECOND = "\nconfig t 'second'\n";
const ANON = "\nconfig anon 'cfg0322f1'\n";
const MAIN = "\nconfig t 'main'\n\toption a '1'\n\tlist l 'x'\n\tlist l 'y'\n";
const AFTER_MAIN = SECOND + ANON;

export const DELTAS: readonly DeltaCase[] = [
	{ name: "nothing", delta: "", canonical: MAIN + AFTER_MAIN },
	{
		name: "set: change, new, with a quote, over lines",
		delta: "d.main.a='it'\\''s'\nd.main.b='one\ntwo'\n",
		canonical: `\nconfig t 'main'\n\toption a 'it'\\''s'\n\tlist l 'x'\n\tlist l 'y'\n\toption b 'one\ntwo'\n${AFTER_MAIN}`,
	},
	{
		name: "set to nothing removes",
		delta: "d.main.a=''\nd.second=''\n",
		canonical: `\nconfig t 'main'\n\tlist l 'x'\n\tlist l 'y'\n${ANON}`,
	},
	{
		name: "set a new named section",
		delta: "d.n='k'\nd.n.x='1'\n",
		canonical: `${MAIN + AFTER_MAIN}\nconfig k 'n'\n\toption x '1'\n`,
	},
	{ name: "change a type", delta: "d.second='kind'\n", canonical: `${MAIN}\nconfig kind 'second'\n${ANON}` },
	{
		name: "add an anonymous section",
		delta: "+d.cfg0422f1='anon'\nd.cfg0422f1.x='1'\n",
		canonical: `${MAIN + AFTER_MAIN}\nconfig anon 'cfg0422f1'\n\toption x '1'\n`,
	},
	{
		name: "remove an option",
		delta: "-d.main.a\n",
		canonical: `\nconfig t 'main'\n\tlist l 'x'\n\tlist l 'y'\n${AFTER_MAIN}`,
	},
	{ name: "remove a section", delta: "-d.main\n", canonical: AFTER_MAIN },
	{
		name: "remove one item of a list by number",
		delta: "-d.main.l='0'\n-d.main.l='7'\n",
		canonical: `\nconfig t 'main'\n\toption a '1'\n\tlist l 'y'\n${AFTER_MAIN}`,
	},
	{ name: "rename a section", delta: "@d.main='m'\n", canonical: MAIN.replace("'main'", "'m'") + AFTER_MAIN },
	{ name: "rename an option", delta: "@d.main.a='b'\n", canonical: MAIN.replace("option a", "option b") + AFTER_MAIN },
	{
		name: "name an anonymous section",
		delta: "@d.cfg0322f1='named'\n",
		canonical: `${MAIN + SECOND}\nconfig anon 'named'\n`,
	},
	{ name: "reorder to the front", delta: "^d.second='0'\n", canonical: SECOND + MAIN + ANON },
	{ name: "reorder beyond the end", delta: "^d.main='99'\n", canonical: SECOND + ANON + MAIN },
	{
		name: "add to a list, and make one of a string",
		delta: "|d.main.l='z z'\n|d.main.a='2'\n",
		canonical: `\nconfig t 'main'\n\tlist a '1'\n\tlist a '2'\n\tlist l 'x'\n\tlist l 'y'\n\tlist l 'z z'\n${AFTER_MAIN}`,
	},
	{ name: "take from a list", delta: "~d.main.l='x'\n", canonical: MAIN.replace("\tlist l 'x'\n", "") + AFTER_MAIN },
	{
		name: "lines that cannot be applied are passed over",
		delta: [
			"other.main.a='9'",
			"d.nowhere.a='9'",
			"d.main.a-b='9'",
			"d.main.a.b='9'",
			"d.main.a",
			"+d.cfg0422f1='bad type'",
			"d.main.a='9' more",
			"d.main.a='\u0001'",
			"@d.main='no-name'",
			"^d.main.a='1'",
			"|d.main='1'",
			"-d.main.zzz",
			"@d.main.zzz='b'",
			"",
			"d.main.a='7'",
			"d.main.a='never closed",
		].join("\n"),
		canonical: MAIN.replace("'1'", "'7'") + AFTER_MAIN,
		ignored: [
			"1 another package",
			"2 no such section",
			"3 invalid option name",
			"4 no path of the form package.section.option",
			"5 no value",
			"6 invalid character in type field",
			"7 more than one word",
			"8 control character in value",
			"9 invalid new name",
			"10 only sections have a place",
			"11 no option name",
			"12 no such option",
			"13 no such option",
			"14 no path of the form package.section.option",
			"16 EOF with unterminated '",
		],
	},
	{
		name: "a delta file with CRLF line ends changes nothing",
		delta: "d.main.a='9'\r\n",
		canonical: MAIN + AFTER_MAIN,
		ignored: ["1 more than one word"],
	},
];

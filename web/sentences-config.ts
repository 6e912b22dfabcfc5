/**
 * What is wrong with the configuration, as patterns for translation (sentences.ts). A problem follows the name of the
 * thing, "/etc/config/autonomy, section main, option pin_s 'x' ...", which told.ts takes apart.
 */

/** What an option takes (contract/values.ts). */
export const EXPECTED: readonly string[] = [
	"yes or no (1 or 0)",
	"a whole number from {min} to {max}",
	"a number from {min} to {max}",
	"one of {words}",
	"an absolute path",
	"a DNS name",
	"an IPv4 address",
	"an IPv6 address",
	"a single word",
	"a single word, dashes and dots allowed",
	"a key",
	"a line of text",
	"an address that begins with http:// or https://",
	"a time of day such as 22:00",
	"a mail address",
	"an MQTT topic without wildcards",
	"up to {count} times {what}",
	"a port from 1 to 65535",
	"a telephone number with its country code",
];

const OPTIONS: readonly string[] = [
	"is not {what}",
	"is a list, but takes one value",
	"holds '{item}', which is not {what}",
	"holds {item} twice",
	"has more than {count} entries",
	"is empty",
	"is below failover.loss '{limit}', so nothing would be severe and merely bad",
	"is longer than failover.min_duration_s '{limit}', so severe loss would be left later than mild loss",
	"is below hold_down_s '{limit}'",
	"is above failover.{option} '{limit}', so an uplink would be good and bad at once",
	"equals failover.{option}, so the smallest change counts; a lower value keeps traffic calmer",
	"cannot be set for a whole class; set it in the section of one uplink",
	"is an old name; it is read as {word}",
	"is an old name and ignored, {word} is set",
	"is unknown and ignored",
	"is unknown and ignored; did you mean {word}?",
];

const SECTIONS: readonly string[] = [
	"has options of an earlier version that are not used and kept as they are: {words}",
	"has {count} more unknown options, ignored",
	"needs a name: config member 'wan', or a class such as {word}; it is ignored",
	"is ignored: there are more than {count} member sections",
	"has no name and is taken as the one meant",
	"has the old type {word}; new ones are written as config {words}",
	"has sections of an earlier version that are not used and kept as they are: {words}",
	"is ignored: a section of type {word} is named {words}",
	"of type {word} is unknown and ignored",
	"of type {word} is unknown and ignored; did you mean config {words}?",
];

const FILES: readonly string[] = [
	"has {count} more problems, not listed",
	"the last good configuration",
	"the default of every option",
	"there is no {file}; {what} is used",
	"line ignored: {why}",
	"change ignored: {why}",
	"as without it",
];

/** Of UCI files themselves: in libuci's words, as its own programs say them. */
const SYNTAX: readonly string[] = [
	"Parse error ({why}) at line {count}, byte {place}",
	"Parse error ({why}) at line {count}, byte {place}: {hint}",
	"file too large ({count} characters, limit {limit})",
	"file too large ({count} bytes, limit {limit})",
	"is a folder, not a file",
	"{word}: {why}; this is no configuration file we can use",
	"more than {count} sections",
	"more than {count} values",
	"NUL byte in line {count}: this is not a text file",
	"more than one word",
	"no path of the form package.section.option",
	"another package",
	"invalid section name",
	"invalid option name",
	"no value",
	"control character in value",
	"invalid new name",
	"only sections have a place",
	"no option name",
	"no such section",
	"no such option",
	"invalid character in type field",
	"invalid character in name field",
	"no list position",
	"invalid command",
	"the file begins with a byte order mark; save it without one",
	"section of different type overwrites prior section with same name",
	"option/list command found before the first section",
	"insufficient arguments",
	"too many arguments",
	"{word} without name",
	"everything after ';' is ignored here, as libuci does; put each option on a line of its own",
	"EOF with unterminated {word}",
	"the quote opens in line {count}",
];

export const CONFIG: readonly string[] = [...EXPECTED, ...OPTIONS, ...SECTIONS, ...FILES, ...SYNTAX];

/**
 * One line of fping's output (5.x, loop and count mode) into a record. Lines as printed by fping 5.1 (captured in
 * test/probe/fping-line.test.ts); 5.2 to 5.5 print the same without their new options. Anything else is `other`: never an
 * error, but counted, since a program that only prints nonsense is as good as none.
 */
export type FpingLine =
	| {
			readonly kind: "reply";
			readonly target: string;
			readonly seq: number;
			readonly rttMs: number;
			/** When it came by the wall clock, ms (-D); null: not told. */
			readonly atUnixMs: number | null;
	  }
	| { readonly kind: "timeout"; readonly target: string; readonly seq: number }
	/** An ICMP error for a probe to `target`, sent by the router `from`. */
	| { readonly kind: "error"; readonly target: string; readonly from: string; readonly text: string }
	/** Statistics and blank lines at the end: nothing to learn. */
	| { readonly kind: "noise" }
	| { readonly kind: "other"; readonly text: string };

const RESULT = /^(\S+)\s*: \[(\d{1,9})\], (?:timed out|(\d{1,5}) bytes, (\d{1,7}(?:\.\d{1,6})?(?:e\+\d{2})?) ms)(.*)$/;
const ICMP_ERROR = /^(ICMP .{1,80}) from (\S+) for ICMP Echo sent to (\S+?)$/;
const NOISE = /^(?:|\[\d\d:\d\d:\d\d\]|\S+\s*: xmt\/rcv\/%(?:loss|return) = .*)$/;
/** fping prints who answered when it was not the one asked: a captive portal or a broken NAT, no proof of life. */
const OTHER_SOURCE = "[<-";

export function parseFpingLine(line: string): FpingLine {
	const stop = line.charCodeAt(0) === OPENING ? line.indexOf("] ") : -1;
	const atUnixMs = stop < 0 ? Number.NaN : Number(line.slice(1, stop)) * 1000;
	if (!(atUnixMs > 0 && atUnixMs < MAX_UNIX_MS)) return usualReply(line, 0, null) ?? parseAny(line, null);
	return usualReply(line, stop + 2, atUnixMs) ?? parseAny(line.slice(stop + 2), atUnixMs);
}

const SPACE = 32;
const OPENING = 91;
/** The year 9999. */
const MAX_UNIX_MS = 253e12;
const DOT = 46;

/** -1 when it is no whole number, or with `fraction` a plain one, of at most so many characters. */
function plainNumber(text: string, most: number, fraction = false): number {
	const { length } = text;
	let dots = fraction ? 0 : 1;
	for (let i = 0; i < length; i++) {
		const code = text.charCodeAt(i);
		if (code >= 48 && code <= 57) continue;
		if (code !== DOT || i === 0 || i === length - 1 || ++dots > 1) return -1;
	}
	return length === 0 || length > most ? -1 : Number(text);
}

/** What comes several times a second, without a pattern to match; null when it is not that, plain and simple. */
function usualReply(line: string, from: number, atUnixMs: number | null): FpingLine | null {
	const bracket = line.indexOf(": [", from);
	const comma = line.indexOf("], ", bracket);
	const bytes = line.indexOf(" bytes, ", comma);
	const end = line.indexOf(" ms", bytes);
	if (bracket <= from || comma < 0 || bytes < 0 || end < 0 || line.includes(OTHER_SOURCE)) return null;
	let stop = bracket;
	while (line.charCodeAt(stop - 1) === SPACE) stop--;
	const target = line.slice(from, stop);
	const seq = plainNumber(line.slice(bracket + 3, comma), 9);
	const size = plainNumber(line.slice(comma + 3, bytes), 5);
	const rttMs = plainNumber(line.slice(bytes + 8, end), 7, true);
	if (target === "" || target.includes(" ") || seq < 0 || size < 0 || rttMs < 0) return null;
	return { kind: "reply", target, seq, rttMs, atUnixMs };
}

function parseAny(line: string, atUnixMs: number | null): FpingLine {
	const result = RESULT.exec(line);
	if (result) {
		const [, target = "", seq = "", , rtt, rest = ""] = result;
		if (rtt === undefined) return { kind: "timeout", target, seq: Number(seq) };
		if (rest.includes(OTHER_SOURCE)) return { kind: "other", text: line.slice(0, 120) };
		return { kind: "reply", target, seq: Number(seq), rttMs: Number(rtt), atUnixMs };
	}
	const error = ICMP_ERROR.exec(line);
	if (error) return { kind: "error", text: error[1] ?? "", from: error[2] ?? "", target: error[3] ?? "" };
	return NOISE.test(line) ? { kind: "noise" } : { kind: "other", text: line.slice(0, 120) };
}

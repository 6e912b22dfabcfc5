/**
 * One line of fping's output (5.x, loop and count mode) into a record. Lines as printed by fping 5.1 (captured in
 * test/probe/fping-line.test.ts); 5.2 to 5.5 print the same without their new options. Anything else is `other`: never an
 * error, but counted, since a program that only prints nonsense is as good as none.
 */
export type FpingLine =
	| { readonly kind: "reply"; readonly target: string; readonly seq: number; readonly rttMs: number }
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
	const result = RESULT.exec(line);
	if (result) {
		const [, target = "", seq = "", , rtt, rest = ""] = result;
		if (rtt === undefined) return { kind: "timeout", target, seq: Number(seq) };
		if (rest.includes(OTHER_SOURCE)) return { kind: "other", text: line.slice(0, 120) };
		return { kind: "reply", target, seq: Number(seq), rttMs: Number(rtt) };
	}
	const error = ICMP_ERROR.exec(line);
	if (error) return { kind: "error", text: error[1] ?? "", from: error[2] ?? "", target: error[3] ?? "" };
	return NOISE.test(line) ? { kind: "noise" } : { kind: "other", text: line.slice(0, 120) };
}

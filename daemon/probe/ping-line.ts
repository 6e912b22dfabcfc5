/** One line of busybox or iputils ping. Sequence numbers start at 0 (busybox) or 1 (iputils): they are only ever compared. */
export type PingLine =
	| { readonly kind: "reply"; readonly seq: number; readonly rttMs: number }
	| { readonly kind: "error"; readonly seq: number | null; readonly text: string }
	| { readonly kind: "noise" }
	| { readonly kind: "other"; readonly text: string };

/** "20 bytes from 1.1.1.1: seq=0 ttl=64 time=0.074 ms"; iputils says icmp_seq and may put a name before the address. */
const REPLY =
	/^\d{1,5} bytes from .{1,120}?: (?:icmp_)?seq=(\d{1,9}) (?:ttl=\d{1,3} |hlim=\d{1,3} )?time=(\d{1,7}(?:\.\d{1,6})?) ms(.*)$/;
const ERROR = /^From \S+ icmp_seq=(\d{1,9}) (.{1,80})$/i;
const SEND_ERROR = /^ping6?: (?:sendto|sendmsg|connect): ?(.{1,80})$/;
const NOISE =
	/^(?:|PING .*|--- .* ping statistics ---|\d+ packets transmitted.*|rtt min\/avg.*|round-trip min\/avg.*|no answer yet for icmp_seq=\d+)$/;

export function parsePingLine(line: string): PingLine {
	const reply = REPLY.exec(line);
	if (reply && !reply[3]?.includes("DUP")) return { kind: "reply", seq: Number(reply[1]), rttMs: Number(reply[2]) };
	if (reply) return { kind: "noise" };
	const error = ERROR.exec(line);
	if (error) return { kind: "error", seq: Number(error[1]), text: error[2] ?? "" };
	const send = SEND_ERROR.exec(line);
	if (send) return { kind: "error", seq: null, text: send[1] ?? "" };
	return NOISE.test(line) ? { kind: "noise" } : { kind: "other", text: line.slice(0, 120) };
}

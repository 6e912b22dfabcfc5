/** status and members for the terminal. Pure. */
import type { Reply } from "../../../contract/api.ts";
import { type Cell, clean, type TextStyle, type Tone, tableLines, tint, wrap } from "./layout.ts";
import { amount, clockTime, figure, span, stateTone, when } from "./words.ts";

type Status = Reply<"status">;
type Member = Reply<"members">["members"][number];

const TONES: Readonly<Record<Status["state"], Tone>> = {
	primary: "good",
	backup: "warn",
	degraded: "warn",
	offline: "bad",
	starting: "dim",
};

export function statusText(status: Status, nowUnixMs: number, style: TextStyle): string[] {
	const head = status.since_s === null || status.since_s === undefined ? "" : ` for ${span(status.since_s)}`;
	const mode = status.mode === "observe" ? ", only observing" : "";
	const current = status.current ?? "no uplink";
	const lines = [
		tint(clean(`${status.state}: ${current}${head}${mode}`).slice(0, style.width), TONES[status.state], style),
		...wrap(status.text, style),
		"",
		...tableLines(
			[
				{ title: "" },
				{ title: "UPLINK", flexible: true },
				{ title: "CLASS", optional: 2 },
				{ title: "STATE" },
				{ title: "SCORE", right: true },
				{ title: "WHY NOT", flexible: true, optional: 1 },
			],
			status.rank.map((one) => [
				{ text: one.name === status.current ? "*" : "", tone: "strong" },
				{ text: one.name, tone: one.name === status.current ? "strong" : "plain" },
				{ text: one.class },
				{ text: one.state, tone: stateTone(one.state) },
				{ text: figure(one.final, 0) },
				{ text: one.why_not ?? "" },
			]),
			style,
		),
		"",
		...facts(status, nowUnixMs).flatMap(([title, text]) => wrap(text, style, `${title}: `.padEnd(12))),
	];
	for (const problem of status.problems) {
		lines.push(...wrap(problem, style, "problem: ").map((line) => tint(line, "warn", style)));
	}
	return lines;
}

function facts(status: Status, nowUnixMs: number): [string, string][] {
	const list: [string, string][] = [];
	const until = (unixMs: number | null | undefined, otherwise: string): string =>
		unixMs === null || unixMs === undefined ? otherwise : `until ${clockTime(unixMs, nowUnixMs)} UTC`;
	if (status.pin) {
		list.push([
			"pinned",
			`${status.pin.name} ${until(status.pin.until_unix_ms, "until restore")} (${status.pin.reason})`,
		]);
	}
	if (status.promoted) {
		list.push(["promoted", `${status.promoted}, until restore`]);
	}
	if (status.hold) {
		list.push(["held", `${until(status.hold.until_unix_ms, "until release")} (${status.hold.reason})`]);
	}
	if (status.cooldown_s) {
		list.push(["cooldown", `${span(status.cooldown_s)} to go`]);
	}
	if (status.steering.error) {
		list.push(["steering", `failed, tried again: ${status.steering.error}`]);
	} else if (status.steering.pending) {
		list.push(["steering", "a change is on its way"]);
	}
	if (status.last_decision) {
		const { id, ts, text } = status.last_decision;
		list.push(["decision", `${id}, ${when(ts)} UTC: ${text}`]);
	}
	list.push(["mwan3", `${status.mwan3.enabled ? "in use" : "not used"}: ${status.mwan3.details}`]);
	list.push(["running", `for ${span(status.uptime_s)}`]);
	return list;
}

export function membersText({ members }: Reply<"members">, style: TextStyle): string[] {
	if (members.length === 0) {
		return wrap("No uplinks found. Looked for in mwan3 and in interfaces of firewall zones with masquerading.", style);
	}
	const table = tableLines(
		[
			{ title: "" },
			{ title: "UPLINK", flexible: true },
			{ title: "DEVICE", flexible: true, optional: 4 },
			{ title: "STATE" },
			{ title: "FOR", right: true, optional: 3 },
			{ title: "SCORE", right: true },
			{ title: "LAT ms", right: true },
			{ title: "LOSS %", right: true },
			{ title: "JIT ms", right: true, optional: 2 },
			{ title: "RX/s", right: true, optional: 5 },
			{ title: "TX/s", right: true, optional: 6 },
		],
		members.map(memberRow),
		style,
	);
	const notes = members.flatMap((member) => wrap(note(member), style, `${clean(member.name)}: `.slice(0, 30), "  "));
	return [...table, "", ...notes];
}

function memberRow(member: Member): Cell[] {
	const { metrics } = member;
	return [
		{ text: member.primary ? "*" : "", tone: "strong" },
		{ text: member.name, tone: member.primary ? "strong" : "plain" },
		{ text: member.device ?? "-" },
		{ text: member.state, tone: stateTone(member.state) },
		{ text: span(member.state_since_s) },
		{ text: figure(member.score?.final, 0) },
		{ text: figure(metrics.lat_ms, 0) },
		{ text: figure(metrics.loss_pct) },
		{ text: figure(metrics.jitter_ms, 0) },
		{ text: amount(metrics.rx_bytes_per_s) },
		{ text: amount(metrics.tx_bytes_per_s) },
	];
}

function note(member: Member): string {
	const parts = [`${member.class}${member.metered ? ", metered" : ""}`, member.reason];
	const signal = [
		["obstruction", member.metrics.obstruction_pct, "%"],
		["RSRP", member.metrics.rsrp, "dBm"],
		["SINR", member.metrics.sinr, "dB"],
		["signal", member.metrics.signal_dbm, "dBm"],
	] as const;
	for (const [title, value, unit] of signal) {
		if (value !== null && value !== undefined) {
			parts.push(`${title} ${figure(value)} ${unit}`);
		}
	}
	if (member.held) {
		parts.push("held by the operator");
	}
	if (member.hold_down_s) {
		parts.push(`held down for ${span(member.hold_down_s)}`);
	}
	if (member.probe?.text) {
		parts.push(member.probe.text);
	}
	return parts.join("; ");
}

/** A line of the log for people: the daemon writes JSON, of which the message comes first and the rest as name=value. Pure. */
export interface LogText {
	readonly text: string;
	readonly details: string;
}

export function logText(raw: string): LogText {
	if (!raw.startsWith("{")) return { text: raw, details: "" };
	try {
		const { msg, level, time, ts, component, ...fields } = JSON.parse(raw) as Record<string, unknown>;
		if (typeof msg !== "string") return { text: raw, details: "" };
		const details = Object.entries(fields).map(([name, value]) => `${name}=${shown(value)}`);
		return {
			text: typeof component === "string" && component !== "" ? `${component}: ${msg}` : msg,
			details: details.join(" "),
		};
	} catch {
		return { text: raw, details: "" };
	}
}

function shown(value: unknown): string {
	return typeof value === "string" && /^[\w.:/-]+$/.test(value) ? value : JSON.stringify(value);
}

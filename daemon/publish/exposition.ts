/** The text format of Prometheus, version 0.0.4: metrics with HELP and TYPE, labels escaped, unknown values left out. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export interface Series {
	readonly labels: Readonly<Record<string, string>>;
	/** Null or absent: not known, no line. */
	readonly value: number | boolean | null | undefined;
}

export interface Metric {
	readonly name: string;
	readonly type: "gauge" | "counter";
	readonly help: string;
	readonly series: readonly Series[];
}

const MAX_LABEL = 128;

export function exposition(metrics: readonly Metric[]): string {
	const lines: string[] = [];
	for (const { name, type, help, series } of metrics) {
		const known = series.flatMap(({ labels, value }) => {
			const number = typeof value === "boolean" ? Number(value) : value;
			return number == null || !Number.isFinite(number) ? [] : [`${name}${labelText(labels)} ${number}`];
		});
		if (known.length === 0) continue;
		lines.push(
			`# HELP ${name} ${help.replace(/\\/g, "\\\\").replace(/\n/g, "\\n")}`,
			`# TYPE ${name} ${type}`,
			...known,
		);
	}
	return `${lines.join("\n")}\n`;
}

function labelText(labels: Readonly<Record<string, string>>): string {
	const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
	return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
	// Half a character would not be UTF-8.
	const whole = value.slice(0, MAX_LABEL).replace(/\p{Cs}/gu, "\ufffd");
	return whole.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}

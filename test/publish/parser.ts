/**
 * A reader of Prometheus' text format written from its description (exposition formats, text format details), to judge
 * ours: unlike a scraper it forgives nothing.
 */
export interface Sample {
	readonly name: string;
	readonly labels: Readonly<Record<string, string>>;
	readonly value: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*/;

export function parseExposition(text: string): readonly Sample[] {
	if (!text.endsWith("\n")) throw new Error("the last line must end with a line feed");
	const samples: Sample[] = [];
	const types = new Map<string, string>();
	const helps = new Set<string>();
	const closed = new Set<string>();
	const seen = new Set<string>();
	let current = "";
	for (const line of text.split("\n").slice(0, -1)) {
		const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
		if (comment !== null) {
			const [, kind = "", name = "", rest = ""] = comment;
			if (NAME.exec(name)?.[0] !== name) throw new Error(`bad name in ${line}`);
			if (kind === "HELP") {
				if (helps.has(name)) throw new Error(`second HELP: ${line}`);
				helps.add(name);
			} else {
				if (types.has(name)) throw new Error(`second TYPE: ${line}`);
				if (!["counter", "gauge"].includes(rest)) throw new Error(`unknown type: ${line}`);
				types.set(name, rest);
			}
			continue;
		}
		const sample = parseSample(line);
		if (!types.has(sample.name) || !helps.has(sample.name)) throw new Error(`no HELP or TYPE before ${line}`);
		if (types.get(sample.name) === "counter" && !sample.name.endsWith("_total"))
			throw new Error(`counter without _total: ${line}`);
		if (sample.name !== current) {
			if (closed.has(sample.name)) throw new Error(`lines of ${sample.name} are not together`);
			closed.add(sample.name);
			current = sample.name;
		}
		const key = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
		if (seen.has(key)) throw new Error(`twice: ${line}`);
		seen.add(key);
		samples.push(sample);
	}
	return samples;
}

function parseSample(line: string): Sample {
	const name = NAME.exec(line)?.[0];
	if (name === undefined) throw new Error(`no name: ${line}`);
	let rest = line.slice(name.length);
	const labels: Record<string, string> = {};
	if (rest.startsWith("{")) {
		rest = rest.slice(1);
		while (!rest.startsWith("}")) {
			const label = LABEL.exec(rest)?.[0];
			if (label === undefined || Object.hasOwn(labels, label)) throw new Error(`bad label: ${line}`);
			const value = /^="((?:[^"\\\n]|\\[\\"n])*)"/.exec(rest.slice(label.length));
			if (value === null) throw new Error(`bad label value: ${line}`);
			labels[label] = (value[1] ?? "").replace(/\\(.)/g, (_, one: string) => (one === "n" ? "\n" : one));
			rest = rest.slice(label.length + value[0].length);
			if (rest.startsWith(",")) rest = rest.slice(1);
			else if (!rest.startsWith("}")) throw new Error(`bad end of label: ${line}`);
		}
		rest = rest.slice(1);
	}
	const value = /^ (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(rest)?.[1];
	if (value === undefined) throw new Error(`bad value: ${line}`);
	return { name, labels, value: Number(value) };
}

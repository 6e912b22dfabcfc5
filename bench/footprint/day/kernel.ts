/** Just enough of `ip` for steering by routes and for the probes' source rules: rules and tables as lines of text. */
import type { Argv, RunOptions, RunResult } from "../../../daemon/platform/platform.ts";
import type { Link } from "../../soak/net.ts";

export type Ip = (argv: Argv, options?: RunOptions) => RunResult;

interface Tables {
	readonly rules: Map<string, number>;
	/** "table: destination, device, metric" -> the route as it is shown. */
	readonly routes: Map<string, string>;
}

const wordAfter = (words: readonly string[], name: string): string | null =>
	words.includes(name) ? (words[words.indexOf(name) + 1] ?? null) : null;

function withoutTable(words: readonly string[]): string[] {
	const at = words.indexOf("table");
	return at < 0 ? [...words] : [...words.slice(0, at), ...words.slice(at + 2)];
}

function routeKey(words: readonly string[]): string {
	const main = wordAfter(words, "table") ?? "main";
	return `${main}: ${words[0]} ${main === "main" ? (wordAfter(words, "metric") ?? 0) : ""}`;
}

/** "pref 901 from 192.0.2.2 lookup 9000" as the kernel shows it. */
function ruleLine(words: readonly string[]): [line: string, pref: number] {
	const pref = Number(wordAfter(words, "pref"));
	const rest = words.filter((_, i) => i !== words.indexOf("pref") && i !== words.indexOf("pref") + 1).join(" ");
	return [`${pref}:\t${rest.startsWith("from ") ? rest : `from all ${rest}`}`, pref];
}

export function createKernel(links: readonly Link[]): Ip {
	const families = { ipv4: fresh("ipv4"), ipv6: fresh("ipv6") };

	function fresh(family: "ipv4" | "ipv6"): Tables {
		const tables: Tables = {
			rules: new Map([
				["0:\tfrom all lookup local", 0],
				["32766:\tfrom all lookup main", 32_766],
			]),
			routes: new Map(),
		};
		for (const [index, link] of links.entries()) {
			change(tables, [
				"route",
				"add",
				"default",
				"via",
				link.gateway[family],
				"dev",
				link.device,
				"proto",
				"static",
				"metric",
				String((index + 1) * 10),
			]);
		}
		return tables;
	}

	function change({ rules, routes }: Tables, [what, how, ...words]: readonly string[]): boolean {
		if (what === "rule") {
			const [line, pref] = ruleLine(words);
			if (how === "add") rules.set(line, pref);
			else return rules.delete(line);
		} else if (how === "flush") {
			const table = wordAfter(words, "table") ?? "";
			for (const key of routes.keys()) if (key.startsWith(`${table}:`)) routes.delete(key);
		} else if (how === "del") return routes.delete(routeKey(words));
		else routes.set(routeKey(words), withoutTable(words).join(" "));
		return true;
	}

	function show({ rules, routes }: Tables, [what]: readonly string[]): string {
		if (what === "rule")
			return [...rules]
				.sort((a, b) => a[1] - b[1])
				.map(([line]) => `${line}\n`)
				.join("");
		const main = [...routes].filter(([key]) => key.startsWith("main: default"));
		return main.map(([, route]) => `${route}\n`).join("");
	}

	return ([, flag, ...words], options) => {
		const tables = flag === "-6" ? families.ipv6 : families.ipv4;
		const result = { code: 0, stdout: "", stderr: "", timedOut: false, truncated: false, durationMs: 3 };
		if (words[1] === "show") return { ...result, stdout: show(tables, words) };
		const lines = words.includes("-batch") ? (options?.stdin ?? "").split("\n").filter(Boolean) : [words.join(" ")];
		const failed = lines.flatMap((line, i) =>
			change(tables, line.split(" ")) ? [] : [`RTNETLINK answers: No such process\nCommand failed -:${i + 1}\n`],
		);
		return failed.length === 0 ? result : { ...result, code: 1, stderr: failed.join("") };
	};
}

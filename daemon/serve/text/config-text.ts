/** The configuration for the terminal, as one would type it for `uci`. Pure. */
import type { Reply } from "../../../contract/api.ts";
import { clean, type TextStyle, tint, wrap } from "./layout.ts";

type Config = Reply<"config.get">;

export function configText(config: Config, style: TextStyle): string[] {
	return [...options(config, style, () => true), ...rest(config, style)];
}

/** Only what is not at its default. */
export function configDiffText(config: Config, style: TextStyle): string[] {
	const set = new Set(config.set);
	const lines = options(config, style, (where) => set.has(where));
	return [...(lines.length === 0 ? ["every option is at its default"] : lines), ...rest(config, style)];
}

function options(config: Config, style: TextStyle, wanted: (where: string) => boolean): string[] {
	const set = new Set(config.set);
	const lines: string[] = [];
	for (const [section, values] of Object.entries(config.sections)) {
		for (const [option, value] of Object.entries(values)) {
			const where = `${section}.${option}`;
			if (wanted(where)) {
				const items = typeof value === "string" ? [value] : value;
				const text = items.map((item) => `'${clean(item).replaceAll("'", "'\\''")}'`).join(" ");
				lines.push(tint(`${clean(where)}=${text}`, set.has(where) ? "strong" : "plain", style));
			}
		}
	}
	return lines;
}

function rest(config: Config, style: TextStyle): string[] {
	return [
		...config.secrets.map((where) => `${clean(where)}: set, not shown`),
		...config.problems.flatMap((problem) => wrap(problem, style, "problem: ").map((line) => tint(line, "warn", style))),
	];
}

/**
 * One bench by name: `npm run -s bench -- NAME [--json] [options]`. The bench writes a readable table to stderr and
 * returns its figures; they are printed as one JSON object on the last line of stdout.
 */
import { existsSync, readdirSync } from "node:fs";

// The figures are printed as JSON in any case.
const [name = "", ...rest] = process.argv.slice(2).filter((word) => word !== "--json");
const known = readdirSync("bench")
	.filter((file) => file.endsWith(".ts") && file !== "run.ts")
	.map((file) => file.slice(0, -3));

if (!/^[a-z]+$/.test(name) || !existsSync(`bench/${name}.ts`)) {
	console.error(`which bench? one of: ${known.join(", ")}`);
	process.exit(2);
}
const bench: { run(args: string[]): Promise<object> } = await import(`./${name}.ts`);
const figures = await bench.run(rest);
console.log(JSON.stringify(figures));
process.exit(process.exitCode ?? 0);

/**
 * Runs everything: types, lint, then every test file, three at a time, end-to-end ones two at a time afterwards, the longest first:
 * each has a router in namespaces of its own, and mostly waits. Failures and skip reasons are repeated at the end, then the one closing line.
 * Arguments narrow the files by substring: `npm test -- decide`.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { run } from "node:test";

interface Tally {
	passed: number;
	failed: string[];
	skipped: string[];
	/** How long each file took, s. */
	seconds: Map<string, number>;
}

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));

function testFiles(): string[] {
	const all = readdirSync("test", { recursive: true, encoding: "utf8" })
		.filter((name) => name.endsWith(".test.ts"))
		.map((name) => `test/${name}`)
		.sort();
	return wanted.length === 0 ? all : all.filter((name) => wanted.some((part) => name.includes(part)));
}

function runFiles(files: string[], concurrency: number, timeoutMs: number, tally: Tally): Promise<void> {
	if (files.length === 0) return Promise.resolve();
	return new Promise((resolve) => {
		const stream = run({ files, concurrency, timeout: timeoutMs });
		stream.on("test:pass", (event) => {
			if (event.details.type === "suite" || files.some((file) => event.name.endsWith(file))) return;
			if (event.skip !== undefined)
				tally.skipped.push(`${event.name}: ${event.skip === true ? "no reason given" : event.skip}`);
			else tally.passed++;
		});
		stream.on("test:fail", (event) => {
			const error = event.details.error;
			// A suite or file fails because of a test in it that is already counted.
			const cause = error.cause instanceof Error ? error.cause : error;
			if ("failureType" in error && error.failureType === "subtestsFailed") return;
			const text = `${event.file ?? ""} ${event.name}\n${cause.stack ?? String(cause)}`;
			tally.failed.push(text);
			console.log(`not ok ${text}`);
		});
		stream.on("test:complete", (event) => {
			const whole = event.nesting === 0 ? files.find((file) => event.name.endsWith(file)) : undefined;
			if (whole !== undefined) tally.seconds.set(whole, event.details.duration_ms / 1000);
		});
		stream.on("test:stdout", (event) => process.env.VERBOSE && process.stdout.write(event.message));
		stream.on("test:stderr", (event) => process.stderr.write(event.message));
		let current = "";
		stream.on("test:dequeue", (event) => {
			if (event.nesting === 0 && event.name !== current && event.name.endsWith(".ts")) {
				current = event.name;
				console.log(`# ${current.slice(current.indexOf("test/"))}`);
			}
		});
		stream.on("end", resolve);
		stream.resume();
	});
}

function command(name: string, argv: string[], tally: Tally): void {
	const [program = "", ...rest] = argv;
	const result = spawnSync(program, rest, { encoding: "utf8" });
	if (result.status === 0) tally.passed++;
	else tally.failed.push(`${name}\n${result.stdout}${result.stderr}`);
	console.log(`${result.status === 0 ? "ok" : "not ok"} ${name}`);
}

const tally: Tally = { passed: 0, failed: [], skipped: [], seconds: new Map() };
const startedAt = performance.now();
if (wanted.length === 0) {
	command("types (tsc --noEmit)", ["node_modules/.bin/tsc", "--noEmit"], tally);
	command("lint and format (biome ci)", ["node_modules/.bin/biome", "ci", "."], tally);
	command("bundle (build/autonomyd.node.mjs)", ["node", "scripts/build.mjs"], tally);
}
/** The end-to-end files that take more than a minute: begun first, so that none is left running alone at the end. */
const LONGEST = ["faults", "scenarios"];
const rank = (file: string): number => LONGEST.findIndex((name) => file.includes(`/${name}.`)) + 1 || 99;

const files = testFiles();
const isEndToEnd = (file: string): boolean => file.startsWith("test/e2e/");
await runFiles(
	files.filter((file) => !isEndToEnd(file)),
	3,
	300_000,
	tally,
);
await runFiles(
	files.filter(isEndToEnd).sort((a, b) => rank(a) - rank(b)),
	2,
	420_000,
	tally,
);
for (const text of tally.failed) console.log(`\nFAILED ${text}`);
if (tally.skipped.length > 0) console.log(`\nSkipped here:\n${tally.skipped.map((text) => `  ${text}`).join("\n")}`);
const slowest = [...tally.seconds].sort((a, b) => b[1] - a[1]).slice(0, 10);
if (slowest.length > 1)
	console.log(`\nLongest: ${slowest.map(([file, s]) => `${file} ${Math.round(s)} s`).join(", ")}`);
console.log(`\n${Math.round((performance.now() - startedAt) / 1000)} s`);
console.log(`${tally.passed} passed, ${tally.failed.length} failed, ${tally.skipped.length} skipped`);
process.exitCode = tally.failed.length === 0 && tally.passed > 0 ? 0 : 1;

/**
 * Runs everything: types, lint, then every test file in a process of its own, three at a time; afterwards the end-to-end
 * ones on Node and on QuickJS, five routers at a time: each is in namespaces of its own, and mostly waits. Failures, skip
 * reasons and what was done again are repeated at the end, then the one closing line. Arguments narrow the files by substring:
 * `npm test -- decide`; AUTONOMY_ENGINE=node|quickjs the engines.
 */
import { spawn, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { bundleMissing, type Engine } from "../lab/autonomyd.ts";
import { REPO } from "../lab/net/bundle.ts";
import { type Begun, type Held, MARK, ONCE_MORE, type Result } from "./support/events.ts";

interface Job {
	readonly file: string;
	readonly engine: Engine | null;
	/** Of those there are at once: one, or as many as it has routers. */
	readonly places: number;
	/** For people: the file, and the engine if there is a choice. */
	readonly name: string;
}

interface Tally {
	passed: number;
	failed: string[];
	skipped: string[];
	/** Tests that were done again, and why. */
	again: string[];
	/** How many passed on each engine. */
	engines: Map<Engine, number>;
	/** How long each file took, s. */
	seconds: Map<string, number>;
}

const TITLES: Readonly<Record<Engine, string>> = { node: "Node", quickjs: "QuickJS" };
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));

function testFiles(): string[] {
	const all = readdirSync("test", { recursive: true, encoding: "utf8" })
		.filter((name) => name.endsWith(".test.ts"))
		.map((name) => `test/${name}`)
		.sort();
	return wanted.length === 0 ? all : all.filter((name) => wanted.some((part) => name.includes(part)));
}

function count(job: Job, { name, suite, skip, error, ok }: Result, tally: Tally): void {
	const told = job.engine === null ? name : `${name} [${TITLES[job.engine]}]`;
	if (error !== null) {
		const text = `${job.file} ${told}\n${error}`;
		tally.failed.push(text);
		console.log(`not ok ${text}`);
	} else if (skip !== null) {
		tally.skipped.push(`${suite ? `all of "${told}"` : told}: ${skip || "no reason given"}`);
	} else if (ok && !suite) {
		tally.passed++;
		if (job.engine !== null) tally.engines.set(job.engine, (tally.engines.get(job.engine) ?? 0) + 1);
	}
}

/** What the browser's driver says of its own work when it is asked to: kept for a file that does not end. */
const DRIVER = " pw:api ";
const DRIVER_LINES = 12;
/** For a process that is late, to say what it still holds. */
const LAST_WORDS_MS = 3000;

/** Where a file that does not end has come to. */
function whereabouts(running: readonly string[], held: readonly string[], driver: readonly string[]): string {
	const at = running.length > 0 ? `in "${running.join(" > ")}"` : "none of its tests is running";
	const all = [...new Set(held)].map((kind) => `${held.filter((one) => one === kind).length} ${kind}`);
	return [`${at}; it holds ${all.join(", ") || "what it could not tell"}`, ...driver].join("\n");
}

function runFile(job: Job, limitMs: number, tally: Tally): Promise<void> {
	console.log(`# ${job.name}`);
	const argv = ["--import", "tsx", "--test-reporter", "./test/support/events.ts", job.file];
	const engine = job.engine === null ? {} : { AUTONOMY_ENGINE: job.engine };
	const begun = performance.now();
	const child = spawn(process.execPath, argv, {
		env: { DEBUG: "pw:api", ...process.env, ...engine },
		stdio: ["ignore", "pipe", "pipe"],
	});
	let late = false;
	const timer = setTimeout(() => {
		late = true;
		child.kill("SIGUSR2");
		setTimeout(() => child.kill("SIGKILL"), LAST_WORDS_MS);
	}, limitMs);
	let results = 0;
	let wrong = 0;
	/** Suites that have begun and not ended, and the test in them. */
	const running: string[] = [];
	let held: readonly string[] = [];
	const driver: string[] = [];
	createInterface({ input: child.stderr }).on("line", (line) => {
		if (line.startsWith(ONCE_MORE)) tally.again.push(`${job.name}: ${line}`);
		if (!line.includes(DRIVER)) process.stderr.write(`${line}\n`);
		else if (driver.push(line) > DRIVER_LINES) driver.shift();
	});
	createInterface({ input: child.stdout }).on("line", (line) => {
		if (line.startsWith(MARK)) {
			const told = JSON.parse(line.slice(MARK.length)) as Begun | Held | Result;
			if ("held" in told) {
				held = told.held;
				return;
			}
			running.length = told.depth;
			if ("begun" in told) {
				running.push(told.begun);
				return;
			}
			const result = told;
			results++;
			if (!result.ok) wrong++;
			count(job, result, tally);
		} else if (process.env.VERBOSE && line !== "") console.log(line);
	});
	return new Promise((resolve) => {
		child.on("close", (code, signal) => {
			clearTimeout(timer);
			tally.seconds.set(job.name, (performance.now() - begun) / 1000);
			const end = late ? `not done within ${limitMs / 1000} s` : `ended with ${signal ?? code}`;
			const broken = late || results === 0 || (code !== 0 && wrong === 0);
			const error = `${end}, ${results} results, ${whereabouts(running, held, driver)}`;
			if (broken) count(job, { name: "", depth: 0, suite: false, skip: null, ok: false, error }, tally);
			resolve();
		});
	});
}

async function runFiles(jobs: readonly Job[], atOnce: number, limitMs: number, tally: Tally): Promise<void> {
	const waiting = [...jobs];
	const running = new Set<Promise<void>>();
	let free = atOnce;
	while (waiting.length > 0 || running.size > 0) {
		const index = waiting.findIndex((job) => job.places <= free);
		const [job] = index < 0 ? [] : waiting.splice(index, 1);
		if (job === undefined) {
			await Promise.race(running);
			continue;
		}
		free -= job.places;
		const run = runFile(job, limitMs, tally).then(() => {
			free += job.places;
			running.delete(run);
		});
		running.add(run);
	}
}

function command(name: string, argv: string[], tally: Tally): void {
	const [program = "", ...rest] = argv;
	const result = spawnSync(program, rest, { encoding: "utf8" });
	if (result.status === 0) tally.passed++;
	else tally.failed.push(`${name}\n${result.stdout}${result.stderr}`);
	console.log(`${result.status === 0 ? "ok" : "not ok"} ${name}`);
}

/** The longest takes two minutes on a machine with two processors; one that is busy may need a multiple. */
const FILE_LIMIT_MS = 900_000;
/** End-to-end files in which no daemon runs. */
const NO_DAEMON = ["lab"];
/** They have two routers at once. */
const TWO_ROUTERS = ["scenarios", "kills"];
/** The end-to-end files that take longest: begun first, so that none is left running alone at the end. */
const LONGEST = ["faults", "scenarios", "kills", "helpers", "starlink", "failover", "tools"];

/** On each engine there is here, or the environment names; the other one is told among the skipped. */
function endToEnd(files: readonly string[], tally: Tally): Job[] {
	const named = process.env.AUTONOMY_ENGINE;
	const engines = (["node", "quickjs"] as const).filter((engine) => {
		const why = named !== undefined && named !== engine ? `AUTONOMY_ENGINE is ${named}` : bundleMissing(REPO, engine);
		if (why !== null && files.length > 0) tally.skipped.push(`end-to-end tests on ${TITLES[engine]}: ${why}`);
		return why === null;
	});
	const part = (file: string): string => file.slice("test/e2e/".length, -".test.ts".length);
	const places = (file: string): number => (TWO_ROUTERS.includes(part(file)) ? 2 : 1);
	const rank = (file: string): number => LONGEST.indexOf(part(file)) + 1 || 99;
	return [...files]
		.sort((a, b) => rank(a) - rank(b))
		.flatMap((file): Job[] =>
			NO_DAEMON.includes(part(file))
				? [{ file, engine: null, places: 1, name: file }]
				: engines.map((engine) => ({ file, engine, places: places(file), name: `${file} on ${TITLES[engine]}` })),
		);
}

const tally: Tally = { passed: 0, failed: [], skipped: [], again: [], engines: new Map(), seconds: new Map() };
const startedAt = performance.now();
if (wanted.length === 0) {
	command("types (tsc --noEmit)", ["node_modules/.bin/tsc", "--noEmit"], tally);
	command("lint and format (biome ci)", ["node_modules/.bin/biome", "ci", "."], tally);
	command("bundles (build/autonomyd.node.mjs, autonomyd.qjs.js)", ["node", "scripts/build.mjs"], tally);
}
const files = testFiles();
const isEndToEnd = (file: string): boolean => file.startsWith("test/e2e/");
await runFiles(
	files.filter((file) => !isEndToEnd(file)).map((file) => ({ file, engine: null, places: 1, name: file })),
	3,
	FILE_LIMIT_MS,
	tally,
);
const unitsAt = performance.now();
await runFiles(endToEnd(files.filter(isEndToEnd), tally), 5, FILE_LIMIT_MS, tally);

for (const text of tally.failed) console.log(`\nFAILED ${text}`);
if (tally.skipped.length > 0) console.log(`\nSkipped here:\n${tally.skipped.map((text) => `  ${text}`).join("\n")}`);
if (tally.again.length > 0) console.log(`\nDone again:\n${tally.again.map((text) => `  ${text}`).join("\n")}`);
const slowest = [...tally.seconds].sort((a, b) => b[1] - a[1]).slice(0, 12);
if (slowest.length > 1)
	console.log(`\nLongest: ${slowest.map(([name, s]) => `${name} ${Math.round(s)} s`).join(", ")}`);
const s = (from: number, to = performance.now()): number => Math.round((to - from) / 1000);
const perEngine = [...tally.engines].map(([engine, passed]) => `${passed} passed on ${TITLES[engine]}`).join(", ");
if (perEngine !== "") console.log(`\nEnd to end: ${s(unitsAt)} s, ${perEngine}`);
console.log(`\n${s(startedAt)} s`);
console.log(`${tally.passed} passed, ${tally.failed.length} failed, ${tally.skipped.length} skipped`);
process.exitCode = tally.failed.length === 0 && tally.passed > 0 ? 0 : 1;

/**
 * node:test, as much of it as the tests use, for QuickJS: collects, runs one after another, prints one JSON line for each
 * ({name, ok, skip?, error?}) and ends the process. Hooks and tests of a suite run in the order they were written.
 */
import { std } from "../../../daemon/platform/qjs/engine.ts";

type Body = (t: Context) => unknown;

interface Options {
	readonly skip?: boolean | string;
	readonly timeout?: number;
}

interface Context {
	readonly name: string;
	readonly signal: object;
	after(run: () => unknown): void;
	skip(why?: string): void;
	diagnostic(text: string): void;
	test(name: string, ...rest: [Body] | [Options, Body]): Promise<void>;
}

interface Suite {
	readonly name: string;
	readonly skip: boolean | string | undefined;
	readonly items: ({ kind: "test"; name: string; options: Options; body: Body } | { kind: "suite"; suite: Suite })[];
	readonly before: (() => unknown)[];
	readonly after: (() => unknown)[];
}

const LIMIT_MS = 120_000;
const root: Suite = { name: "", skip: undefined, items: [], before: [], after: [] };
let current = root;
let failed = false;

function report(line: object): void {
	std.out.puts(`${JSON.stringify(line)}\n`);
	std.out.flush();
}

function split(rest: readonly unknown[]): { options: Options; body: Body } {
	const [first, second] = rest;
	if (typeof first === "function") return { options: {}, body: first as Body };
	return { options: (first ?? {}) as Options, body: second as Body };
}

export function test(name: string, ...rest: [Body] | [Options, Body]): void {
	current.items.push({ kind: "test", name, ...split(rest) });
}

export function describe(name: string, ...rest: [() => void] | [Options, () => void]): void {
	const { options, body } = split(rest);
	const suite: Suite = { name, skip: options.skip, items: [], before: [], after: [] };
	const outer = current;
	outer.items.push({ kind: "suite", suite });
	current = suite;
	(body as () => void)();
	current = outer;
}

export const before = (run: () => unknown): void => void current.before.push(run);
export const after = (run: () => unknown): void => void current.after.push(run);
export const it = test;
export default test;

function limited(work: unknown, ms: number): Promise<unknown> {
	return Promise.race([
		work,
		new Promise((_, reject) => setTimeout(() => reject(new Error(`not done within ${ms} ms`)), ms)),
	]);
}

async function runTest(name: string, options: Options, body: Body): Promise<void> {
	if (options.skip) {
		report({ name, ok: true, skip: options.skip === true ? "no reason given" : options.skip });
		return;
	}
	const cleanups: (() => unknown)[] = [];
	let skip: string | null = null;
	const errors: unknown[] = [];
	const context: Context = {
		name,
		signal: {},
		after: (run) => void cleanups.push(run),
		skip: (why = "no reason given") => {
			skip = why;
		},
		diagnostic: () => undefined,
		test: (inner, ...rest) => {
			const { options: innerOptions, body: innerBody } = split(rest);
			return runTest(`${name}: ${inner}`, innerOptions, innerBody);
		},
	};
	try {
		await limited(body(context), options.timeout ?? LIMIT_MS);
	} catch (error) {
		errors.push(error);
	}
	for (const run of cleanups) {
		try {
			await run();
		} catch (error) {
			errors.push(error);
		}
	}
	if (errors.length === 0) report({ name, ok: true, ...(skip === null ? {} : { skip }) });
	else {
		failed = true;
		const text = errors.map((one) =>
			one instanceof Error ? `${one.name}: ${one.message}\n${one.stack ?? ""}` : String(one),
		);
		report({ name, ok: false, error: text.join("\n") });
	}
}

async function runSuite(suite: Suite, prefix: string): Promise<void> {
	for (const run of suite.before) await run();
	for (const item of suite.items) {
		if (item.kind === "suite") {
			if (item.suite.skip) report({ name: `${prefix}${item.suite.name}`, ok: true, skip: item.suite.skip });
			else await runSuite(item.suite, `${prefix}${item.suite.name}: `);
		} else await runTest(`${prefix}${item.name}`, item.options, item.body);
	}
	for (const run of suite.after) await run();
}

setTimeout(() => {
	runSuite(root, "").then(
		() => std.exit(failed ? 1 : 0),
		(error: unknown) => {
			report({
				name: "hooks",
				ok: false,
				error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error),
			});
			std.exit(1);
		},
	);
}, 0);

/** node:assert/strict, as much of it as the tests use, for QuickJS. */
type Expected = RegExp | object | ((error: unknown) => boolean) | undefined;

export class AssertionError extends Error {}

function show(value: unknown): string {
	try {
		const text = typeof value === "bigint" ? `${value}n` : JSON.stringify(value);
		return (text ?? String(value)).slice(0, 1500);
	} catch {
		return String(value);
	}
}

function complain(message: unknown, text: string): never {
	if (message instanceof Error) throw message;
	throw new AssertionError(message === undefined ? text : `${String(message)}: ${text}`);
}

function same(a: unknown, b: unknown): boolean {
	if (Object.is(a, b)) return true;
	if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
	if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
	if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
	if (a instanceof RegExp && b instanceof RegExp) return String(a) === String(b);
	if (a instanceof Error && b instanceof Error && a.message !== b.message) return false;
	if (a instanceof Map && b instanceof Map) {
		return a.size === b.size && [...a].every(([key, value]) => b.has(key) && same(value, b.get(key)));
	}
	if (a instanceof Set && b instanceof Set) {
		return a.size === b.size && [...a].every((one) => b.has(one) || [...b].some((other) => same(one, other)));
	}
	if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) {
		const [left, right] = [a as unknown as ArrayLike<number>, b as unknown as ArrayLike<number>];
		if (left.length !== right.length) return false;
		for (let i = 0; i < left.length; i++) if (!Object.is(left[i], right[i])) return false;
		return true;
	}
	const keys = Reflect.ownKeys(a).filter((key) => Object.getOwnPropertyDescriptor(a, key)?.enumerable);
	const others = Reflect.ownKeys(b).filter((key) => Object.getOwnPropertyDescriptor(b, key)?.enumerable);
	if (Array.isArray(a) && a.length !== (b as unknown[]).length) return false;
	return (
		keys.length === others.length &&
		keys.every((key) => Object.hasOwn(b, key) && same(Reflect.get(a, key), Reflect.get(b, key)))
	);
}

function check(error: unknown, expected: Expected): void {
	if (expected === undefined || typeof expected === "string") return;
	if (expected instanceof RegExp) {
		if (!expected.test(String(error))) complain(undefined, `${String(error)} does not match ${expected}`);
	} else if (typeof expected === "function") {
		const isClass = expected === Error || expected.prototype instanceof Error;
		if (isClass ? !(error instanceof expected) : expected(error) !== true) {
			complain(undefined, `another error than expected: ${String(error)}`);
		}
	} else {
		for (const [key, wanted] of Object.entries(expected)) {
			const value = (error as Record<string, unknown>)[key];
			const fits = wanted instanceof RegExp && typeof value === "string" ? wanted.test(value) : same(value, wanted);
			if (!fits) complain(undefined, `error.${key} is ${show(value)}, not ${show(wanted)} ${String(wanted)}`);
		}
	}
}

function ok(value: unknown, message?: unknown): void {
	if (!value) complain(message, `${show(value)} is not true`);
}

const assert = Object.assign(ok, {
	ok,
	AssertionError,
	fail: (message: unknown): never => complain(message, "failed"),
	equal(a: unknown, b: unknown, message?: unknown) {
		if (!Object.is(a, b)) complain(message, `${show(a)} is not ${show(b)}`);
	},
	notEqual(a: unknown, b: unknown, message?: unknown) {
		if (Object.is(a, b)) complain(message, `${show(a)} twice`);
	},
	deepEqual(a: unknown, b: unknown, message?: unknown) {
		if (!same(a, b)) complain(message, `\n${show(a)}\nis not\n${show(b)}`);
	},
	notDeepEqual(a: unknown, b: unknown, message?: unknown) {
		if (same(a, b)) complain(message, `${show(a)} twice`);
	},
	match(text: string, pattern: RegExp, message?: unknown) {
		if (typeof text !== "string" || !pattern.test(text)) complain(message, `${show(text)} does not match ${pattern}`);
	},
	doesNotMatch(text: string, pattern: RegExp, message?: unknown) {
		if (pattern.test(text)) complain(message, `${show(text)} matches ${pattern}`);
	},
	throws(run: () => unknown, expected?: Expected, message?: unknown) {
		try {
			run();
		} catch (error) {
			check(error, expected);
			return;
		}
		complain(message, "nothing was thrown");
	},
	doesNotThrow(run: () => unknown) {
		run();
	},
	async rejects(run: Promise<unknown> | (() => Promise<unknown>), expected?: Expected, message?: unknown) {
		try {
			await (typeof run === "function" ? run() : run);
		} catch (error) {
			check(error, expected);
			return;
		}
		complain(message, "nothing was rejected");
	},
	async doesNotReject(run: Promise<unknown> | (() => Promise<unknown>)) {
		await (typeof run === "function" ? run() : run);
	},
});

export const { equal, deepEqual, match, throws, rejects, fail, notEqual } = assert;
export { ok };
export default assert;

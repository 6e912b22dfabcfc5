/**
 * web/api.ts over RutOS' REST API, for pages in its shell and outside of it: what only looks goes by GET, which asks for
 * the right to read, and all calls of one moment in one request; what changes something goes by POST, one at a time. The
 * service behind it is vuci-app-autonomy/src/autonomy.lua.
 */
import { ApiError, type ApiErrorCode, type Transport, UBUS_CODES } from "./api.ts";
import { LISTS, type Shape, WRITES } from "./rutos-methods.ts";

/** How requests travel. Both give the body of the answer, and reject with what `failure` understands. */
export interface Rest {
	get(path: string): Promise<unknown>;
	post(path: string, body: unknown): Promise<unknown>;
	/** HTTP status of a refused request; null: no answer came. */
	statusOf(error: unknown): number | null;
}

const BASE = "/api/autonomy";
const OWN = "autonomy";
/** uhttpd reads so much of a request's head at most, with the browser's own lines and cookies. */
const MOST_HEX = 2400;
/** Calls the service takes in one request. */
const MOST_CALLS = 40;

/** Status of ubus, and two of the service itself. */
const STATUS: Readonly<Record<string, ApiErrorCode>> = {
	...UBUS_CODES,
	absent: "absent",
	denied: "denied",
};

interface Waiting {
	readonly name: string;
	readonly hex: string;
	readonly done: (reply: unknown) => void;
	readonly failed: (error: unknown) => void;
}

export function createRutosTransport(rest: Rest): Transport {
	let queue: Waiting[] = [];

	function failure(error: unknown): ApiError {
		if (error instanceof ApiError) return error;
		const text = error instanceof Error ? error.message : String(error);
		const status = rest.statusOf(error);
		if (status === null || status >= 500) return new ApiError("offline", text);
		if (status === 401 || status === 403) return new ApiError("denied", text);
		// Without our service RutOS knows no such address.
		return new ApiError(status === 404 || status === 501 ? "absent" : "failed", text);
	}

	async function ask(batch: readonly Waiting[]): Promise<void> {
		try {
			const hexes = batch.map((one) => one.hex);
			const results = readResults(await rest.get(`${BASE}/ask?q=5b${hexes.join("2c")}5d`));
			for (const [index, one] of batch.entries()) settle(one, results[index]);
		} catch (error) {
			for (const one of batch) one.failed(failure(error));
		}
	}

	function flush(): void {
		const all = queue;
		queue = [];
		let batch: Waiting[] = [];
		let length = 0;
		for (const one of all) {
			if (batch.length >= MOST_CALLS || (batch.length > 0 && length + one.hex.length > MOST_HEX)) {
				void ask(batch);
				batch = [];
				length = 0;
			}
			batch.push(one);
			length += one.hex.length + 2;
		}
		if (batch.length > 0) void ask(batch);
	}

	return {
		call(object, method, args) {
			const name = `${object} ${method}`;
			const call = JSON.stringify(object === OWN ? [method, args] : [method, args, object]);
			return new Promise((done, failed) => {
				if (WRITES.has(name)) {
					rest.post(`${BASE}/actions/order`, { data: { call } }).then(
						(body) => settle({ name, done, failed }, readResults(body)[0]),
						(error: unknown) => failed(failure(error)),
					);
					return;
				}
				if (queue.length === 0) setTimeout(flush);
				queue.push({ name, hex: hexOf(call), done, failed });
			});
		},
	};
}

/** Of letters, digits and nothing else: whatever splits or decodes a query on its way leaves it as it is. */
function hexOf(text: string): string {
	return [...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Some shells give the body, some what is under `data` in it. */
function readResults(body: unknown): readonly unknown[] {
	for (let inside = body, depth = 0; depth < 3; depth++) {
		if (typeof inside !== "object" || inside === null) break;
		const { results, data } = inside as { readonly results?: unknown; readonly data?: unknown };
		if (Array.isArray(results)) return results;
		inside = data;
	}
	throw new ApiError("failed", "RutOS gave an answer without results");
}

function settle({ name, done, failed }: Pick<Waiting, "name" | "done" | "failed">, result: unknown): void {
	const { status, reply } = (result ?? {}) as { readonly status?: unknown; readonly reply?: unknown };
	if (status === 0) done(withLists(name, reply));
	else failed(new ApiError(STATUS[String(status)] ?? "failed", `${name}: ubus status ${String(status)}`));
}

/** In Lua an empty list and an empty table are one; the contract knows which it is. */
function withLists(name: string, reply: unknown): unknown {
	if (isEmpty(reply)) reply = {};
	const shape = LISTS[name];
	return shape === undefined ? reply : fix(reply, shape);
}

function isEmpty(value: unknown): boolean {
	return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function fix(value: unknown, shape: Shape): unknown {
	if (typeof value !== "object" || value === null) return value;
	if (isList(shape)) {
		const of = shape[0];
		if (!Array.isArray(value)) return isEmpty(value) ? [] : value;
		return of === undefined ? value : value.map((one: unknown) => fix(one, of));
	}
	const table = value as Readonly<Record<string, unknown>>;
	const each = shape["*"];
	const fixed = Object.entries(each === undefined ? shape : table).flatMap(([key]) => {
		const inside = each ?? shape[key];
		return inside !== undefined && Object.hasOwn(table, key) ? [[key, fix(table[key], inside)] as const] : [];
	});
	return { ...table, ...Object.fromEntries(fixed) };
}

function isList(shape: Shape): shape is readonly Shape[] {
	return Array.isArray(shape);
}

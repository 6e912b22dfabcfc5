/**
 * What tests (never the daemon: test/platform/neutral.test.ts) take from Node's globals, for running them on QuickJS.
 * Loaded before everything else.
 */
import { os, std } from "../../../daemon/platform/qjs/engine.ts";
import { qjsHost } from "../../../daemon/platform/qjs/host.ts";
import { concat, decodeText, encodeText } from "../../../daemon/platform/text.ts";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function toBase64(bytes: Uint8Array): string {
	let out = "";
	for (let at = 0; at < bytes.length; at += 3) {
		const word = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
		for (let digit = 0; digit < 4; digit++) {
			out += digit <= bytes.length - at ? DIGITS.charAt((word >> (18 - 6 * digit)) & 63) : "=";
		}
	}
	return out;
}

function fromBase64(text: string): number[] {
	const bytes: number[] = [];
	let word = 0;
	let bits = 0;
	for (const one of text.replace(/[^\w+/]/g, "")) {
		word = ((word << 6) | DIGITS.indexOf(one)) & 0xffffff;
		bits += 6;
		if (bits < 8) continue;
		bits -= 8;
		bytes.push((word >> bits) & 0xff);
	}
	return bytes;
}

class FewBuffer extends Uint8Array {
	static override from(source: unknown, encoding: unknown = "utf8"): FewBuffer {
		if (typeof source !== "string") return new FewBuffer(source as ArrayLike<number>);
		if (encoding === "hex") {
			return new FewBuffer((source.match(/[0-9a-fA-F]{2}/g) ?? []).map((byte) => Number.parseInt(byte, 16)));
		}
		if (encoding === "base64") return new FewBuffer(fromBase64(source));
		if (encoding === "latin1") return new FewBuffer([...source].map((one) => one.charCodeAt(0)));
		return new FewBuffer(encodeText(source));
	}
	static alloc(size: number, fill = 0): FewBuffer {
		return new FewBuffer(size).fill(fill);
	}
	static concat(parts: readonly Uint8Array[]): FewBuffer {
		return new FewBuffer(concat(parts));
	}
	static byteLength(text: string): number {
		return encodeText(text).length;
	}
	static isBuffer(value: unknown): boolean {
		return value instanceof FewBuffer;
	}
	override toString(encoding = "utf8"): string {
		if (encoding === "hex") return [...this].map((byte) => byte.toString(16).padStart(2, "0")).join("");
		if (encoding === "base64") return toBase64(this);
		if (encoding === "latin1") return [...this].map((byte) => String.fromCharCode(byte)).join("");
		return decodeText(this);
	}
}

/** Only files of this project, as tests name them from where they are: samples beside them, everything else at the top. */
class FewUrl {
	readonly pathname: string;
	constructor(path: string, base: unknown) {
		const inner = path.replace(/^(\.\.?\/)+/, "");
		const folder = base instanceof FewUrl ? base.pathname : inner === "" || inner.startsWith("samples/") ? "test/" : "";
		this.pathname = folder + inner;
	}
}

const startedMs = os.now();
const timer = (callback: () => void, ms = 0): unknown => os.setTimeout(callback, Math.max(0, Math.ceil(ms)));

function every(callback: () => void, ms: number): { handle: unknown } {
	const loop = { handle: null as unknown };
	const fire = (): void => {
		loop.handle = timer(fire, ms);
		callback();
	};
	loop.handle = timer(fire, ms);
	return loop;
}

Object.assign(globalThis, {
	Buffer: FewBuffer,
	TextEncoder: class {
		encode(text: string): Uint8Array {
			return encodeText(text);
		}
	},
	TextDecoder: class {
		decode(bytes: Uint8Array): string {
			return decodeText(bytes);
		}
	},
	URL: FewUrl,
	performance: { now: () => os.now() - startedMs },
	setTimeout: timer,
	clearTimeout: (handle: unknown) => (handle === undefined || handle === null ? undefined : os.clearTimeout(handle)),
	setInterval: every,
	clearInterval: (loop: { handle: unknown }) => os.clearTimeout(loop.handle),
	setImmediate: (callback: () => void) => timer(callback),
	queueMicrotask: (callback: () => void) => void Promise.resolve().then(callback),
	process: {
		argv: ["qjs", ...qjsHost.args],
		env: std.getenviron(),
		execPath: std.getenv("NODE") ?? "node",
		pid: os.getpid(),
		platform: "linux",
		version: "v0.0.0",
		versions: {},
		memoryUsage: () => ({ rss: qjsHost.memory().rssBytes, heapUsed: qjsHost.memory().heapBytes }),
		hrtime: { bigint: () => BigInt(Math.round(os.now() * 1e6)) },
		exit: (code: number) => std.exit(code),
		on: () => undefined,
		nextTick: (callback: () => void) => void Promise.resolve().then(callback),
	},
});

/**
 * Requests of https:// by `curl`, which has TLS and the router's certificates. Everything (address, headers, body) goes
 * to it by its standard input, as its configuration: nothing of it can be seen in the list of processes. A body that is no
 * text is a file in RAM meanwhile.
 */
import { createCollector } from "../collector.ts";
import { AutonomyError, errorText } from "../error.ts";
import { headerLines, httpResponse, parseHead } from "../http-message.ts";
import type { HttpRequest, HttpResponse } from "../platform.ts";
import { concat, decodeText, encodeText } from "../text.ts";
import { find, spawn } from "./children.ts";
import { qjsTimers } from "./clock.ts";
import { os } from "./engine.ts";
import { qjsFiles } from "./files.ts";
import { endChild } from "./processes.ts";

const FOLDER = "/tmp/autonomy";
const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 1 << 20;
const MAX_HEAD_BYTES = 65_536;
const MAX_WORDS = 2000;
const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t" };
/** curl's exit codes (curl(1)). */
const TIMED_OUT = 28;
const TOO_LONG = 63;
const NO_CONNECTION: readonly number[] = [5, 6, 7, 35, 60];

function quoted(text: string): string {
	if (text.includes("\0")) throw new AutonomyError("bad_argument", "curl cannot be told of zero bytes");
	return `"${text.replace(/[\\"\n\r\t]/g, (one) => ESCAPES[one] ?? one)}"`;
}

/** Where it connects to instead of resolving the name. */
export interface Pinned {
	readonly host: string;
	readonly port: number;
	readonly addresses: readonly string[];
}

/** Its configuration file; `bodyFile` holds the body when that is no text. Pure. */
export function curlConfig(request: HttpRequest, pinned: Pinned | null, bodyFile: string | null): string {
	const timeoutMs = request.timeoutMs ?? DEFAULT_TIMEOUT_MS;
	const lines = [
		`url = ${quoted(request.url)}`,
		"globoff",
		"silent",
		"show-error",
		"include",
		"http1.1",
		'noproxy = "*"',
		'proto = "=https"',
		`request = ${quoted(request.method ?? "GET")}`,
		`max-time = ${(timeoutMs / 1000).toFixed(3)}`,
		`max-filesize = ${request.maxBytes ?? DEFAULT_MAX_BYTES}`,
		...headerLines(request).map((line) => `header = ${quoted(line)}`),
	];
	if (pinned !== null && !pinned.host.includes(":")) {
		const addresses = pinned.addresses.map((one) => (one.includes(":") ? `[${one}]` : one)).join(",");
		lines.push(`resolve = ${quoted(`${pinned.host}:${pinned.port}:${addresses}`)}`);
	}
	if (request.connectTimeoutMs !== undefined) {
		lines.push(`connect-timeout = ${(request.connectTimeoutMs / 1000).toFixed(3)}`);
	}
	if (request.localAddress !== undefined) lines.push(`interface = ${quoted(`host!${request.localAddress}`)}`);
	if (request.body !== undefined) {
		lines.push(bodyFile === null ? `data-raw = ${quoted(String(request.body))}` : `data-binary = "@${bodyFile}"`);
		// What curl adds by itself when there is a body.
		const names = Object.keys(request.headers ?? {}).map((name) => name.toLowerCase());
		if (!names.includes("content-type")) lines.push('header = "Content-Type:"');
		lines.push('header = "Expect:"');
	}
	return `${lines.join("\n")}\n`;
}

function replyOf(output: Uint8Array): HttpResponse {
	const head = parseHead(output);
	if (head === null) throw new AutonomyError("connection_failed", "an answer without an end of its headers");
	const bytes = output.slice(head.end);
	return httpResponse(head, bytes);
}

function failure(code: number | null, words: string, request: HttpRequest): AutonomyError {
	const text = words.trim().replace(/^curl: /, "") || `curl ended with code ${code}`;
	if (code === TIMED_OUT && !/connect/i.test(text)) return new AutonomyError("timeout", text);
	if (code === TOO_LONG) {
		return new AutonomyError("queue_full", `answer beyond ${request.maxBytes ?? DEFAULT_MAX_BYTES} bytes`);
	}
	const untouched = code !== null && NO_CONNECTION.includes(code);
	return new AutonomyError("connection_failed", untouched ? text : `the connection broke: ${text}`);
}

let lastNumber = 0;

/** Bytes (the sealed text of a push) cannot stand in a configuration; a text can, and is then nowhere in the file system. */
async function withBodyFile<T>(body: HttpRequest["body"], run: (path: string | null) => Promise<T>): Promise<T> {
	if (body === undefined || typeof body === "string") return run(null);
	const path = `${FOLDER}/post-${os.getpid()}-${++lastNumber}`;
	qjsFiles.makeDirectory(FOLDER);
	qjsFiles.writeAtomic(path, body, 0o600);
	try {
		return await run(path);
	} finally {
		qjsFiles.remove(path);
	}
}

export function requestByCurl(request: HttpRequest, pinned: Pinned | null): Promise<HttpResponse> {
	return withBodyFile(request.body, (path) => exchange(request, encodeText(curlConfig(request, pinned, path))));
}

function exchange(request: HttpRequest, config: Uint8Array): Promise<HttpResponse> {
	const maxBytes = (request.maxBytes ?? DEFAULT_MAX_BYTES) + MAX_HEAD_BYTES;
	return new Promise((resolve, reject) => {
		const output: Uint8Array[] = [];
		// It writes its complaint letter by letter.
		const errors = createCollector(MAX_WORDS);
		let size = 0;
		let over = false;
		const end = (finish: () => void): void => {
			if (over) return;
			over = true;
			timer.close();
			finish();
		};
		const timer = qjsTimers.after((request.timeoutMs ?? DEFAULT_TIMEOUT_MS) + 500, () => {
			end(() => {
				endChild(child);
				reject(new AutonomyError("timeout", "curl does not end"));
			});
		});
		const start = (): ReturnType<typeof spawn> =>
			spawn(["curl", "-q", "-K", "-"], undefined, {
				onStdout(bytes) {
					size += bytes.length;
					if (size <= maxBytes) output.push(bytes);
					else {
						end(() => {
							endChild(child);
							reject(failure(TOO_LONG, "", request));
						});
					}
				},
				onStderr: errors.add,
				onEnd(code) {
					end(() => {
						if (code !== 0) reject(failure(code, decodeText(concat(errors.chunks())), request));
						else {
							try {
								resolve(replyOf(concat(output)));
							} catch (error) {
								reject(error);
							}
						}
					});
				},
			});
		let child: ReturnType<typeof spawn>;
		try {
			child = start();
		} catch (error) {
			timer.close();
			const missing = find("curl") === null;
			reject(
				missing
					? new AutonomyError("tool_missing", "https:// needs curl on QuickJS: install the package curl")
					: new AutonomyError("connection_failed", `cannot start curl: ${errorText(error)}`),
			);
			return;
		}
		child.stdin.write(config);
		child.stdin.end();
	});
}

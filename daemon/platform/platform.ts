/**
 * The seam between the daemon and the JavaScript engine it runs on. This is the only description of the outside world
 * that the rooms see; platform/node/ implements it with Node, a QuickJS implementation can stand in its place.
 *
 * Rules for implementers: nothing here blocks for longer than a read of a file in RAM; callbacks are never called
 * before the function that registered them has returned; after `close()` no callback is called any more.
 */
import type { Outlets } from "./outlets.ts";

export interface Platform {
	readonly clock: Clock;
	readonly timers: Timers;
	readonly files: Files;
	readonly processes: Processes;
	readonly streams: Streams;
	readonly datagrams: Datagrams;
	readonly http: HttpClient;
	readonly rpc: Rpc;
	readonly random: Random;
	readonly host: Host;
	readonly outlets: Outlets;
}

export interface Clock {
	/** Milliseconds since some fixed moment; never jumps, not even when NTP sets the clock. May have a fraction. */
	monotonicMs(): number;
	/** Milliseconds since 1970 by the wall clock; only for people. */
	wallMs(): number;
}

/** Anything that holds a resource until it is closed. Closing twice is harmless. */
export interface Closable {
	close(): void;
}

export interface Timers {
	/** Calls once, `ms` from now (0 or more). */
	after(ms: number, callback: () => void): Closable;
	/** Calls every `ms` (at least 1), drift-free on average. */
	every(ms: number, callback: () => void): Closable;
}

export interface FileStat {
	readonly size: number;
	readonly modifiedMs: number;
	readonly isDirectory: boolean;
}

/**
 * Small files on tmpfs, sysfs, procfs and /etc/config. Synchronous on purpose: such reads take microseconds, and a
 * thread pool costs a router more than it gives. Errors are AutonomyError with code file_not_found, file_denied,
 * no_space or file_io.
 */
export interface Files {
	readText(path: string): string;
	readBytes(path: string): Uint8Array;
	/** Like readText, but null when there is no such file. */
	readTextIfAny(path: string): string | null;
	/** Writes a temporary file beside `path` and renames it over: readers see the old or the new file, never a part. */
	writeAtomic(path: string, content: string | Uint8Array, mode?: number): void;
	/** Names in a directory, sorted; empty when there is no such directory. */
	list(path: string): string[];
	/** Where a symbolic link points, or null when it is none. */
	readLink(path: string): string | null;
	stat(path: string): FileStat | null;
	makeDirectory(path: string): void;
	/** Removes a file; no error when there is none. */
	remove(path: string): void;
	/** How full the file system below `path` is; null where that is not known. */
	usedPct?(path: string): number | null;
}

/** A program and its arguments; never goes through a shell. */
export type Argv = readonly [string, ...string[]];

export interface RunOptions {
	readonly stdin?: string;
	/** Killed (SIGKILL) after this time; the result then has `timedOut`. Default 10 000. */
	readonly timeoutMs?: number;
	/** Output beyond this many bytes is dropped and `truncated` set. Default 1 MiB. */
	readonly maxOutputBytes?: number;
	/** The whole environment of the process; default: ours. */
	readonly env?: Readonly<Record<string, string>>;
}

export interface RunResult {
	/** Exit code, or null when a signal ended it. */
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
	readonly timedOut: boolean;
	readonly truncated: boolean;
	readonly durationMs: number;
}

export interface ChildHandlers {
	onStdoutLine?(line: string): void;
	onStderrLine?(line: string): void;
	/** Called exactly once, after the last line. `error` when the program could not be started at all. */
	onExit(code: number | null, error: string | null): void;
}

export interface StartOptions {
	readonly env?: Readonly<Record<string, string>>;
	/** Its output may be held back (Child.hold). */
	readonly onDemand?: boolean;
}

export interface Child extends Closable {
	readonly pid: number | null;
	/** False when the pipe is full or gone. */
	write(text: string): boolean;
	signal(name: "SIGTERM" | "SIGKILL" | "SIGHUP" | "SIGQUIT"): void;
	/**
	 * Of a program started `onDemand`: from now on its standard output waits in the pipe (64 KiB; a full one stops the
	 * program) and wakes nobody until read(), hold(false) or its end. False: cannot be done here, all is told as it comes.
	 */
	hold(on: boolean): boolean;
	/** While held: how many lines wait. */
	waiting(): number;
	/** While held: tells at once what waits. */
	read(): void;
	/** SIGTERM, then SIGKILL after 500 ms; onExit is not called any more. */
	close(): void;
}

export interface Processes {
	/** Memory is dear (the engine of small routers): the record takes less by default, and garbage is collected seldom. */
	readonly dear?: true;
	/**
	 * Runs a program to its end. Resolves also when it fails; rejects only with spawn_failed (not there, not
	 * executable). Lines longer than 64 KiB are cut.
	 */
	run(argv: Argv, options?: RunOptions): Promise<RunResult>;
	/** Starts a long-lived program whose output is read by lines. */
	start(argv: Argv, handlers: ChildHandlers, options?: StartOptions): Child;
	/** Full path of a program, looked up in PATH and the usual sbin folders; null when there is none. */
	find(name: string): string | null;
	/** How many processes were started so far (run + start). */
	started(): number;
}

export type StreamTarget =
	| { readonly kind: "unix"; readonly path: string }
	| { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly localAddress?: string };

export interface StreamHandlers {
	/** It begins to connect now; only where `Streams.beginsLater`, there always before onOpen. */
	onBegin?(): void;
	onOpen(): void;
	onData(bytes: Uint8Array): void;
	/** The peer took what had piled up: writing may go on. */
	onDrain?(): void;
	/** Exactly once; `error` is null when the peer just closed. */
	onClose(error: string | null): void;
}

export interface ByteStream extends Closable {
	/** Queues bytes; false when more than the high-water mark (64 KiB) is waiting: wait for onDrain. */
	write(bytes: Uint8Array): boolean;
	/** Bytes written but not yet taken by the kernel. */
	readonly pendingBytes: number;
	pause(): void;
	resume(): void;
}

export interface Streams {
	/** A program carries each connection: on a busy router it connects much later than it is told to. */
	readonly beginsLater?: boolean;
	connect(target: StreamTarget, handlers: StreamHandlers): ByteStream;
}

export interface DatagramSocket extends Closable {
	send(bytes: Uint8Array, host: string, port: number): void;
}

export interface Datagrams {
	/** A UDP socket bound to a local address; `onError` closes nothing by itself. */
	open(
		options: { readonly family: "ipv4" | "ipv6"; readonly localAddress?: string },
		handlers: { onMessage(bytes: Uint8Array, host: string, port: number): void; onError(error: string): void },
	): DatagramSocket;
}

export interface HttpRequest {
	readonly url: string;
	readonly method?: string;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string | Uint8Array;
	readonly timeoutMs?: number;
	/** The connection itself must stand within this time; the rejection is then connection_failed: nothing was sent. */
	readonly connectTimeoutMs?: number;
	readonly localAddress?: string;
	readonly maxBytes?: number;
	/** Rejects with refused when the host has an address that is not of the public internet. */
	readonly publicOnly?: boolean;
}

export interface HttpResponse {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	/** As UTF-8 text. */
	readonly body: string;
	readonly bytes: Uint8Array;
}

export interface HttpClient {
	/** Follows no redirect; verifies TLS. Rejects with timeout, connection_failed or queue_full (body too long). */
	request(request: HttpRequest): Promise<HttpResponse>;
}

export interface RpcTarget {
	/** An IPv4 address. */
	readonly host: string;
	readonly port: number;
	/** The source address, so that the call leaves through its uplink. */
	readonly localAddress?: string;
}

export interface RpcChannel extends Closable {
	/**
	 * One unary gRPC call, bytes to bytes. Rejects with timeout, connection_failed, rpc_denied, rpc_unsupported or
	 * rpc_failed; after the first two the channel is of no use any more: close it and open another.
	 */
	call(path: string, message: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
}

/** gRPC over plaintext HTTP/2. What it needs is loaded by the first `open`; connecting happens in the first call. */
export interface Rpc {
	/** Rejects with rpc_unsupported where the runtime has no HTTP/2. */
	open(target: RpcTarget): Promise<RpcChannel>;
}

export interface Random {
	/** A whole number 0 <= n < 2^32. */
	uint32(): number;
}

export type HostSignal = "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGUSR1" | "SIGUSR2";

export interface Host {
	readonly args: readonly string[];
	readonly pid: number;
	/** Engine and version, e.g. "node 20.19.0". */
	readonly runtime: string;
	env(name: string): string | undefined;
	onSignal(name: HostSignal, callback: () => void): Closable;
	/** An error nobody caught: the last chance to give the router back. */
	onFatal(callback: (error: unknown) => void): Closable;
	memory(): { readonly rssBytes: number; readonly heapBytes: number };
	/** Frees what refers to itself; only where the engine would wait until memory has grown by half. Some ms. */
	collect?(): void;
	/** What has become hot is compiled; nothing more is, for speed that nobody would notice. Only where such code takes memory. */
	stopOptimizing?(): void;
	/** Ends the process at once. */
	exit(code: number): never;
	/** Raw text to stdout/stderr, for --help and config validate. */
	print(text: string, to?: "stdout" | "stderr"): void;
}

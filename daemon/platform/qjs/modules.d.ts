/**
 * What is used of QuickJS' own modules `os` and `std` (2025-04-26 and later), under names that are nobody else's: `os`
 * is a module of Node, too. scripts/build.mjs gives them their real names. Negative numbers are -errno.
 */
declare module "qjs:os" {
	export const O_RDONLY: number;
	export const O_WRONLY: number;
	export const O_CREAT: number;
	export const O_TRUNC: number;
	export const O_APPEND: number;
	export const S_IFMT: number;
	export const S_IFDIR: number;
	export const S_IFREG: number;
	export const SIGCHLD: number;
	export const SIGPIPE: number;
	export const SIGUSR1: number;
	export const SIGUSR2: number;
	export const SIGQUIT: number;
	export const WNOHANG: number;
	export function open(path: string, flags: number, mode?: number): number;
	export function close(fd: number): number;
	export function read(fd: number, buffer: ArrayBuffer, offset: number, length: number): number;
	export function write(fd: number, buffer: ArrayBuffer, offset: number, length: number): number;
	export function pipe(): [number, number] | null;
	export function setReadHandler(fd: number, handler: (() => void) | null): void;
	export function setWriteHandler(fd: number, handler: (() => void) | null): void;
	export function setTimeout(handler: () => void, ms: number): unknown;
	export function clearTimeout(timer: unknown): void;
	export function signal(signal: number, handler: (() => void) | null | undefined): void;
	export function kill(pid: number, signal: number): number;
	export function waitpid(pid: number, options: number): [number, number];
	export function getpid(): number;
	/** Milliseconds, monotonic, with a fraction. */
	export function now(): number;
	export function stat(path: string): [{ mode: number; size: number; mtime: number }, number];
	export function readdir(path: string): [string[], number];
	export function readlink(path: string): [string, number];
	export function mkdir(path: string, mode?: number): number;
	export function rename(from: string, to: string): number;
	export function remove(path: string): number;
	export function exec(
		argv: readonly string[],
		options: {
			block: false;
			usePath: false;
			file: string;
			env: Readonly<Record<string, string>>;
			stdin: number;
			stdout: number;
			stderr: number;
		},
	): number;
}

declare module "qjs:std" {
	export function gc(): void;
	interface Output {
		puts(text: string): void;
		flush(): void;
	}
	export const out: Output;
	export const err: Output;
	interface Input {
		/** Null at the end. */
		getline(): string | null;
		close(): void;
	}
	export function open(path: string, mode: "r"): Input | null;
	export function exit(code: number): never;
	export function getenv(name: string): string | undefined;
	export function getenviron(): Record<string, string>;
	export function strerror(errno: number): string;
}

/** node:fs, as much of it as the tests use, over the daemon's own files on QuickJS. */
import { os } from "../../../daemon/platform/qjs/engine.ts";
import { qjsFiles } from "../../../daemon/platform/qjs/files.ts";
import { encodeText } from "../../../daemon/platform/text.ts";

function pathOf(path: string | { pathname: string }): string {
	return typeof path === "string" ? path : path.pathname;
}

function raise(result: number, path: string): void {
	if (result < 0)
		throw Object.assign(new Error(`errno ${-result}: ${path}`), { code: result === -2 ? "ENOENT" : "EIO" });
}

export function readFileSync(path: string | { pathname: string }, how?: unknown): string | Uint8Array {
	if (how !== undefined) return qjsFiles.readText(pathOf(path));
	return Buffer.from(qjsFiles.readBytes(pathOf(path)));
}
export function writeFileSync(
	path: string,
	content: string | Uint8Array,
	how?: { mode?: number; flag?: string },
): void {
	const bytes = typeof content === "string" ? encodeText(content) : new Uint8Array(content);
	const flags = how?.flag === "a" ? os.O_APPEND : os.O_TRUNC;
	const fd = os.open(path, os.O_WRONLY | os.O_CREAT | flags, how?.mode ?? 0o644);
	raise(fd, path);
	os.write(fd, bytes.buffer, 0, bytes.length);
	os.close(fd);
}
export const existsSync = (path: string): boolean => qjsFiles.stat(path) !== null;
export const statSync = (path: string): { size: number; mode: number; mtimeMs: number; isDirectory(): boolean } => {
	const [stat, errno] = os.stat(path);
	raise(-errno, path);
	return { ...stat, mtimeMs: stat.mtime, isDirectory: () => (stat.mode & os.S_IFMT) === os.S_IFDIR };
};
export function readdirSync(where: string | { pathname: string }, options?: { recursive?: boolean }): string[] {
	const path = pathOf(where);
	const names = qjsFiles.list(path);
	if (!options?.recursive) return names;
	return names.flatMap((name) => [
		name,
		...(qjsFiles.stat(`${path}/${name}`)?.isDirectory
			? readdirSync(`${path}/${name}`, options).map((one) => `${name}/${one}`)
			: []),
	]);
}
export const mkdirSync = (path: string): void => qjsFiles.makeDirectory(path);
/** What tests make for real programs is written by tests that do not run here. */
function refuse(): never {
	throw new Error("not on QuickJS");
}
export const chmodSync = refuse;
export const symlinkSync = refuse;
export const cpSync = refuse;
export const appendFileSync = refuse;
let made = 0;
export function mkdtempSync(prefix: string): string {
	const path = `${prefix}${os.getpid()}-${Math.floor(os.now() * 1000)}-${made++}`;
	raise(os.mkdir(path, 0o700), path);
	return path;
}
export function rmSync(path: string): void {
	if (qjsFiles.stat(path)?.isDirectory) for (const name of qjsFiles.list(path)) rmSync(`${path}/${name}`);
	os.remove(path);
}
export const renameSync = (from: string, to: string): void => raise(os.rename(from, to), from);
export const unlinkSync = (path: string): void => raise(os.remove(path), path);
export default {
	readFileSync,
	writeFileSync,
	existsSync,
	statSync,
	readdirSync,
	mkdirSync,
	mkdtempSync,
	rmSync,
	renameSync,
};

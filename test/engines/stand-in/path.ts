/** node:path and node:os, as much of them as the tests use, for QuickJS. */
export function join(...parts: string[]): string {
	const out: string[] = [];
	for (const part of parts.join("/").split("/")) {
		if (part === "..") out.pop();
		else if (part !== "." && (part !== "" || out.length === 0)) out.push(part);
	}
	return out.join("/");
}
export const resolve = (...parts: string[]): string => join(...parts);
export const dirname = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf("/")));
export const basename = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
export const tmpdir = (): string => "/tmp";
export const hostname = (): string => "router";
export const fileURLToPath = (url: string): string => url.replace(/^file:\/\//, "");
export default { join, resolve, dirname, basename, tmpdir };

/**
 * What a package or an archive holds. Paths are relative, without a leading "./" or "/"; modes are the permission bits
 * alone; owner is always root. Directories are not listed: `withParents` derives them (mode 755).
 */
export interface FileEntry {
	readonly kind: "file";
	readonly path: string;
	readonly mode: number;
	readonly content: Buffer;
}

export interface DirEntry {
	readonly kind: "dir";
	readonly path: string;
	readonly mode: number;
}

export type Entry = FileEntry | DirEntry;

export function file(path: string, content: string | Buffer, mode = 0o644): FileEntry {
	return { kind: "file", path, mode, content: typeof content === "string" ? Buffer.from(content, "utf8") : content };
}

/** Byte order, the same everywhere; a directory comes before what is in it. */
export function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
	return Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
}

/** The files with every directory above them, sorted. Throws for a path twice, and for one that leaves the package. */
export function withParents(files: readonly FileEntry[]): Entry[] {
	const entries = new Map<string, Entry>();
	for (const one of files) {
		const parts = one.path.split("/");
		if (parts.some((part) => part === "" || part === "." || part === ".."))
			throw new Error(`not a path inside a package: ${one.path}`);
		const there = entries.get(one.path);
		if (there?.kind === "dir") throw new Error(`both a file and a directory: ${one.path}`);
		if (there !== undefined) throw new Error(`twice in a package: ${one.path}`);
		entries.set(one.path, one);
		for (let depth = 1; depth < parts.length; depth++) {
			const path = parts.slice(0, depth).join("/");
			if (entries.get(path)?.kind === "file") throw new Error(`both a file and a directory: ${path}`);
			entries.set(path, { kind: "dir", path, mode: 0o755 });
		}
	}
	return [...entries.values()].sort(byPath);
}

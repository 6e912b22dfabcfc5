/**
 * What of autonomy an engine needs on flash: its entry, its parts and those both engines share; and the static programs.
 * Besides the bytes of the files what they take compressed, as a router keeps them: in an image (squashfs: xz in blocks of
 * 256 KiB) and installed later (JFFS2: zlib in pages of 4 KiB, each with its head).
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import type { Engine } from "../../lab/autonomyd.ts";
import { REPO } from "../../lab/net/bundle.ts";
import { STATIC_FOLDER, STATIC_PROGRAMS } from "../../lab/runtime.ts";

export interface Flash {
	readonly files: number;
	readonly bytes: number;
	/** Null where there is no xz. */
	readonly squashfs_bytes: number | null;
	readonly jffs2_bytes: number;
}

const PAGE = 4096;
/** Of the inode node in front of each page. */
const JFFS2_HEAD = 68;
const SQUASHFS_BLOCK = 262_144;

export function jffs2Bytes(file: Uint8Array): number {
	let sum = 0;
	for (let at = 0; at < file.length; at += PAGE) {
		const page = file.subarray(at, at + PAGE);
		sum += JFFS2_HEAD + Math.min(page.length, deflateSync(page, { level: 9 }).length);
	}
	return sum;
}

function xz(files: readonly Uint8Array[]): number | null {
	const args = ["--stdout", "-9e", "--threads=1", "--check=crc32", `--block-size=${SQUASHFS_BLOCK}`];
	const { status, stdout } = spawnSync("xz", args, { input: Buffer.concat(files), maxBuffer: 1 << 26 });
	return status === 0 ? stdout.length : null;
}

function flashOf(paths: readonly string[]): Flash {
	const files = paths.map((path) => readFileSync(path));
	return {
		files: files.length,
		bytes: files.reduce((sum, file) => sum + file.length, 0),
		squashfs_bytes: xz(files),
		jffs2_bytes: files.reduce((sum, file) => sum + jffs2Bytes(file), 0),
	};
}

export function bundleFlash(engine: Engine): Flash {
	const build = `${REPO}/build`;
	const [entry, own] =
		engine === "node" ? ["autonomyd.node.mjs", "autonomyd.node"] : ["autonomyd.qjs.js", "autonomyd.qjs"];
	const parts = [own, "autonomyd.core"].flatMap((folder) =>
		readdirSync(`${build}/${folder}`).map((name) => `${build}/${folder}/${name}`),
	);
	return flashOf([`${build}/${entry}`, ...parts]);
}

/** Null while they are not built. */
export function runtimeFlash(): { readonly all: Flash; readonly qjs: Flash } | null {
	const paths = STATIC_PROGRAMS.map((name) => `${REPO}/${STATIC_FOLDER}/${name}`);
	if (!paths.every((path) => existsSync(path))) return null;
	return { all: flashOf(paths), qjs: flashOf(paths.filter((path) => path.endsWith("/qjs"))) };
}

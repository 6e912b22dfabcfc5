/**
 * Tar archives, byte for byte the same for the same input: ustar headers, owner 0:0 "root", one time for all members,
 * members in the order given. Names get the leading "./" OpenWrt's own archives have (opkg looks for "./control").
 */
import { gzipSync } from "node:zlib";
import type { Entry } from "./entry.ts";

const BLOCK = 512;
const NAME_MAX = 100;
const PREFIX_MAX = 155;

/** ustar splits a long name at a slash: at most 155 bytes before it and 100 after it. */
function splitName(name: string): { readonly name: string; readonly prefix: string } {
	if (Buffer.byteLength(name) <= NAME_MAX) return { name, prefix: "" };
	for (let at = name.indexOf("/"); at !== -1; at = name.indexOf("/", at + 1)) {
		const prefix = name.slice(0, at);
		const rest = name.slice(at + 1);
		if (rest !== "" && Buffer.byteLength(rest) <= NAME_MAX && Buffer.byteLength(prefix) <= PREFIX_MAX)
			return { name: rest, prefix };
	}
	throw new Error(`too long a name for tar: ${name}`);
}

function octal(value: number, digits: number): string {
	const text = value.toString(8).padStart(digits, "0");
	if (text.length > digits) throw new Error(`${value} does not fit into ${digits} octal digits`);
	return `${text}\0`;
}

function header(entry: Entry, name: string, mtimeS: number): Buffer {
	const block = Buffer.alloc(BLOCK);
	const split = splitName(name);
	block.write(split.name, 0, "utf8");
	block.write(octal(entry.mode, 7), 100);
	block.write(octal(0, 7), 108);
	block.write(octal(0, 7), 116);
	block.write(octal(entry.kind === "file" ? entry.content.length : 0, 11), 124);
	block.write(octal(mtimeS, 11), 136);
	block.write("        ", 148);
	block.write(entry.kind === "file" ? "0" : "5", 156);
	block.write("ustar\x0000", 257, "latin1");
	block.write("root", 265);
	block.write("root", 297);
	block.write(octal(0, 7), 329);
	block.write(octal(0, 7), 337);
	block.write(split.prefix, 345, "utf8");
	const sum = block.reduce((total, byte) => total + byte, 0);
	block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
	return block;
}

/** `top`: what names begin with; OpenWrt's "./" for packages (and an entry for the top itself), a folder for archives. */
export function tar(entries: readonly Entry[], mtimeS: number, top = "./"): Buffer {
	const blocks: Buffer[] = [header({ kind: "dir", path: "", mode: 0o755 }, top, mtimeS)];
	for (const entry of entries) {
		blocks.push(header(entry, entry.kind === "dir" ? `${top}${entry.path}/` : top + entry.path, mtimeS));
		if (entry.kind === "file") {
			blocks.push(entry.content, Buffer.alloc((BLOCK - (entry.content.length % BLOCK)) % BLOCK));
		}
	}
	blocks.push(Buffer.alloc(2 * BLOCK));
	return Buffer.concat(blocks);
}

/** gzip without name and time; the operating system byte is set to "Unix" wherever it is made. */
export function gzip(data: Buffer): Buffer {
	const out = gzipSync(data, { level: 9 });
	out.writeUInt32LE(0, 4);
	out[9] = 3;
	return out;
}

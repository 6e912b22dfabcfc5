/**
 * The bytes of a snapshot: a mark, then sections (kind, length, content, checksum), closed by an end section that counts
 * them. Everything is read or nothing: a file that was cut, overwritten or made by another version is refused with the
 * reason. Numbers are in the machine's own byte order, which the mark tells: a snapshot never leaves its router.
 */
export type SectionKind = "meta" | "rows" | "list";

export interface Section {
	readonly kind: SectionKind;
	readonly content: Uint8Array;
}

export type ReadResult = { readonly sections: readonly Section[] } | { readonly refused: string };

export const SNAPSHOT_VERSION = 1;

const KINDS: readonly SectionKind[] = ["meta", "rows", "list"];
const END = 255;
const MARK = "autonomy-record";
/** Mark, one zero byte, version (2 bytes), byte order (2 bytes). */
const HEADER_BYTES = MARK.length + 5;
const FRAME_BYTES = 9;
const BYTE_ORDER = new Uint8Array(new Uint16Array([0x0102]).buffer);

export function headerBytes(version: number = SNAPSHOT_VERSION): Uint8Array {
	const bytes = new Uint8Array(HEADER_BYTES);
	bytes.set(asciiBytes(MARK));
	bytes[MARK.length + 1] = version >> 8;
	bytes[MARK.length + 2] = version & 255;
	bytes.set(BYTE_ORDER, MARK.length + 3);
	return bytes;
}

/** A section with its frame, ready to be appended. */
export function sectionBytes(section: Section): Uint8Array {
	return frame(KINDS.indexOf(section.kind), section.content);
}

export function endBytes(sections: number): Uint8Array {
	const content = new Uint8Array(4);
	new DataView(content.buffer).setUint32(0, sections);
	return frame(END, content);
}

function frame(kind: number, content: Uint8Array): Uint8Array {
	const bytes = new Uint8Array(FRAME_BYTES + content.length);
	const view = new DataView(bytes.buffer);
	view.setUint8(0, kind);
	view.setUint32(1, content.length);
	bytes.set(content, 5);
	view.setUint32(5 + content.length, checksum(bytes.subarray(0, 5 + content.length)));
	return bytes;
}

export function readSections(bytes: Uint8Array): ReadResult {
	const foreign = headerProblem(bytes);
	if (foreign !== null) {
		return { refused: foreign };
	}
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const sections: Section[] = [];
	let at = HEADER_BYTES;
	while (at + FRAME_BYTES <= bytes.length) {
		const kind = view.getUint8(at);
		const end = at + 5 + view.getUint32(at + 1);
		if (end + 4 > bytes.length) {
			return { refused: "torn" };
		}
		if (view.getUint32(end) !== checksum(bytes.subarray(at, end))) {
			return { refused: "damaged" };
		}
		if (kind === END) {
			const whole = end + 4 === bytes.length && end - at === 9 && view.getUint32(at + 5) === sections.length;
			return whole ? { sections } : { refused: "damaged" };
		}
		const name = KINDS[kind];
		if (name === undefined) {
			return { refused: "damaged" };
		}
		// A copy: the numbers inside are then aligned for typed arrays.
		sections.push({ kind: name, content: bytes.slice(at + 5, end) });
		at = end + 4;
	}
	return { refused: "torn" };
}

function headerProblem(bytes: Uint8Array): string | null {
	const expected = headerBytes();
	const known = Math.min(bytes.length, MARK.length + 1);
	for (let i = 0; i < known; i++) {
		if (bytes[i] !== expected[i]) {
			return "foreign";
		}
	}
	if (bytes.length < HEADER_BYTES) {
		return "torn";
	}
	const version = ((bytes[MARK.length + 1] ?? 0) << 8) | (bytes[MARK.length + 2] ?? 0);
	if (version !== SNAPSHOT_VERSION) {
		return `version ${version}`;
	}
	const sameOrder = BYTE_ORDER.every((byte, i) => bytes[MARK.length + 3 + i] === byte);
	return sameOrder ? null : "foreign";
}

/** FNV-1a, 32 bits: finds torn and overwritten files; it is no protection against a forger, who would be root. */
export function checksum(bytes: Uint8Array): number {
	let hash = 0x811c9dc5;
	for (let i = 0; i < bytes.length; i++) {
		hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
	}
	return hash >>> 0;
}

/** JSON as ASCII bytes: everything else is escaped, so no text codec is needed. */
export function jsonBytes(value: unknown): Uint8Array {
	const text = JSON.stringify(value).replace(
		/[\u0080-\uffff]/g,
		(char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);
	return asciiBytes(text);
}

export function jsonFrom(bytes: Uint8Array): unknown {
	let text = "";
	// In slices: one call takes a limited number of arguments.
	for (let at = 0; at < bytes.length; at += 4_096) {
		text += String.fromCharCode(...bytes.subarray(at, at + 4_096));
	}
	return JSON.parse(text) as unknown;
}

function asciiBytes(text: string): Uint8Array {
	const bytes = new Uint8Array(text.length);
	for (let i = 0; i < text.length; i++) {
		bytes[i] = text.charCodeAt(i);
	}
	return bytes;
}

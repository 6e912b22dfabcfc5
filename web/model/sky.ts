/** The obstruction map of a dish: two cells a byte in base64, as a picture. Pure. */

export interface Sky {
	readonly rows: number;
	readonly columns: number;
	/** 0 not measured, 1 blocked to 15 clear; row by row. */
	readonly cells: Uint8Array;
}

const MOST = 512;

/** Null when what was given is no map. */
export function readSky(rows: unknown, columns: unknown, base64: unknown): Sky | null {
	if (typeof rows !== "number" || typeof columns !== "number" || typeof base64 !== "string") return null;
	const whole = Number.isInteger(rows) && Number.isInteger(columns);
	if (!whole || rows < 1 || columns < 1 || rows > MOST || columns > MOST) return null;
	let packed: string;
	try {
		packed = atob(base64);
	} catch {
		return null;
	}
	if (packed.length < Math.ceil((rows * columns) / 2)) return null;
	const cells = new Uint8Array(rows * columns);
	for (let index = 0; index < cells.length; index++) {
		const byte = packed.charCodeAt(index >> 1);
		cells[index] = index % 2 === 0 ? byte >> 4 : byte & 15;
	}
	return { rows, columns, cells };
}

/** RGBA of every cell: red where blocked, over yellow to blue where clear; what was not measured is see-through. */
export function skyPixels({ cells }: Sky): Uint8ClampedArray {
	const pixels = new Uint8ClampedArray(cells.length * 4);
	for (const [index, cell] of cells.entries()) {
		if (cell === 0) continue;
		const clear = (cell - 1) / 14;
		const at = index * 4;
		pixels[at] = clear < 0.5 ? 214 : Math.round(214 - (clear - 0.5) * 2 * 170);
		pixels[at + 1] = clear < 0.5 ? Math.round(40 + clear * 2 * 120) : Math.round(160 - (clear - 0.5) * 2 * 30);
		pixels[at + 2] = clear < 0.5 ? 40 : Math.round(40 + (clear - 0.5) * 2 * 180);
		pixels[at + 3] = 255;
	}
	return pixels;
}

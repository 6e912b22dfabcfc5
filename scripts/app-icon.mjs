/**
 * The icon of the phone app, drawn once as data and rendered twice: as SVG and as PNG. A road that forks: the way that
 * is taken is bright, the one left is faint. Round lines and discs only, so that coverage is a distance.
 */
import { deflateSync } from "node:zlib";

/** In a square of 100. Lines: from, to, half width, opacity. */
const LINES = [
	{ points: [50, 80, 50, 54], width: 7, opacity: 1 },
	{ points: [50, 54, 29, 31], width: 7, opacity: 0.38 },
	{ points: [50, 54, 71, 31], width: 7, opacity: 1 },
];
const DISCS = [
	{ at: [29, 29], radius: 9, opacity: 0.38 },
	{ at: [71, 29], radius: 11, opacity: 1 },
];
const TOP = [31, 122, 224];
const BOTTOM = [9, 74, 155];
const CORNER = 22;

const hex = (rgb) => `#${rgb.map((one) => one.toString(16).padStart(2, "0")).join("")}`;

export function iconSvg() {
	const lines = LINES.map(
		({ points: [x1, y1, x2, y2], width, opacity }) =>
			`<path d="M${x1} ${y1}L${x2} ${y2}" stroke-width="${width * 2}" opacity="${opacity}"/>`,
	);
	const discs = DISCS.map(
		({ at: [x, y], radius, opacity }) =>
			`<circle cx="${x}" cy="${y}" r="${radius}" fill="#fff" stroke="none" opacity="${opacity}"/>`,
	);
	// What is faint lies below what is bright.
	const drawn = [lines[1], discs[0], lines[0], lines[2], discs[1]].join("");
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><linearGradient id="g" x2="0" y2="1"><stop stop-color="${hex(TOP)}"/><stop offset="1" stop-color="${hex(BOTTOM)}"/></linearGradient><rect width="100" height="100" rx="${CORNER}" fill="url(#g)"/><g stroke="#fff" stroke-linecap="round">${drawn}</g></svg>\n`;
}

const clamp = (value) => Math.min(1, Math.max(0, value));

function toLine(x, y, [x1, y1, x2, y2]) {
	const along = clamp(((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / ((x2 - x1) ** 2 + (y2 - y1) ** 2));
	return Math.hypot(x - x1 - along * (x2 - x1), y - y1 - along * (y2 - y1));
}

/** Distance outside a square with round corners; negative inside. */
function toSquare(x, y) {
	const dx = Math.abs(x - 50) - (50 - CORNER);
	const dy = Math.abs(y - 50) - (50 - CORNER);
	return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - CORNER;
}

/** How much white lies at a point, 0-1. `soft`: width of an edge, one pixel. */
function white(x, y, soft) {
	const cover = (distance, radius) => clamp((radius - distance) / soft + 0.5);
	const parts = [
		...LINES.map(({ points, width, opacity }) => [opacity, cover(toLine(x, y, points), width)]),
		...DISCS.map(({ at, radius, opacity }) => [opacity, cover(Math.hypot(x - at[0], y - at[1]), radius)]),
	];
	// Of parts that overlap the brightest is seen.
	return Math.max(...parts.map(([opacity, covered]) => opacity * covered));
}

function pixel(px, py, size, maskable) {
	// The safe zone of a maskable icon is a circle of 80 %: the picture shrinks, its ground fills the square.
	const scale = maskable ? 125 / size : 100 / size;
	const shift = maskable ? 12.5 : 0;
	const [x, y] = [(px + 0.5) * scale - shift, (py + 0.5) * scale - shift];
	const down = clamp(y / 100);
	const share = white(x, y, scale);
	const ground = maskable ? 1 : clamp(0.5 - toSquare(x, y) / scale);
	const rgb = TOP.map((top, index) => {
		const base = top + (BOTTOM[index] - top) * down;
		return Math.round(base + (255 - base) * share);
	});
	return [...rgb, Math.round(ground * 255)];
}

const CRC = Array.from({ length: 256 }, (_, n) => {
	let c = n;
	for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
	return c >>> 0;
});

function chunk(type, data) {
	const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
	let crc = 0xffffffff;
	for (const byte of body) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
	const out = Buffer.alloc(body.length + 8);
	out.writeUInt32BE(data.length, 0);
	body.copy(out, 4);
	out.writeUInt32BE((crc ^ 0xffffffff) >>> 0, body.length + 4);
	return out;
}

/** RGBA, each row told as the difference to the one above: gradients become zeros. */
export function iconPng(size, maskable = false) {
	const row = size * 4;
	const rows = Buffer.alloc(size * (row + 1));
	let above = new Uint8Array(row);
	for (let y = 0; y < size; y++) {
		const line = new Uint8Array(row);
		for (let x = 0; x < size; x++) line.set(pixel(x, y, size, maskable), x * 4);
		rows[y * (row + 1)] = 2;
		for (let at = 0; at < row; at++) rows[y * (row + 1) + 1 + at] = (line[at] - above[at]) & 255;
		above = line;
	}
	const head = Buffer.alloc(13);
	head.writeUInt32BE(size, 0);
	head.writeUInt32BE(size, 4);
	head.set([8, 6, 0, 0, 0], 8);
	return Buffer.concat([
		Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
		chunk("IHDR", head),
		chunk("IDAT", deflateSync(rows, { level: 9 })),
		chunk("IEND", Buffer.alloc(0)),
	]);
}

/**
 * obstruction_map for the terminal: a coarse picture, one character for a box of cells, twice as high as wide like the
 * character itself. Pure.
 */
import type { Reply } from "../../../contract/api.ts";
import { decodeBase64 } from "../base64.ts";
import { type TextStyle, type Tone, tint, wrap } from "./layout.ts";
import { figure, span } from "./words.ts";

type SkyMap = Reply<"obstruction_map">["maps"][string];

const HEIGHT = 31;
/** Of the 15 steps from blocked to clear those up to this one count as blocked (sense/starlink/map.ts: less than 0.8). */
const BLOCKED = 12;
const SHARES = ["░", "▒", "▓", "█"] as const;
const CLEAR = "·";

export function skyText({ maps }: Reply<"obstruction_map">, style: TextStyle): string[] {
	const all = Object.entries(maps);
	if (all.length === 0) return ["There is no uplink that a dish could be behind."];
	return all.flatMap(([name, map], index) => [...(index === 0 ? [] : [""]), ...oneMap(name, map, style)]);
}

function oneMap(name: string, map: SkyMap, style: TextStyle): string[] {
	const { rows, columns, frame } = map;
	const cells = map.cells == null ? null : decodeBase64(map.cells);
	if (rows == null || columns == null) return wrap(`${name}: ${map.text ?? "no map"}`, style, "", "  ");
	const facts = [
		map.blocked_pct == null
			? "nothing was measured"
			: `${figure(map.blocked_pct, 2)} % of what was measured is blocked`,
		map.toward_pct == null ? null : `${figure(map.toward_pct, 2)} % where the dish looks`,
		map.measured_pct == null ? null : `${figure(map.measured_pct, 0)} % measured`,
		map.age_s == null ? null : `fetched ${span(map.age_s)} ago`,
	].filter((fact) => fact !== null);
	const head = wrap(`${name}: ${facts.join(", ")}`, style, "", "  ");
	if (cells === null || cells.length < Math.ceil((rows * columns) / 2)) {
		return [...head, "  too large to be shown with the others: name this uplink"];
	}
	const picture = boxes(cells, rows, columns, style.width - 4);
	const earth = frame === "earth";
	const width = picture[0]?.length ?? 0;
	const middle = Math.floor(picture.length / 2);
	const pole = (letter: string): string[] => (earth ? [" ".repeat(2 + Math.floor(width / 2)) + letter] : []);
	const lines = picture.map((line, row) => {
		const [west, east] = earth && row === middle ? ["W ", " E"] : ["  ", ""];
		return `${west}${tinted(east === "" ? line.trimEnd() : line, style)}${east}`.trimEnd();
	});
	return [
		...head,
		...pole("N"),
		...lines,
		...pole("S"),
		`  ${tint(CLEAR, "good", style)} clear  ${tint(SHARES.join(""), "bad", style)} blocked  blank: unknown`,
		...wrap(frameWords(map), style, "  "),
	];
}

function frameWords({ frame, max_theta_deg }: SkyMap): string {
	const edge = max_theta_deg == null ? "" : `, ${figure(max_theta_deg, 0)} degrees to the edge`;
	if (frame === "earth") return `the middle is straight up${edge}`;
	if (frame === "dish") return `seen from the dish: it looks at the middle${edge}; up is no point of the compass`;
	return `the dish does not say where up is in its map${edge}`;
}

/** One character a box; every box has at least one cell. */
function boxes(cells: Uint8Array, rows: number, columns: number, room: number): string[] {
	const most = Math.max(1, Math.min(2 * HEIGHT, room));
	const scale = Math.min(most / columns, (2 * HEIGHT) / rows);
	const wide = Math.max(1, Math.round(columns * scale));
	const high = Math.max(1, Math.round((rows * scale) / 2));
	const edge = (at: number, of: number, total: number): number => Math.floor((at * total) / of);
	const lines: string[] = [];
	for (let y = 0; y < high; y++) {
		const top = edge(y, high, rows);
		const bottom = Math.max(top + 1, edge(y + 1, high, rows));
		let line = "";
		for (let x = 0; x < wide; x++) {
			const left = edge(x, wide, columns);
			const right = Math.max(left + 1, edge(x + 1, wide, columns));
			let measured = 0;
			let blocked = 0;
			for (let row = top; row < bottom; row++) {
				for (let column = left; column < right; column++) {
					const at = row * columns + column;
					const byte = cells[at >> 1] ?? 0;
					const cell = at % 2 === 0 ? byte >> 4 : byte & 15;
					if (cell === 0) continue;
					measured++;
					if (cell <= BLOCKED) blocked++;
				}
			}
			line += signOf(measured, blocked);
		}
		lines.push(line);
	}
	return lines;
}

function signOf(measured: number, blocked: number): string {
	if (measured === 0) return " ";
	if (blocked === 0) return CLEAR;
	return SHARES[Math.min(3, Math.floor((4 * blocked) / measured))] ?? CLEAR;
}

function tinted(line: string, style: TextStyle): string {
	const tone = (sign: string): Tone => (sign === " " ? "plain" : sign === CLEAR ? "good" : "bad");
	if (!style.color) return line;
	let out = "";
	let run = "";
	for (const sign of [...line, ""]) {
		if (run !== "" && (sign === "" || tone(sign) !== tone(run.charAt(0)))) {
			out += tint(run, tone(run.charAt(0)), style);
			run = "";
		}
		run += sign;
	}
	return out;
}

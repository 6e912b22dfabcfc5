/**
 * Text for terminals: tables that fit, bars, colours. Everything shown may come from outside, so control characters and
 * escape sequences are made harmless first, and width is counted in columns, not in characters.
 */
export interface TextStyle {
	/** Columns of the terminal, 40-400. */
	readonly width: number;
	readonly color: boolean;
}

export type Tone = "good" | "bad" | "warn" | "dim" | "strong" | "plain";

const CODES: Readonly<Record<Tone, string>> = {
	good: "32",
	bad: "31",
	warn: "33",
	dim: "2",
	strong: "1",
	plain: "",
};

export interface Cell {
	readonly text: string;
	readonly tone?: Tone;
}

export interface Column {
	readonly title: string;
	readonly right?: boolean;
	/** Gives way first when the table is too wide; its cells are cut. */
	readonly flexible?: boolean;
	/** May be left out when there is no room: the highest number goes first. */
	readonly optional?: number;
}

/** Control characters, escape sequences and characters that change direction or hide become a question mark. */
export function clean(text: string): string {
	return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu, "?");
}

/** Columns a text takes: wide East Asian characters and most pictographs take two, combining marks none. */
export function columnsOf(text: string): number {
	let columns = 0;
	for (const char of text) {
		columns += charColumns(char);
	}
	return columns;
}

function charColumns(char: string): number {
	const code = char.codePointAt(0) ?? 0;
	if (code < 0x300) {
		return 1;
	}
	if (/\p{M}/u.test(char)) {
		return 0;
	}
	const wide =
		(code >= 0x1100 && code <= 0x115f) ||
		(code >= 0x2e80 && code <= 0xa4cf) ||
		(code >= 0xac00 && code <= 0xd7a3) ||
		(code >= 0xf900 && code <= 0xfaff) ||
		(code >= 0xfe30 && code <= 0xfe6f) ||
		(code >= 0xff00 && code <= 0xff60) ||
		(code >= 0xffe0 && code <= 0xffe6) ||
		(code >= 0x1f300 && code <= 0x1faff) ||
		code >= 0x20000;
	return wide ? 2 : 1;
}

/** At most so many columns; what is cut ends in a dot. */
export function fit(text: string, columns: number): string {
	if (columnsOf(text) <= columns) {
		return text;
	}
	let kept = "";
	let used = 0;
	for (const char of text) {
		const more = charColumns(char);
		if (used + more > columns - 1) {
			break;
		}
		kept += char;
		used += more;
	}
	return columns > 0 ? `${kept}…` : "";
}

export function pad(text: string, columns: number, right = false): string {
	const space = " ".repeat(Math.max(0, columns - columnsOf(text)));
	return right ? space + text : text + space;
}

export function tint(text: string, tone: Tone | undefined, style: TextStyle): string {
	const code = tone === undefined ? "" : CODES[tone];
	return style.color && code !== "" && text !== "" ? `\u001b[${code}m${text}\u001b[0m` : text;
}

const GAP = 2;
const MIN_FLEXIBLE = 8;

/** Lines of a table; never wider than the terminal. */
export function tableLines(columns: readonly Column[], rows: readonly (readonly Cell[])[], style: TextStyle): string[] {
	const cleaned = rows.map((row) => row.map((cell) => ({ ...cell, text: clean(cell.text) })));
	let shown = columns.map((_, index) => index);
	const widthOf = (index: number): number => {
		const cells = cleaned.map((row) => columnsOf(row[index]?.text ?? ""));
		return Math.max(columnsOf(columns[index]?.title ?? ""), ...cells);
	};
	const widths = columns.map((_, index) => widthOf(index));
	const least = (index: number): number =>
		columns[index]?.flexible ? Math.min(MIN_FLEXIBLE, widths[index] ?? 0) : (widths[index] ?? 0);
	const total = (wanted: (index: number) => number): number =>
		shown.reduce((sum, index) => sum + wanted(index), 0) + GAP * (shown.length - 1);
	while (total(least) > style.width) {
		const optional = shown.filter((index) => columns[index]?.optional !== undefined);
		const victim = optional.sort((a, b) => (columns[b]?.optional ?? 0) - (columns[a]?.optional ?? 0))[0];
		if (victim === undefined) {
			break;
		}
		shown = shown.filter((index) => index !== victim);
	}
	shrink(shown, columns, widths, style.width);
	const line = (cells: readonly Cell[], tone?: Tone): string => {
		const parts = shown.map((index, place) => {
			const cell = cells[index] ?? { text: "" };
			const text = fit(cell.text, widths[index] ?? 0);
			const last = place === shown.length - 1 && !columns[index]?.right;
			const padded = last ? text : pad(text, widths[index] ?? 0, columns[index]?.right);
			return tint(padded, tone ?? cell.tone, style);
		});
		return parts.join(" ".repeat(GAP)).replace(/ +$/, "");
	};
	const title = columns.map((column) => ({ text: column.title }));
	return [line(title, "dim"), ...cleaned.map((row) => line(row))];
}

/** Takes columns from flexible cells first, then from the widest, until the table fits. */
function shrink(shown: readonly number[], columns: readonly Column[], widths: number[], available: number): void {
	const total = (): number => shown.reduce((sum, index) => sum + (widths[index] ?? 0), 0) + GAP * (shown.length - 1);
	for (let excess = total() - available; excess > 0; excess = total() - available) {
		const flexible = shown.filter((index) => columns[index]?.flexible && (widths[index] ?? 0) > MIN_FLEXIBLE);
		const from = flexible.length > 0 ? flexible : shown.filter((index) => (widths[index] ?? 0) > 3);
		const widest = [...from].sort((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0];
		if (widest === undefined) {
			return;
		}
		widths[widest] = (widths[widest] ?? 1) - 1;
	}
}

/** Words wrapped to the width, later lines indented; a word longer than a line is broken. */
export function wrap(text: string, style: TextStyle, first = "", indent = first.replace(/[^ ]/g, " ")): string[] {
	const lines: string[] = [];
	let line = first;
	let empty = true;
	for (const word of clean(text).split(/ +/)) {
		for (const piece of pieces(word, Math.max(1, style.width - columnsOf(indent)))) {
			const room = style.width - columnsOf(line) - (empty ? 0 : 1);
			if (!empty && columnsOf(piece) > room) {
				lines.push(line);
				line = indent;
				empty = true;
			}
			line += (empty ? "" : " ") + piece;
			empty = false;
		}
	}
	lines.push(line);
	return lines.map((one) => one.replace(/ +$/, ""));
}

function pieces(word: string, columns: number): string[] {
	const cut: string[] = [];
	let piece = "";
	for (const char of word) {
		if (columnsOf(piece) + charColumns(char) > columns) {
			cut.push(piece);
			piece = "";
		}
		piece += char;
	}
	return piece === "" && cut.length > 0 ? cut : [...cut, piece];
}

const BARS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

/** One bar per value between `low` and `high`; a space where nothing is known. */
export function sparkline(values: readonly (number | null)[], low: number, high: number): string {
	return values
		.map((value) => {
			if (value === null) {
				return " ";
			}
			const part = high > low ? (value - low) / (high - low) : 0;
			return BARS[Math.max(0, Math.min(7, Math.floor(part * 8)))] ?? " ";
		})
		.join("");
}

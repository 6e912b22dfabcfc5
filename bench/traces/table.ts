/** Text of a recording, plain or gzipped, as rows of cells by column name. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

export interface Table {
	readonly columns: readonly string[];
	readonly rows: readonly (readonly string[])[];
	/** Index of a column; throws when there is none of this name. */
	at(name: string): number;
}

export function readText(path: string): string {
	const bytes = readFileSync(path);
	return (/\.gz$/i.test(path) ? gunzipSync(bytes) : bytes).toString("utf8").replace(/^\uFEFF/, "");
}

export function parseTable(path: string, separator: "," | "\t" | " "): Table {
	const [head = "", ...lines] = readText(path).trimEnd().split(/\r?\n/);
	const cells = (line: string): string[] =>
		separator === " " ? line.trim().split(/\s+/) : line.split(separator).map((cell) => cell.trim());
	const columns = cells(head);
	return {
		columns,
		rows: lines.filter((line) => line.trim() !== "").map(cells),
		at(name) {
			const index = columns.indexOf(name);
			if (index < 0) throw new Error(`${path} has no column ${name}; it has ${columns.join(", ")}`);
			return index;
		},
	};
}

/** NaN for an empty or strange cell. */
export function number(cell: string | undefined): number {
	return cell === undefined || cell === "" ? Number.NaN : Number(cell);
}

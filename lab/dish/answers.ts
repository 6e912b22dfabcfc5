/** What a real dish answered (test/samples/starlink), in the field names of dish.proto, to be played and varied. */
import { readFileSync } from "node:fs";

export type Plain = Record<string, unknown>;

const FOLDER = new URL("../../test/samples/starlink/", import.meta.url);

/** The publisher's decoder wrote camelCase names, "NaN" and 64-bit numbers as text. */
function snake(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(snake);
	if (value === "NaN") return Number.NaN;
	if (typeof value !== "object" || value === null) return value;
	const names = Object.entries(value).map(([name, inner]) => {
		const plain = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
		return [plain === "slow_ethernet_speeds100" ? "slow_ethernet_speeds_100" : plain, snake(inner)];
	});
	return Object.fromEntries(names);
}

function load(name: string): Plain {
	return snake(JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"))) as Plain;
}

export function statusAnswer(): Plain {
	return load("sample-status.json");
}

export function historyAnswer(): Plain {
	return load("sample-history.json");
}

export function mapAnswer(): Plain {
	return load("sample-obstruction.json");
}

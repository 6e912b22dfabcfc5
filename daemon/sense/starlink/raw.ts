/**
 * Reading a decoded reply: every value comes out possible, or as null. proto3 does not send what is zero, false or
 * empty, so an absent scalar is zero; an absent part says nothing of what is in it.
 */
export type Raw = Readonly<Record<string, unknown>>;

/** Text of a dish is hostile and short: ids, versions, a country. */
const TEXT_MAX = 80;

function isRaw(value: unknown): value is Raw {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function part(raw: Raw | null, name: string): Raw | null {
	const value = raw?.[name];
	return isRaw(value) ? value : null;
}

export function parts(raw: Raw | null, name: string, most: number): readonly Raw[] {
	const value = raw?.[name];
	return Array.isArray(value) ? value.slice(-most).filter(isRaw) : [];
}

/** 64-bit numbers have lost what is below 2^-53 of them: nanoseconds since 1980 are right to a quarter of a microsecond. */
function numberOf(value: unknown): number | null {
	return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Null when the part is not there, or the value is outside. */
export function figure(raw: Raw | null, name: string, low: number, high: number): number | null {
	const value = raw === null ? null : numberOf(raw[name]);
	return value !== null && value >= low && value <= high ? value : null;
}

export function flag(raw: Raw | null, name: string): boolean {
	return raw?.[name] === true;
}

export function text(raw: Raw | null, name: string): string | null {
	const value = raw?.[name];
	return typeof value === "string" && value !== "" ? value.slice(0, TEXT_MAX) : null;
}

/** Numbers of a packed array as they came: what is impossible in there is for the reader to leave out. */
export function figures(raw: Raw | null, name: string): readonly number[] {
	const value = raw?.[name];
	return Array.isArray(value) ? value.map((one) => (typeof one === "number" ? one : Number.NaN)) : [];
}

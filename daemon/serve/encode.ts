/**
 * Replies as the contract types them: 2 and 2.5 are both doubles where it says double. What is not known is left out; a
 * field the contract does not name never leaves the daemon.
 */
import type { Field, Fields } from "../../contract/api-schema.ts";
import { type BlobInput, type BlobInputTable, double, int32, int64 } from "../bus/blobmsg.ts";
import { AutonomyError } from "../platform/error.ts";

/** Longer texts are cut: a reply must stay far below the bus's limit of 1 MiB. */
const MAX_TEXT = 4_096;
const INT32_MAX = 0x7fffffff;

/** `where` names the method, for the error. Throws internal when a field that must be there is not. */
export function encodeReply(fields: Fields, value: object, where: string): BlobInputTable {
	const given = value as Readonly<Record<string, unknown>>;
	const encoded: Record<string, BlobInput> = {};
	for (const [name, field] of Object.entries(fields)) {
		const path = `${where}.${name}`;
		const one = Object.hasOwn(given, name) ? encodeField(field, given[name], path) : undefined;
		if (one !== undefined) {
			encoded[name] = one;
		} else if (!field.optional) {
			throw wrong(path, given[name]);
		}
	}
	return encoded;
}

/** Undefined: not known, to be left out. */
function encodeField(field: Field, value: unknown, path: string): BlobInput | undefined {
	if (value === undefined || value === null) {
		return undefined;
	}
	switch (field.type) {
		case "string":
			return typeof value === "string" ? cut(value, field.maxLength ?? MAX_TEXT) : mismatch(path, value);
		case "bool":
			return typeof value === "boolean" ? value : mismatch(path, value);
		case "int32":
		case "int64":
		case "double":
			return typeof value === "number" ? encodeNumber(field.type, value) : mismatch(path, value);
		case "table":
			return typeof value === "object" ? encodeReply(field.fields, value, path) : mismatch(path, value);
		case "list":
			return Array.isArray(value) ? encodeList(field.of, value, path) : mismatch(path, value);
		case "map":
			return typeof value === "object" ? encodeMap(field.of, value, path) : mismatch(path, value);
		case "uci":
			return encodeUci(value, path);
	}
}

function encodeNumber(type: "int32" | "int64" | "double", value: number): BlobInput | undefined {
	if (!Number.isFinite(value)) {
		return undefined;
	}
	if (type === "double") {
		return double(value);
	}
	const whole = Math.round(value);
	return type === "int32" ? int32(Math.max(-INT32_MAX, Math.min(INT32_MAX, whole))) : int64(whole);
}

function encodeList(of: Field, values: readonly unknown[], path: string): BlobInput[] {
	const encoded: BlobInput[] = [];
	for (const value of values) {
		const one = encodeField(of, value, `${path}[]`);
		if (one !== undefined) {
			encoded.push(one);
		}
	}
	return encoded;
}

function encodeMap(of: Field, value: object, path: string): BlobInputTable {
	const encoded: Record<string, BlobInput> = {};
	for (const [name, member] of Object.entries(value)) {
		const one = name === "" ? undefined : encodeField(of, member, `${path}.*`);
		if (one !== undefined) {
			encoded[name] = one;
		}
	}
	return encoded;
}

function encodeUci(value: unknown, path: string): BlobInput {
	if (typeof value === "string") {
		return cut(value, MAX_TEXT);
	}
	return Array.isArray(value) ? value.map((item) => cut(String(item), MAX_TEXT)) : mismatch(path, value);
}

function cut(text: string, max: number): string {
	return text.length > max ? `${text.slice(0, max - 3)}...` : text;
}

function mismatch(path: string, value: unknown): never {
	throw wrong(path, value);
}

function wrong(path: string, value: unknown): AutonomyError {
	return new AutonomyError("internal", `reply field ${path} cannot be ${typeof value}`, { path });
}

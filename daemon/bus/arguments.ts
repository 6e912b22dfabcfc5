/**
 * Arguments of an incoming call, checked against the declared types by their wire type, not by their value: a C caller
 * that sends the wrong type must be told, where libubus would silently take the argument as missing (measured).
 */
import { AutonomyError } from "../platform/error.ts";
import { type BlobTable, type BlobValue, WIRE } from "./blobmsg.ts";
import { type Field, readField, readValue, setMember } from "./blobmsg-read.ts";
import type { ArgType } from "./message.ts";

/** uhttpd and rpcd add this to every call that came over HTTP. */
const SESSION_ARG = "ubus_rpc_session";
const MAX_UNKNOWN_NAMED = 16;

export interface CheckedArgs {
	readonly args: BlobTable;
	readonly session: string | null;
	readonly unknownArgs: readonly string[];
}

function inRange(value: BlobValue, low: number, high: number): boolean {
	return typeof value === "number" && value >= low && value <= high;
}

/**
 * Whole numbers are taken wherever they fit: JSON callers cannot choose a wire type, a 2 for a double arrives as INT32 and
 * a large number for an int32 as INT64.
 */
function fits(declared: ArgType, wire: number, value: BlobValue): boolean {
	const whole = wire === WIRE.int16 || wire === WIRE.int32 || wire === WIRE.int64;
	switch (declared) {
		case "any":
			return true;
		case "int16":
			return whole && inRange(value, -0x8000, 0x7fff);
		case "int32":
			return whole && inRange(value, -0x80000000, 0x7fffffff);
		case "int64":
			return whole;
		case "double":
			return wire === WIRE.double || (whole && typeof value === "number");
		default:
			return wire === WIRE[declared];
	}
}

function declaredType(declared: Readonly<Record<string, ArgType>>, field: Field): ArgType | null {
	return Object.hasOwn(declared, field.name) ? (declared[field.name] ?? null) : null;
}

/** Throws bus_bad_argument (wrong type) or bus_protocol (unreadable). */
export function checkArgs(bytes: Uint8Array, declared: Readonly<Record<string, ArgType>>): CheckedArgs {
	const args: Record<string, BlobValue> = {};
	const unknownArgs: string[] = [];
	let session: string | null = null;
	let at = 0;
	while (at < bytes.length) {
		const field = readField(bytes, at, bytes.length, false);
		at = field.next;
		const value = readValue(bytes, field);
		const type = declaredType(declared, field);
		if (field.name === SESSION_ARG && typeof value === "string") session = value;
		if (type === null) {
			if (field.name !== SESSION_ARG && unknownArgs.length < MAX_UNKNOWN_NAMED) unknownArgs.push(field.name);
		} else if (value !== null) {
			if (!fits(type, field.type, value)) {
				throw new AutonomyError("bus_bad_argument", `argument ${field.name} is not of type ${type}`, {
					argument: field.name,
					wanted: type,
				});
			}
			setMember(args, field.name, value);
		} else {
			delete args[field.name];
		}
	}
	return { args, session, unknownArgs };
}

/**
 * The dish's messages as bytes, by dish.proto; everything we do not use is skipped. Loaded only when a dish is there. Hostile
 * bytes give an AutonomyError `rpc_bad_reply`, never more.
 */
import { AutonomyError, errorText } from "../../platform/error.ts";
import { rpcError } from "../../platform/rpc-status.ts";
import schema from "./dish-schema.json" with { type: "json" };
import { createReader, emptyPart, type Table } from "./protobuf.ts";
import { part, type Raw } from "./raw.ts";

export const METHOD = "/SpaceX.API.Device.Device/Handle";

/** What is asked for, and the name its answer has (they are not the same, and not of the same number). */
const ANSWERS = {
	get_status: "dish_get_status",
	get_history: "dish_get_history",
	get_device_info: "get_device_info",
	get_diagnostics: "dish_get_diagnostics",
	dish_get_obstruction_map: "dish_get_obstruction_map",
	get_location: "get_location",
} as const;

export type Question = keyof typeof ANSWERS;

const root: Table = schema.nested.SpaceX.nested.API.nested.Device;
const read = createReader(root);

const asked = new Map<Question, Uint8Array>();

export function encodeQuestion(question: Question): Uint8Array {
	const known = asked.get(question);
	if (known !== undefined) return known;
	const made = emptyPart(root, "Request", question);
	asked.set(question, made);
	return made;
}

export function decodeAnswer(question: Question, bytes: Uint8Array): Raw {
	let raw: Raw;
	try {
		raw = read(bytes, "Response");
	} catch (error) {
		throw new AutonomyError("rpc_bad_reply", `its reply to ${question} cannot be read: ${errorText(error)}`);
	}
	const body = part(raw, ANSWERS[question]);
	if (body !== null) return body;
	const status = part(raw, "status");
	if (status !== null && typeof status.code === "number" && status.code !== 0) {
		throw rpcError(status.code, typeof status.message === "string" ? status.message : "");
	}
	const router = part(raw, "wifi_get_status") !== null;
	const who = router ? "a Starlink router answered, no dish" : `no ${ANSWERS[question]} in its reply`;
	throw new AutonomyError(router ? "not_found" : "rpc_bad_reply", who);
}

/** Of each enumeration the names by their numbers: a status has eight, every second. */
const names = new Map<string, ReadonlyMap<number, string>>();

function namesOf(type: string): ReadonlyMap<number, string> {
	const known = names.get(type);
	if (known !== undefined) return known;
	let table: Table | undefined = root;
	for (const name of type.split(".")) table = table?.nested?.[name];
	const made = new Map<number, string>();
	// The first of several names of a number.
	for (const [name, value] of Object.entries(table?.values ?? {})) if (!made.has(value)) made.set(value, name);
	names.set(type, made);
	return made;
}

/** Names of enum numbers for people; a number that this version does not know stays one. */
export function nameOf(type: string, value: unknown): string {
	const number = typeof value === "number" ? value : 0;
	return namesOf(type).get(number) ?? `unknown_${number}`;
}

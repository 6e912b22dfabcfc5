/**
 * Arguments of a call against the table of contract/api.ts. The same check serves the daemon and clients that want to
 * know before they ask. Nothing is guessed: a wrong type, a value out of range and an unknown name are refused.
 */
import type { ArgSpec, Args } from "./api-schema.ts";

/** uhttpd and rpcd add this to every call that comes over HTTP; it is not ours and always allowed. */
export const SESSION_ARG = "ubus_rpc_session";

const MAX_TEXT = 256;
const MAX_NAMED = 64;

export type CheckedCall =
	| { readonly args: Readonly<Record<string, unknown>> }
	| { readonly problem: string; readonly argument: string };

export function checkCall(specs: Args, given: Readonly<Record<string, unknown>>): CheckedCall {
	for (const name of Object.keys(given)) {
		if (name !== SESSION_ARG && !Object.hasOwn(specs, name)) {
			return {
				argument: name,
				problem: `unknown argument '${shown(name)}'; known: ${Object.keys(specs).join(", ") || "none"}`,
			};
		}
	}
	const args: Record<string, unknown> = {};
	for (const [name, spec] of Object.entries(specs)) {
		const value = Object.hasOwn(given, name) ? given[name] : undefined;
		if (value === undefined || value === null) {
			if (spec.required) {
				return { argument: name, problem: `argument '${name}' is missing: ${spec.help}` };
			}
			args[name] = spec.default;
			continue;
		}
		const problem = problemOf(spec, value);
		if (problem !== null) {
			return { argument: name, problem: `argument '${name}' ${problem}` };
		}
		args[name] = value;
	}
	return { args };
}

function problemOf(spec: ArgSpec, value: unknown): string | null {
	switch (spec.type) {
		case "bool":
			return typeof value === "boolean" ? null : "is not true or false";
		case "table":
			return typeof value === "object" && !Array.isArray(value) ? null : "is not a table";
		case "string":
			return textProblem(spec, value);
		case "int32":
		case "double":
			return numberProblem(spec, value);
	}
}

function textProblem(spec: ArgSpec, value: unknown): string | null {
	if (typeof value !== "string") {
		return "is not a text";
	}
	if (spec.values !== undefined) {
		return spec.values.includes(value) ? null : `is '${shown(value)}', not one of ${spec.values.join(", ")}`;
	}
	const min = spec.min ?? 0;
	const max = spec.max ?? MAX_TEXT;
	if (value.length < min || value.length > max) {
		return `has ${value.length} characters, not ${min} to ${max}`;
	}
	return null;
}

function numberProblem(spec: ArgSpec, value: unknown): string | null {
	const min = spec.min ?? -0x80000000;
	const max = spec.max ?? 0x7fffffff;
	const whole = spec.type === "int32";
	const fits = typeof value === "number" && value >= min && value <= max && (!whole || Number.isInteger(value));
	return fits ? null : `is not a ${whole ? "whole " : ""}number from ${min} to ${max}`;
}

/** Names and values come from outside: short, and without control characters. */
function shown(given: string): string {
	const short = given.length > MAX_NAMED ? `${given.slice(0, MAX_NAMED)}...` : given;
	return short.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?");
}

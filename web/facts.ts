/**
 * Facts of a link from a reply and its description in the contract: every field that is known, with a name for people and
 * its unit. New fields of a sensor show up here without further work. Pure.
 */
import type { Field, Fields } from "../contract/api-schema.ts";
import { bytes, dateTime, duration, number, withUnit } from "./format.ts";
import { fieldLabel } from "./labels.ts";
import { told } from "./told.ts";

export interface Fact {
	readonly name: string;
	readonly value: string;
}

/** `skip`: fields that are shown elsewhere. Tables become facts of their own, lists of plain values one line. */
export function facts(
	value: Readonly<Record<string, unknown>>,
	fields: Fields,
	skip: readonly string[] = [],
): readonly Fact[] {
	return Object.entries(fields).flatMap(([name, field]) => {
		const given = value[name];
		if (skip.includes(name) || given === undefined || given === null || given === "") return [];
		if (field.type === "table") {
			// Without the name of its table a fact such as `now` says nothing.
			const inside = isTable(given) ? facts(given, field.fields) : [];
			return inside.map((one) => ({ ...one, name: `${_(fieldLabel(name))}: ${one.name}` }));
		}
		const text = shown(given, field, name);
		return text === "" ? [] : [{ name: _(fieldLabel(name)), value: text }];
	});
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown, field: Field, name: string): string {
	switch (field.type) {
		case "bool":
			return value === true ? _("yes") : _("no");
		case "string":
			if (typeof value !== "string") return "";
			// What the daemon has in words; everything else is a name of somebody's.
			if (name === "text") return told(value);
			return field.values?.includes(value) ? _(value.replaceAll("_", " ")) : value;
		case "list": {
			if (!Array.isArray(value)) return "";
			const of = field.of;
			const parts = value.slice(0, 16).map((one: unknown) =>
				of.type === "table" && isTable(one)
					? facts(one, of.fields)
							.map((fact) => `${fact.name} ${fact.value}`)
							.join(", ")
					: shown(one, of, name),
			);
			return parts.filter((part) => part !== "").join("; ");
		}
		case "int32":
		case "int64":
		case "double":
			return typeof value === "number" ? figure(value, field.unit ?? "", field.type === "double") : "";
		default:
			return "";
	}
}

function figure(value: number, unit: string, fraction: boolean): string {
	if (unit === "ms since 1970") return dateTime(value);
	if (unit === "bytes") return bytes(value);
	if (unit === "bytes/day") return `${bytes(value)}/d`;
	if (unit === "s") return duration(value);
	if (unit === "" || unit === "points") return number(value, fraction ? 2 : 0);
	return withUnit(value, unit, fraction && Math.abs(value) < 100 ? 1 : 0);
}

/**
 * Facts of a link from a reply and its description in the contract: every field that is known, with a name for people and
 * its unit. New fields of a sensor show up here without further work. Pure.
 */
import type { Field, Fields } from "../contract/api-schema.ts";
import { bytes, dateTime, duration, number, withUnit } from "./format.ts";

export interface Fact {
	readonly name: string;
	readonly value: string;
}

const SHORT = new Set([
	"rsrp",
	"rsrq",
	"sinr",
	"rssi",
	"ssid",
	"bssid",
	"snr",
	"tac",
	"plmn",
	"sim",
	"pci",
	"id",
	"rx",
	"tx",
	"rtt",
	"dns",
	"gps",
	"ip",
	"mb",
	"ram",
	"tcp",
	"smtp",
	"url",
	"qos",
	"tls",
	"hmac",
	"ca",
	"kb",
	"sms",
	"http",
	"mqtt",
	"usb",
]);
/** Endings that only name the unit. */
const UNIT_ENDING = /_(pct|dbm|db|hours|minutes|mbps|mhz|ms|s|c|bytes|unix_ms|m|deg|mps|per_min|per_s|w)$/;

/** channel_busy_pct -> Channel busy. The scan for translations takes it through all fields too. */
export function fieldLabel(name: string): string {
	let rest = name;
	while (UNIT_ENDING.test(rest)) rest = rest.replace(UNIT_ENDING, "");
	const words = rest.split("_").map((word) => (SHORT.has(word) ? (word === "id" ? "ID" : word.toUpperCase()) : word));
	const text = words.join(" ");
	return text.charAt(0).toUpperCase() + text.slice(1);
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
			return typeof value === "string" ? value.replaceAll("_", field.values ? " " : "_") : "";
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

/** What cell, access point and dish of a link say of it, by the sensors that serve it. */
import { CELLULAR_METHODS } from "../../contract/api-cellular.ts";
import type { Fields } from "../../contract/api-schema.ts";
import { STARLINK_METHODS } from "../../contract/api-starlink.ts";
import { WIFI_METHODS } from "../../contract/api-wifi.ts";
import { callTable, errorCode, type Transport } from "../api.ts";
import { type Fact, facts } from "../facts.ts";
import type { Member } from "../words.ts";

interface Source {
	/** The member's class or sensor. */
	readonly kind: string;
	readonly title: () => string;
	readonly method: string;
	/** Name of the map in the reply, and what one entry of it holds. */
	readonly map: string;
	readonly fields: Fields;
}

/** Shown elsewhere: in the line of the sensor. */
const SKIP = ["state", "text", "known"];

const SOURCES: readonly Source[] = [
	{
		kind: "cellular",
		title: () => _("Cell and modem"),
		method: "cellular_status",
		map: "cellular",
		fields: CELLULAR_METHODS.cellular_status.reply.cellular.of.fields,
	},
	{
		kind: "wifi",
		title: () => _("Wi-Fi"),
		method: "wifi_status",
		map: "wifi",
		fields: WIFI_METHODS.wifi_status.reply.wifi.of.fields,
	},
	{
		kind: "starlink",
		title: () => _("Dish"),
		method: "starlink_status",
		map: "starlink",
		fields: STARLINK_METHODS.starlink_status.reply.starlink.of.fields,
	},
];

export interface SourceFacts {
	readonly title: string;
	readonly facts: readonly Fact[];
}

type Entry = Readonly<Record<string, unknown>>;

/** Null where nothing is told: an older daemon, a narrower right, a source that does not answer. */
async function ask(transport: Transport, source: Source, name: string): Promise<SourceFacts | null> {
	try {
		const reply = await callTable(transport, "autonomy", source.method, {});
		const one = (reply[source.map] as Readonly<Record<string, Entry>> | undefined)?.[name];
		// Where none answers the sensor's line says so.
		if (one === undefined || one.state === "absent" || one.known === false) return null;
		const found = facts(one, source.fields, SKIP);
		return found.length === 0 ? null : { title: source.title(), facts: found };
	} catch (error) {
		if (["absent", "denied", "not_found"].includes(errorCode(error))) return null;
		throw error;
	}
}

export async function askSources(transport: Transport, member: Member): Promise<readonly SourceFacts[]> {
	const own = SOURCES.filter(({ kind }) => member.class === kind || member.sensors.some((one) => one.sensor === kind));
	const found = await Promise.all(own.map((source) => ask(transport, source, member.name)));
	return found.filter((one) => one !== null);
}

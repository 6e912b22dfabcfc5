/** A command that came over MQTT: what it asks for, or why it is refused. Pure. */
import { COMMANDS, type MqttCommand } from "../../contract/mqtt.ts";

export type Parsed =
	| {
			readonly name: "failover" | "restore" | "hold" | "release" | "recheck";
			readonly uplink: string | null;
			readonly forS: number | null;
	  }
	| { readonly problem: string };

const MAX_PAYLOAD = 1024;
const MAX_FOR_S = 604_800;

export function parseCommand(word: string, payload: string): Parsed {
	if (!COMMANDS.includes(word as MqttCommand)) return { problem: "no such command" };
	const name = word as MqttCommand;
	if (payload.length > MAX_PAYLOAD) return { problem: `longer than ${MAX_PAYLOAD} characters` };
	const trimmed = payload.trim();
	const fields = trimmed.startsWith("{")
		? jsonFields(trimmed)
		: { uplink: trimmed === "" ? null : trimmed, forS: null };
	if (fields === null) return { problem: 'not a name and not JSON such as {"uplink":"wan","for_s":600}' };
	if (fields.uplink !== null && (fields.uplink.length > 64 || /\p{Cc}/u.test(fields.uplink)))
		return { problem: "not the name of an uplink" };
	if (name !== "pin") return { name, ...fields };
	if (fields.uplink === null) return { problem: "pin needs the name of an uplink, or auto" };
	return fields.uplink === "auto" ? { name: "restore", uplink: null, forS: null } : { name: "failover", ...fields };
}

function jsonFields(text: string): { uplink: string | null; forS: number | null } | null {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return null;
	}
	if (typeof value !== "object" || value === null) return null;
	const { uplink = null, name = null, for_s: forS = null } = value as Readonly<Record<string, unknown>>;
	const which = uplink ?? name;
	if (which !== null && typeof which !== "string") return null;
	if (forS !== null && !(typeof forS === "number" && Number.isInteger(forS) && forS >= 0 && forS <= MAX_FOR_S))
		return null;
	return { uplink: which === "" ? null : which, forS };
}

/**
 * Home Assistant's MQTT discovery: a retained description per entity at <prefix>/<component>/<node>/<object>/config. Pure:
 * from what there is now to what must stand there; the caller clears what stood there and is not in it any more. All
 * entities belong to one device and share the availability topic.
 */
import type { Reply } from "../../contract/api.ts";
import { AVAILABILITY } from "../../contract/mqtt.ts";
import { level } from "./payload.ts";

export interface Announced {
	readonly topic: string;
	readonly payload: string;
}

export interface Home {
	/** homeassistant_prefix. */
	readonly prefix: string;
	/** <topic_prefix>/<router>. */
	readonly base: string;
	readonly device: string;
	readonly version: string;
	readonly commands: boolean;
}

interface Entity {
	readonly component: "sensor" | "binary_sensor" | "select" | "button";
	readonly object: string;
	readonly fields: Readonly<Record<string, unknown>>;
}

/** Letters, digits, _ and -: what Home Assistant takes as an id (its discovery pattern). */
export function nodeId(device: string): string {
	return `autonomy_${device.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 48)}`;
}

export function announcements(home: Home, members: Reply<"members">["members"]): readonly Announced[] {
	const node = nodeId(home.device);
	const names = members.map((one) => one.name);
	const entities = [
		...wholeEntities(home, names),
		...members.flatMap((one) => uplinkEntities(home, one, names.indexOf(one.name))),
	];
	return entities.map(({ component, object, fields }) => ({
		topic: `${home.prefix}/${component}/${node}/${object}/config`,
		payload: JSON.stringify({
			...fields,
			unique_id: `${node}_${object}`,
			// Of 2025.10 and later; before, and where it is taken, Home Assistant makes its own of the names.
			default_entity_id: `${component}.${node}_${object}`.toLowerCase(),
			availability_topic: `${home.base}/${AVAILABILITY}`,
			device: {
				identifiers: [node],
				name: home.device,
				manufacturer: "autonomy",
				model: "Router",
				sw_version: home.version,
			},
			origin: { name: "autonomy", sw_version: home.version },
		}),
	}));
}

function wholeEntities({ base, commands }: Home, names: readonly string[]): Entity[] {
	const state = `${base}/state`;
	const health = `${base}/health`;
	const read: Entity[] = [
		binary("online", {
			name: "Internet",
			device_class: "connectivity",
			state_topic: state,
			value_template: onOff("online"),
		}),
		sensor("current", {
			name: "Uplink in use",
			icon: "mdi:router-network",
			state_topic: state,
			value_template: text("current"),
		}),
		sensor("state", { name: "State", state_topic: state, value_template: text("state") }),
		sensor("alerts", {
			name: "Open alerts",
			icon: "mdi:alert",
			state_topic: state,
			value_template: text("alerts"),
			state_class: "measurement",
		}),
		binary("trouble", {
			name: "Daemon in trouble",
			device_class: "problem",
			entity_category: "diagnostic",
			state_topic: health,
			value_template: "{{ 'ON' if value_json.status != 'ok' else 'OFF' }}",
		}),
		sensor("uptime", {
			name: "Uptime",
			device_class: "duration",
			unit_of_measurement: "s",
			entity_category: "diagnostic",
			state_topic: health,
			value_template: text("uptime_s"),
		}),
		sensor("memory", {
			name: "Memory",
			device_class: "data_size",
			unit_of_measurement: "B",
			entity_category: "diagnostic",
			state_topic: health,
			value_template: text("rss_bytes"),
		}),
	];
	if (!commands) return read;
	const button = (object: string, name: string): Entity => ({
		component: "button",
		object,
		fields: { name, command_topic: `${base}/command/${object}`, payload_press: "{}" },
	});
	const pin: Entity = {
		component: "select",
		object: "pin",
		fields: {
			name: "Pinned uplink",
			state_topic: state,
			value_template: text("pinned"),
			command_topic: `${base}/command/pin`,
			options: ["auto", ...names.filter((name) => name !== "auto")],
		},
	};
	return [
		...read,
		pin,
		button("restore", "Automatic again"),
		button("recheck", "Look again"),
		button("hold", "Hold"),
		button("release", "End of hold"),
	];
}

function uplinkEntities({ base }: Home, member: Reply<"members">["members"][number], index: number): Entity[] {
	const topic = `${base}/uplinks/${level(member.name)}`;
	const id = member.name.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 40);
	// Two names may look alike as an id: the position tells them apart.
	const object = (what: string): string => (id === member.name ? `${id}_${what}` : `${id}_${index}_${what}`);
	const figure = (what: string, name: string, unit: string, digits: number, more: Entity["fields"] = {}): Entity =>
		sensor(object(what), {
			name: `${member.name} ${name}`,
			state_topic: topic,
			unit_of_measurement: unit,
			value_template: `{{ value_json.${what} | default(none) }}`,
			state_class: "measurement",
			suggested_display_precision: digits,
			...more,
		});
	const radio = member.class === "cellular" || member.class === "wifi";
	return [
		binary(object("eligible"), {
			name: `${member.name} works`,
			device_class: "connectivity",
			state_topic: topic,
			value_template: onOff("eligible"),
			json_attributes_topic: topic,
		}),
		figure("score", "score", "points", 0),
		figure("rtt_ms", "round trip time", "ms", 1, { device_class: "duration" }),
		figure("loss_pct", "loss", "%", 1),
		...(radio ? [figure("signal_dbm", "signal", "dBm", 0, { device_class: "signal_strength" })] : []),
		...(member.class === "starlink" ? [figure("obstruction_pct", "obstruction", "%", 1)] : []),
		figure("risk_pct", "risk", "%", 0),
		...(member.metrics.usage_pct == null ? [] : [figure("usage_pct", "data plan", "%", 0)]),
	];
}

function sensor(object: string, fields: Entity["fields"]): Entity {
	return { component: "sensor", object, fields };
}

function binary(object: string, fields: Entity["fields"]): Entity {
	return { component: "binary_sensor", object, fields };
}

/** Names of fields are ours: nothing from outside gets into a template. */
function text(field: string): string {
	return `{{ value_json.${field} | default('') }}`;
}

function onOff(field: string): string {
	return `{{ 'ON' if value_json.${field} else 'OFF' }}`;
}

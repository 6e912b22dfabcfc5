/**
 * What Home Assistant takes as a discovery payload, written down from its documentation: the configuration variables of
 * the pages of the MQTT integrations sensor, binary_sensor, select and button, what all of them share (availability,
 * device, origin), and the classes of the pages sensor and binary_sensor with their units (as of 2026.4: object_id is
 * gone, default_entity_id took its place). Whatever is not in here is refused: Home Assistant would drop it in silence.
 */

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string" && value !== "";
const flag: Check = (value) => typeof value === "boolean";
const count: Check = (value) => Number.isInteger(value) && Number(value) >= 0;
/** To subscribe: wildcards are allowed there, we never want them; to publish they are not. */
const topic: Check = (value) => text(value) && !/[+#\0]/.test(String(value)) && String(value).length <= 65_535;
/** Expressions with the filters we use, and blocks of nothing. */
const template: Check = (value) =>
	/^\{\{ (?:'ON' if value_json\.[a-z_]+(?: != 'ok')? else 'OFF'|value_json\.[a-z_]+(?: \| default\((?:none|'')\))?) \}\}$/.test(
		String(value),
	);
const icon: Check = (value) => /^mdi:[a-z0-9-]+$/.test(String(value));
const oneOf =
	(...values: readonly string[]): Check =>
	(value) =>
		values.includes(String(value));
const texts: Check = (value) => Array.isArray(value) && value.length > 0 && value.every(text);

function table(fields: Readonly<Record<string, Check>>, required: readonly string[]): Check {
	return (value) =>
		typeof value === "object" &&
		value !== null &&
		!Array.isArray(value) &&
		required.every((name) => Object.hasOwn(value, name)) &&
		Object.entries(value).every(([name, one]) => Object.hasOwn(fields, name) && fields[name]?.(one) === true);
}

const SHARED: Readonly<Record<string, Check>> = {
	availability_topic: topic,
	availability_mode: oneOf("all", "any", "latest"),
	availability_template: template,
	payload_available: text,
	payload_not_available: text,
	device: table(
		{
			configuration_url: text,
			connections: (value) => Array.isArray(value),
			hw_version: text,
			identifiers: texts,
			manufacturer: text,
			model: text,
			model_id: text,
			name: text,
			serial_number: text,
			suggested_area: text,
			sw_version: text,
			via_device: text,
		},
		["identifiers", "name"],
	),
	origin: table({ name: text, sw_version: text, support_url: text }, ["name"]),
	default_entity_id: (value) => /^(?:sensor|binary_sensor|select|button)\.[a-z0-9_-]{1,240}$/.test(String(value)),
	enabled_by_default: flag,
	encoding: text,
	entity_category: oneOf("config", "diagnostic"),
	entity_picture: text,
	icon,
	json_attributes_template: template,
	json_attributes_topic: topic,
	name: text,
	qos: (value) => value === 0 || value === 1 || value === 2,
	unique_id: text,
};

const COMPONENTS: Readonly<Record<string, { readonly needs: readonly string[]; readonly has: Record<string, Check> }>> =
	{
		sensor: {
			needs: ["state_topic"],
			has: {
				device_class: oneOf("duration", "data_size", "signal_strength", "data_rate"),
				expire_after: count,
				force_update: flag,
				last_reset_value_template: template,
				options: texts,
				state_class: oneOf("measurement", "total", "total_increasing"),
				state_topic: topic,
				suggested_display_precision: count,
				unit_of_measurement: text,
				value_template: template,
			},
		},
		binary_sensor: {
			needs: ["state_topic"],
			has: {
				device_class: oneOf("connectivity", "problem"),
				expire_after: count,
				force_update: flag,
				off_delay: count,
				payload_off: text,
				payload_on: text,
				state_topic: topic,
				value_template: template,
			},
		},
		select: {
			needs: ["command_topic", "options"],
			has: {
				command_template: template,
				command_topic: topic,
				optimistic: flag,
				options: texts,
				retain: flag,
				state_topic: topic,
				value_template: template,
			},
		},
		button: {
			needs: ["command_topic"],
			has: {
				command_template: template,
				command_topic: topic,
				device_class: oneOf("identify", "restart", "update"),
				payload_press: text,
				retain: flag,
			},
		},
	};

/** Units of the device classes we use. */
const UNITS: Readonly<Record<string, readonly string[]>> = {
	duration: ["d", "h", "min", "s", "ms", "\u03bcs"],
	data_size: ["bit", "kbit", "Mbit", "Gbit", "B", "kB", "MB", "GB", "TB", "PB", "KiB", "MiB", "GiB", "TiB"],
	data_rate: ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "B/s", "kB/s", "MB/s", "GB/s"],
	signal_strength: ["dB", "dBm"],
};

/** What Home Assistant would find wrong; empty: nothing. */
export function checkAnnouncement(where: string, payload: unknown): string[] {
	const found = /^[^/]+\/([a-z_]+)\/[A-Za-z0-9_-]+\/[A-Za-z0-9_-]+\/config$/.exec(where);
	const component = COMPONENTS[found?.[1] ?? ""];
	if (found === null || component === undefined) return [`${where}: no topic of discovery`];
	if (typeof payload !== "object" || payload === null) return [`${where}: no object`];
	const entity = payload as Readonly<Record<string, unknown>>;
	const fields = { ...SHARED, ...component.has };
	const wrong = Object.entries(entity).flatMap(([name, value]) => {
		if (!Object.hasOwn(fields, name)) return [`${where}: ${name} is no option`];
		return fields[name]?.(value) === true ? [] : [`${where}: ${name}: ${JSON.stringify(value)}`];
	});
	// A device needs a unique_id, and a discovered entity an origin.
	const needed = [...component.needs, "unique_id", "device", "origin"].filter((name) => !Object.hasOwn(entity, name));
	wrong.push(...needed.map((name) => `${where}: ${name} is missing`));
	if (!String(entity.default_entity_id).startsWith(`${found[1]}.`)) wrong.push(`${where}: an entity of another kind`);
	const unit = entity.unit_of_measurement;
	const units = UNITS[String(entity.device_class)];
	if (units !== undefined && !units.includes(String(unit)))
		wrong.push(`${where}: ${String(unit)} is no unit of its class`);
	if (entity.state_class !== undefined && entity.device_class === "enum")
		wrong.push(`${where}: a class without numbers`);
	if (Array.isArray(entity.options) && new Set(entity.options).size !== entity.options.length)
		wrong.push(`${where}: an option twice`);
	return wrong;
}

/** docs/reference/mqtt.schema.json (JSON Schema 2020-12) from contract/mqtt.ts. */
import type { Field, Fields } from "../contract/api-schema.ts";
import { TOPICS, type TopicSpec } from "../contract/mqtt.ts";
import type { GeneratedFile } from "./generated-file.ts";

export function generateMqtt(): readonly GeneratedFile[] {
	return [{ path: "docs/reference/mqtt.schema.json", text: `${JSON.stringify(mqttSchema(), null, "\t")}\n` }];
}

export function mqttSchema(): object {
	const topics = Object.entries<TopicSpec>(TOPICS).map(([topic, { help, payload }]) => [
		topic,
		{ description: help, ...objectOf(payload) },
	]);
	return {
		$schema: "https://json-schema.org/draft/2020-12/schema",
		title: "Payloads of autonomy over MQTT, by topic below <topic_prefix>/<router>/",
		$defs: Object.fromEntries(topics),
	};
}

function objectOf(fields: Fields): object {
	const entries = Object.entries(fields);
	return {
		type: "object",
		additionalProperties: false,
		required: entries.filter(([, field]) => field.optional === undefined).map(([name]) => name),
		properties: Object.fromEntries(entries.map(([name, field]) => [name, schemaOf(field)])),
	};
}

function schemaOf(field: Field): object {
	const description = "unit" in field && field.unit ? `${field.help} [${field.unit}]` : field.help;
	switch (field.type) {
		case "list":
			return { type: "array", description, items: schemaOf(field.of) };
		case "table":
			return { description, ...objectOf(field.fields) };
		case "map":
			return { type: "object", description, additionalProperties: schemaOf(field.of) };
		case "uci":
			return { description };
		case "bool":
			return { type: "boolean", description };
		case "int32":
		case "int64":
			return { type: "integer", description };
		case "double":
			return { type: "number", description };
		case "string":
			return { type: "string", description, ...(field.values === undefined ? {} : { enum: field.values }) };
	}
}

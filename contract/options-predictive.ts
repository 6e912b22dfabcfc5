/** Section predictive of /etc/config/autonomy; part of options.ts. */
import type { OptionSpec } from "./schema.ts";

export const PREDICTIVE: readonly OptionSpec[] = [
	{
		name: "enabled",
		type: "bool",
		default: true,
		help: "Act on forecasts; off here or by option predictive of section main, they are still shown",
	},
	{
		name: "confidence_threshold",
		type: "number",
		min: 0.5,
		max: 0.95,
		default: 0.6,
		help: "How much of what it wants to know a forecast must know before traffic moves because of it",
	},
	{
		name: "obstruction_detection",
		type: "bool",
		default: true,
		help: "Use what a dish says of its own outages, and remember where and in which direction it was obstructed",
	},
	{
		name: "pattern_learning",
		type: "bool",
		default: true,
		help: "Remember at which time of day, place and heading an uplink fell silent; in memory only",
	},
	{
		name: "trend_memory_hours",
		type: "int",
		unit: "hours",
		min: 3,
		max: 168,
		default: 24,
		help: "How far back reaches what is usual of an uplink; one that behaves otherwise is marked, not left",
	},
];

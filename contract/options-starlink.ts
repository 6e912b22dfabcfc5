/** Section api of type starlink of /etc/config/autonomy; part of options.ts. */
import type { OptionSpec } from "./schema.ts";

export const STARLINK: readonly OptionSpec[] = [
	{
		name: "enabled",
		type: "bool",
		default: true,
		help: "Look for a dish behind every Ethernet and Wi-Fi uplink and use what it tells; nothing leaves the router for it",
	},
	{
		name: "host",
		type: "text",
		format: "ipv4",
		default: "192.168.100.1",
		help: "Where dishes answer; each is asked through its own uplink",
	},
	{
		name: "port",
		type: "int",
		min: 1,
		max: 65_535,
		default: 9200,
		help: "Port of the dish's gRPC, used where gRPC-Web is closed",
	},
	{
		name: "web_port",
		type: "int",
		min: 1,
		max: 65_535,
		default: 9201,
		help: "Port of its gRPC-Web, tried first",
	},
	{
		name: "timeout_s",
		type: "int",
		unit: "s",
		min: 1,
		max: 60,
		default: 4,
		help: "Longest wait for one answer",
	},
	{
		name: "reboot_lead_s",
		type: "int",
		unit: "s",
		min: 10,
		max: 600,
		default: 60,
		help: "So long before a restart that the dish has announced traffic moves to another uplink",
		legacy: ["reboot_warning_seconds"],
	},
	{
		name: "obstruction_map",
		type: "bool",
		default: true,
		help: "Ask for the picture of the blocked sky, every ten minutes",
	},
];

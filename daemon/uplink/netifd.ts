/**
 * netifd's words: `network.interface dump` and its notifications, read defensively. Every field may be missing or of
 * another type (a half-started netifd, a vendor's patch); what is unusable is left out and named, never guessed.
 */
export interface NetifdInterface {
	readonly name: string;
	readonly up: boolean;
	/** Made by a protocol handler of another interface (wan_6, mob1s1a1_4). */
	readonly dynamic: boolean;
	readonly proto: string;
	/** Layer 3 device while up, else the configured one; null when netifd knows none yet. */
	readonly device: string | null;
	/** The configured device as netifd prints it: "eth1", "@wan" for an alias. */
	readonly configuredDevice: string | null;
	/** Null while it is down: netifd does not tell then. */
	readonly metric: number | null;
	readonly ipv4: readonly Address[];
	readonly ipv6: readonly Address[];
	readonly routes: readonly NetifdRoute[];
	readonly dnsServers: readonly string[];
	/** A modem serves it (RutOS: data.modem or modem). */
	readonly modem: boolean;
}

export interface Address {
	readonly address: string;
	readonly prefixLength: number;
}

export interface NetifdRoute {
	readonly target: string;
	readonly prefixLength: number;
	readonly nexthop: string;
	/** "2001:db8::/64": for what comes from there alone; "" when nothing is said. */
	readonly source: string;
}

type Table = Readonly<Record<string, unknown>>;

const INTERFACE_NAME = /^[A-Za-z0-9_.-]{1,64}$/;
/** IFNAMSIZ is 16 with the NUL; '/' and white space are refused by the kernel. */
const DEVICE_NAME = /^[A-Za-z0-9_.@:+-]{1,15}$/;
const ADDRESS = /^[0-9A-Fa-f:.]{2,45}$/;

export function isInterfaceName(text: string): boolean {
	return INTERFACE_NAME.test(text);
}

export function isDeviceName(text: string): boolean {
	return DEVICE_NAME.test(text) && text !== "." && text !== "..";
}

export function isAddress(text: string): boolean {
	return ADDRESS.test(text);
}

export function isTable(value: unknown): value is Table {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
	return typeof value === "string" ? value : "";
}

function numberOf(value: unknown, fallback: number): number {
	return typeof value === "number" && Number.isFinite(value) ? value : fallback;
}

function tables(value: unknown): Table[] {
	return Array.isArray(value) ? value.filter(isTable) : [];
}

function deviceOf(value: unknown): string | null {
	const name = textOf(value);
	return isDeviceName(name) && !name.startsWith("@") ? name : null;
}

function addressesOf(value: unknown): Address[] {
	return tables(value)
		.map((entry) => ({ address: textOf(entry.address), prefixLength: numberOf(entry.mask, 0) }))
		.filter((entry) => isAddress(entry.address));
}

function routesOf(value: unknown): NetifdRoute[] {
	return tables(value)
		.map((route) => ({
			target: textOf(route.target),
			prefixLength: numberOf(route.mask, -1),
			nexthop: isAddress(textOf(route.nexthop)) ? textOf(route.nexthop) : "",
			source: textOf(route.source),
		}))
		.filter((route) => isAddress(route.target) && route.prefixLength >= 0);
}

/** One entry of the dump; null when it has no usable name. */
export function parseInterface(value: unknown): NetifdInterface | null {
	if (!isTable(value)) return null;
	const name = textOf(value.interface);
	if (!isInterfaceName(name)) return null;
	const configured = textOf(value.device);
	const data = isTable(value.data) ? value.data : {};
	return {
		name,
		up: value.up === true,
		dynamic: value.dynamic === true,
		proto: textOf(value.proto),
		device: deviceOf(value.l3_device) ?? deviceOf(value.device),
		configuredDevice: isDeviceName(configured) ? configured : null,
		metric: typeof value.metric === "number" && Number.isFinite(value.metric) ? value.metric : null,
		ipv4: addressesOf(value["ipv4-address"]),
		ipv6: addressesOf(value["ipv6-address"]),
		routes: routesOf(value.route),
		dnsServers: (Array.isArray(value["dns-server"]) ? value["dns-server"] : []).map(textOf).filter(isAddress),
		modem: textOf(data.modem) !== "" || textOf(value.modem) !== "",
	};
}

export interface Dump {
	readonly interfaces: readonly NetifdInterface[];
	/** Named, but not told whether they are up: what was known of them before holds. */
	readonly unclear: readonly string[];
	readonly problems: readonly string[];
}

/** The whole dump; null when the reply is none. */
export function parseDump(reply: unknown): Dump | null {
	const list = isTable(reply) ? reply.interface : undefined;
	if (!Array.isArray(list)) return null;
	const problems: string[] = [];
	const unclear: string[] = [];
	const interfaces: NetifdInterface[] = [];
	for (const entry of list) {
		const parsed = parseInterface(entry);
		if (!parsed) problems.push("netifd reported an interface without a usable name; it is left out");
		else if (typeof entry.up === "boolean") interfaces.push(parsed);
		else {
			unclear.push(parsed.name);
			problems.push(`netifd does not say whether interface ${parsed.name} is up; what was known of it holds`);
		}
	}
	return { interfaces, unclear, problems };
}

export function defaultRoute(from: NetifdInterface, family: "ipv4" | "ipv6"): NetifdRoute | null {
	const any = family === "ipv4" ? "0.0.0.0" : "::";
	return from.routes.find((route) => route.prefixLength === 0 && route.target === any) ?? null;
}

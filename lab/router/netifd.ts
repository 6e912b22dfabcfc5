/**
 * netifd of the lab's router: reads /etc/config/network, configures the kernel, follows carrier, runs hotplug scripts and
 * tells the bus, in the order and with the words measured on a running one. Work on one interface happens one step
 * after the other.
 */
import { readdirSync } from "node:fs";
import type { BlobInputTable } from "../../daemon/bus/blobmsg.ts";
import type { Bus, ServedObject } from "../../daemon/bus/bus.ts";
import { nodeFiles } from "../../daemon/platform/node/files.ts";
import { loadPackage } from "../../daemon/uci/load.ts";
import { optionList, optionText, sectionsOfType } from "../../daemon/uci/package.ts";
import type { Devices } from "./devices.ts";
import {
	dhcpLease,
	downLines,
	type InterfaceConfig,
	type Lease,
	type Mangle,
	mangled,
	network4,
	network6,
	type Offer,
	readInterface,
	statusOf,
	upLines,
} from "./interfaces.ts";
import { run } from "./run.ts";

export interface Interface {
	config: InterfaceConfig;
	autostart: boolean;
	pending: boolean;
	lease: Lease | null;
	lastData: BlobInputTable;
	upSinceMs: number;
	object: ServedObject | null;
	work: Promise<void>;
}

export interface Netifd {
	readonly interfaces: ReadonlyMap<string, Interface>;
	start(): Promise<void>;
	reload(): Promise<void>;
	up(name: string): Promise<void>;
	down(name: string): Promise<void>;
	renew(name: string): Promise<void>;
	status(name: string): BlobInputTable | null;
	dump(): BlobInputTable;
	setMangle(how: Mangle | null): void;
	/** Runs /etc/hotplug.d/iface as netifd would. */
	hotplug(action: string, name: string): Promise<void>;
	/** Resolves when no hotplug script is running or waiting. */
	settled(): Promise<void>;
}

export interface NetifdOptions {
	readonly bus: Bus;
	readonly devices: Devices;
	/** What a DHCP server behind a device hands out; `turn` counts the leases given so far. */
	offer(device: string, turn: number): Offer | null;
	log(text: string): void;
	/** The address of an interface changed while it was up. */
	onRenew(name: string): void;
	/** Serves network.interface.<name>. */
	serveInterface(name: string): ServedObject;
	/** Objects that notifications go out on. */
	notifyInterfaces(type: string, data: BlobInputTable): void;
	notifyDevices(type: string, data: BlobInputTable): void;
}

const DHCP_MS = 30;

export function createNetifd(options: NetifdOptions): Netifd {
	const { devices, bus, log } = options;
	const interfaces = new Map<string, Interface>();
	const turns = new Map<string, number>();
	let mangle: Mangle | null = null;
	let hotplugs: Promise<void> = Promise.resolve();

	async function ip(lines: readonly string[], force = false): Promise<void> {
		const result = await run(["ip", ...(force ? ["-force"] : []), "-batch", "-"], `${lines.join("\n")}\n`);
		if (result.code !== 0 && !force) log(`netifd: ip: ${result.stderr.trim()}`);
	}

	function plain(iface: Interface): BlobInputTable {
		return statusOf({
			config: iface.config,
			available: devices.present(iface.config.device),
			autostart: iface.autostart,
			pending: iface.pending,
			lease: iface.lease,
			uptimeS: (performance.now() - iface.upSinceMs) / 1000,
			lastData: iface.lastData,
		});
	}

	function status(name: string): BlobInputTable | null {
		const iface = interfaces.get(name);
		if (!iface) return null;
		const full = plain(iface);
		return mangle ? mangled(full, mangle) : full;
	}

	function tell(iface: Interface, up: boolean): void {
		const name = iface.config.name;
		const data = { interface: name, ...status(name) };
		const type = up ? "interface.update" : "interface.down";
		options.notifyInterfaces(type, data);
		iface.object?.notify(type, data);
		const event = { action: up ? "ifup" : "ifdown", interface: name };
		bus.send("network.interface", event).catch(() => {});
	}

	function hotplug(action: string, name: string): Promise<void> {
		hotplugs = hotplugs.then(async () => {
			const device = interfaces.get(name)?.config.device ?? "";
			const env: Record<string, string> = { ACTION: action, INTERFACE: name, HOTPLUG_TYPE: "iface", DEVICENAME: "" };
			if (action === "ifup") env.DEVICE = device;
			const folder = "/etc/hotplug.d/iface";
			for (const script of readdirSync(folder).sort()) await run(["sh", `${folder}/${script}`], "", { env });
		});
		return hotplugs;
	}

	async function setUp(iface: Interface): Promise<void> {
		const { config } = iface;
		if (iface.lease || !iface.autostart || !devices.carrier(config.device)) return;
		let lease = config.static;
		if (config.proto === "dhcp") {
			iface.pending = true;
			await new Promise((resolve) => setTimeout(resolve, DHCP_MS));
			iface.pending = false;
			const turn = turns.get(config.device) ?? 0;
			const offer = options.offer(config.device, turn);
			if (!offer || !devices.carrier(config.device) || !iface.autostart) return;
			turns.set(config.device, turn + 1);
			lease = dhcpLease(offer);
		}
		await ip(upLines(config.device, config.metric, lease));
		iface.lease = lease;
		iface.upSinceMs = performance.now();
		log(`netifd: Interface '${config.name}' is now up`);
		tell(iface, true);
		void hotplug("ifup", config.name);
	}

	async function setDown(iface: Interface): Promise<void> {
		const { lease, config } = iface;
		iface.pending = false;
		if (!lease) return;
		iface.lease = null;
		iface.lastData = lease.data;
		await ip(downLines(config.device, config.metric, lease), true);
		log(`netifd: Interface '${config.name}' is now down`);
		tell(iface, false);
		void hotplug("ifdown", config.name);
	}

	function inTurn(iface: Interface, step: (iface: Interface) => Promise<void>): Promise<void> {
		iface.work = iface.work.then(() => step(iface)).catch((error) => log(`netifd: ${error}`));
		return iface.work;
	}

	devices.onChange((name) => {
		const carrier = devices.carrier(name);
		options.notifyDevices(carrier ? "link_up" : "link_down", {
			name,
			auth_status: false,
			present: devices.present(name),
			active: true,
			link_active: carrier,
		});
		for (const iface of interfaces.values()) {
			if (iface.config.device === name) void inTurn(iface, carrier ? setUp : setDown);
		}
	});

	async function prepareDevices(): Promise<void> {
		const pkg = loadPackage(nodeFiles, "network", { strict: false });
		const lines: string[] = [];
		for (const section of pkg ? sectionsOfType(pkg, "device") : []) {
			const name = optionText(section, "name");
			if (optionText(section, "type") !== "bridge" || name === undefined || devices.present(name)) continue;
			lines.push(`link add ${name} type bridge`);
			for (const port of optionList(section, "ports"))
				lines.push(`link set ${port} master ${name}`, `link set ${port} up`);
		}
		const used = new Set([...interfaces.values()].map((iface) => iface.config.device));
		for (const device of used) lines.push(`link set ${device} up`);
		await ip(lines, true);
	}

	function readConfig(): Map<string, InterfaceConfig> {
		const pkg = loadPackage(nodeFiles, "network", { strict: false });
		const sections = pkg ? sectionsOfType(pkg, "interface") : [];
		return new Map(sections.map((section) => [section.name, readInterface(section)]));
	}

	async function reload(): Promise<void> {
		const wanted = readConfig();
		for (const [name, iface] of interfaces) {
			const config = wanted.get(name);
			if (config?.text === iface.config.text) continue;
			await inTurn(iface, setDown);
			if (config) iface.config = config;
			else {
				iface.object?.close();
				interfaces.delete(name);
			}
		}
		for (const [name, config] of wanted) {
			if (interfaces.has(name)) continue;
			interfaces.set(name, {
				config,
				autostart: config.auto,
				pending: false,
				lease: null,
				lastData: {},
				upSinceMs: 0,
				object: options.serveInterface(name),
				work: Promise.resolve(),
			});
		}
		await prepareDevices();
		await Promise.all([...interfaces.values()].map((iface) => inTurn(iface, setUp)));
	}

	function known(name: string): Interface {
		const iface = interfaces.get(name);
		if (!iface) throw new Error(`no interface ${name}`);
		return iface;
	}

	function deviceNotice(iface: Interface, active: boolean): void {
		const { device } = iface.config;
		const notice = (link: boolean): BlobInputTable => ({
			name: device,
			auth_status: false,
			present: devices.present(device),
			active,
			link_active: link,
		});
		options.notifyDevices(active ? "up" : "down", notice(!active));
		options.notifyDevices(active ? "link_up" : "link_down", notice(active));
	}

	return {
		interfaces,
		start: reload,
		reload,
		async up(name) {
			const iface = known(name);
			if (!iface.autostart) deviceNotice(iface, true);
			iface.autostart = true;
			await inTurn(iface, setUp);
		},
		async down(name) {
			const iface = known(name);
			iface.autostart = false;
			deviceNotice(iface, false);
			const wasUp = iface.lease !== null;
			await inTurn(iface, setDown);
			// A commanded ifdown is announced twice (measured).
			if (wasUp) tell(iface, false);
		},
		async renew(name) {
			const iface = known(name);
			await inTurn(iface, async () => {
				if (!iface.lease || iface.config.proto !== "dhcp") return;
				const { device, metric } = iface.config;
				const turn = turns.get(device) ?? 0;
				const offer = options.offer(device, turn);
				if (!offer) return;
				turns.set(device, turn + 1);
				const next = dhcpLease(offer);
				await ip([...downLines(device, metric, iface.lease), ...upLines(device, metric, next)], true);
				iface.lease = next;
				tell(iface, true);
				options.onRenew(name);
				void hotplug("ifupdate", name);
			});
		},
		status,
		dump: () => ({
			interface: [...interfaces.keys()].map((name) => ({ interface: name, ...status(name) })),
		}),
		setMangle(how) {
			mangle = how;
		},
		hotplug,
		settled: () => hotplugs,
	};
}

/** Networks an interface is connected to. */
export function networksOf(iface: Interface, family: "ipv4" | "ipv6"): string[] {
	const lease = iface.lease;
	if (!lease) return [];
	return family === "ipv4" ? lease.addresses4.map(network4) : lease.addresses6.map(network6);
}

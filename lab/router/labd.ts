/**
 * labd: the lab router's userland in one process, inside its namespaces and root directory. Puts the stand-ins together
 * (broker, netifd, procd's and rpcd's objects, uhttpd, mwan3) and takes orders from the keeper over stdio.
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Bus } from "../../daemon/bus/bus.ts";
import { createBus } from "../../daemon/bus/client.ts";
import { createLogger } from "../../daemon/platform/node/log.ts";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import { type Receiver, type ReceiverState, serveReceiver } from "../gps/receiver.ts";
import { interfaceData, type ModemState, type Modems, serveModems } from "../modem/modem.ts";
import { createMwan3 } from "../mwan3/actor.ts";
import type { Mwan3Interface } from "../mwan3/layout.ts";
import { serveMwan3 } from "../mwan3/status.ts";
import { startTracker, type Tracker } from "../mwan3/tracker.ts";
import { type LabOptions, makePlan } from "../net/plan.ts";
import { rpcPeer } from "../net/rpc.ts";
import { type RadioState, type Radios, serveRadios } from "../radio/radio.ts";
import { createBrokerProcess } from "./broker.ts";
import { createDevices } from "./devices.ts";
import { defaultRoute, type Mangle } from "./interfaces.ts";
import { type Netifd, networksOf } from "./netifd.ts";
import { serveNetifd } from "./netifd-bus.ts";
import { serveRequests } from "./requests.ts";
import { run } from "./run.ts";
import { createSessions } from "./session.ts";
import { createLogBuffer, type System, serveSystem } from "./system.ts";
import { serveUci } from "./uci-object.ts";
import { createUhttpd } from "./uhttpd.ts";

// Standard output belongs to the keeper: what the daemon's own rooms log goes nowhere but to our stderr.
const platform = createNodePlatform();
const silent = createLogger("error");
const makeBus = (): Bus => createBus({ platform, log: silent, reconnectMs: 100 });

const broker = createBrokerProcess(`${dirname(fileURLToPath(import.meta.url))}/ubusd.mjs`);
const log = createLogBuffer();
const buses = { netifd: makeBus(), procd: makeBus(), rpcd: makeBus(), gsmd: makeBus() };
const devices = createDevices();
const sessions = createSessions();
const uhttpd = createUhttpd(buses.rpcd, sessions);
const trackers = new Map<string, Tracker>();
let options: LabOptions = {};
let modems: Modems | null = null;
let radios: Radios | null = null;
let receiver: Receiver | null = null;

const netifd: Netifd = serveNetifd(buses.netifd, devices, {
	onRenew: (name) => void mwan3.routesChanged(name),
	log: (text) => log.add(text),
	offer(device, turn) {
		const isp = makePlan(options).isps.find((i) => i.device === device);
		if (!isp) return null;
		// The same address first, another after each renewal.
		const address = turn === 0 ? isp.address4 : `${isp.prefix4}.${50 + (turn % 150)}`;
		const data = options.modems?.includes(isp.index) ? { data: interfaceData(isp.index) } : {};
		return { address, gateway: isp.gateway4, ...data };
	},
});

const mwan3 = createMwan3({
	log: (text) => log.add(text, 13),
	link(name) {
		const iface = netifd.interfaces.get(name);
		const route = iface?.lease?.routes[0];
		if (!iface?.lease || !route) return null;
		const { device, metric } = iface.config;
		return {
			device,
			metric,
			defaultRoute: defaultRoute(device, metric, route)
				.replace(/^(default|::\/0) /, "")
				.replace(" proto static", ""),
			networks: [...networksOf(iface, "ipv4"), ...networksOf(iface, "ipv6")],
		};
	},
	otherNetworks(family, uplinks) {
		const found: [string, string][] = [];
		for (const [name, iface] of netifd.interfaces) {
			if (uplinks.includes(name) || iface.config.device === "lo") continue;
			for (const net of networksOf(iface, family)) found.push([net, iface.config.device]);
		}
		return found;
	},
});

const system: System = serveSystem(buses.procd, log, [
	{
		name: "mwan3",
		instances: () =>
			mwan3.running
				? Object.fromEntries(mwan3.config().interfaces.map((link) => [`track_${link.name}`, { running: true }]))
				: {},
	},
]);

serveUci(buses.rpcd, sessions);
sessions.serve(buses.rpcd);
serveMwan3(buses.rpcd, {
	mwan3,
	tracker: (name) => trackers.get(name) ?? null,
	uptimeS(name) {
		const iface = netifd.interfaces.get(name);
		return iface?.lease ? (performance.now() - iface.upSinceMs) / 1000 : null;
	},
});

function track(link: Mwan3Interface): void {
	const device = netifd.interfaces.get(link.name)?.config.device;
	trackers.get(link.name)?.stop();
	trackers.delete(link.name);
	if (!options.trackers || !link.enabled || device === undefined || !netifd.interfaces.get(link.name)?.lease) return;
	const tracker = startTracker(link, device, mwan3.config().mask, (action) => {
		void run(["sh", "/etc/hotplug.d/iface/15-mwan3"], "", {
			env: { ACTION: action, INTERFACE: link.name, DEVICE: device },
		});
	});
	trackers.set(link.name, tracker);
}

mwan3.onEvent((action, name) => {
	for (const link of mwan3.config().interfaces) {
		if (action === "start" || (link.name === name && (action === "ifup" || action === "ifdown"))) track(link);
	}
	if (action === "start" || action === "stop") system.notifyService(`service.${action}`, { service: "mwan3" });
	if (action !== "stop") return;
	for (const tracker of trackers.values()) tracker.stop();
	trackers.clear();
});

async function restartMwan3(): Promise<void> {
	await mwan3.stop();
	await mwan3.start();
}

system.onConfigChange((config) => {
	if (config === "mwan3") void restartMwan3();
	if (config === "network") void netifd.reload();
	rpc.emit("config.change", { config });
});

/** firewall4 as far as it matters: uplinks are masqueraded, both families. */
async function firewall(): Promise<void> {
	const names = makePlan(options).isps.map((isp) => `"${isp.device}"`);
	const table = `table inet fw4 {\n\tchain srcnat {\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n\t\toifname { ${names.join(", ")} } masquerade\n\t}\n}\n`;
	const result = await run(["nft", "-f", "-"], table);
	if (result.code !== 0) throw new Error(`firewall: ${result.stderr}`);
}

async function request(words: readonly string[]): Promise<number> {
	const [what = "", action = "", name = "", device = ""] = words;
	if (what === "hotplug") return mwan3.hotplug(action, name, device);
	if (what === "running") return mwan3.running ? 0 : 1;
	if (what === "start") await mwan3.start();
	else if (what === "stop") await mwan3.stop();
	else if (what === "restart" || what === "reload") await restartMwan3();
	return 0;
}

async function start(given: LabOptions): Promise<void> {
	options = given;
	await broker.start();
	await serveRequests(request);
	await Promise.all([firewall(), ...Object.values(buses).map((bus) => bus.whenConnected(30_000))]);
	const withModem = makePlan(options).isps.filter((isp) => options.modems?.includes(isp.index));
	const overWifi = makePlan(options).isps.filter((isp) => options.radios?.includes(isp.index));
	radios = serveRadios(buses.rpcd, new Map(overWifi.map((isp) => [isp.index, isp.device])));
	receiver = serveReceiver(buses.gsmd, options.receiver ?? null);
	modems = serveModems(buses.gsmd, new Map(withModem.map((isp) => [isp.index, isp.device])));
	await netifd.start();
	await netifd.settled();
	if ((options.layout ?? "mwan3") === "mwan3") await mwan3.start();
	await uhttpd.listen("/var/run/lab/http.sock");
	await uhttpd.listen(80);
}

const rpc = rpcPeer({
	input: process.stdin,
	output: process.stdout,
	name: "labd",
	onEnd: () => process.exit(0),
	handlers: {
		start,
		"netifd.up": ({ name }: { name: string }) => netifd.up(name),
		"netifd.down": ({ name }: { name: string }) => netifd.down(name),
		"netifd.renew": ({ name }: { name: string }) => netifd.renew(name),
		"netifd.reload": () => netifd.reload(),
		"netifd.dump": () => netifd.dump(),
		"netifd.mangle": ({ how }: { how: Mangle | null }) => netifd.setMangle(how),
		"mwan3.start": () => mwan3.start(),
		"mwan3.stop": () => mwan3.stop(),
		"mwan3.restart": restartMwan3,
		/** Any event makes mwan3 rebuild its policies; this is one that changes nothing else. */
		"mwan3.event": ({ action, name }: { action: string; name: string }) =>
			run(["sh", "/etc/hotplug.d/iface/15-mwan3"], "", {
				env: { ACTION: action, INTERFACE: name, DEVICE: netifd.interfaces.get(name)?.config.device ?? "" },
			}).then((result) => result.code),
		"broker.start": () => broker.start(),
		"broker.stop": () => broker.stop(),
		"broker.wedge": ({ frozen }: { frozen: boolean }) => broker.wedge(frozen),
		"rpcd.restart": () => sessions.dropAll(),
		"modem.set": ({ isp, state }: { isp: number; state: Partial<ModemState> }) => modems?.set(isp, state),
		"radio.set": ({ isp, state }: { isp: number; state: Partial<RadioState> }) => radios?.set(isp, state),
		"receiver.set": ({ state }: { state: Partial<ReceiverState> }) => receiver?.set(state),
		"modem.switches": () => modems?.switches ?? [],
		"config.change": ({ config }: { config: string }) => system.configChange(config),
		www: ({ root }: { root: string }) => uhttpd.setRoot(root),
		log: ({ lines }: { lines: number }) => log.lines(lines),
	},
});

/**
 * The lab's mwan3: keeps rules, tables, ipsets and chains as mwan3 would, and rebuilds its policies on the events that
 * make mwan3 rebuild them, in the same steps, so there is the same moment of `unreachable` in between. Events queue up
 * one behind the other, as behind procd's lock. Reads its configuration afresh for every event, with /var/state on top.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { nodeFiles } from "../../daemon/platform/node/files.ts";
import { loadPackage, STATE_DIR } from "../../daemon/uci/load.ts";
import { run } from "../router/run.ts";
import {
	emptyPolicy,
	FAMILIES,
	type Family,
	generalChains,
	generalRules,
	generalSets,
	interfaceChain,
	interfaceRules,
	type Mwan3Config,
	type Mwan3Interface,
	memberStep,
	readMwan3,
	removeChains,
	userRules,
} from "./layout.ts";

/** What mwan3 asks of netifd. */
export interface LinkInfo {
	readonly device: string;
	/** Words after "default" of its route, e.g. "via 100.64.1.1 dev eth1 metric 10". */
	readonly defaultRoute: string;
	/** Connected networks. */
	readonly networks: readonly string[];
	readonly metric: number;
}

export interface Netifd {
	link(name: string): LinkInfo | null;
	/** Networks of interfaces that are no uplink of mwan3 (LAN): [network, device]. */
	otherNetworks(family: Family, uplinks: readonly string[]): readonly (readonly [string, string])[];
	log(text: string): void;
}

export interface Mwan3 {
	readonly running: boolean;
	config(): Mwan3Config;
	online(name: string): boolean;
	start(): Promise<void>;
	stop(): Promise<void>;
	/** Exit code of 15-mwan3. */
	hotplug(action: string, name: string, device: string): Promise<number>;
	/** What mwan3rtmon does: the table of an interface follows its routes in the main table. */
	routesChanged(name: string): Promise<void>;
	onEvent(listener: (action: string, name: string) => void): void;
}

const RUN = "/var/run/mwan3";
const save = (family: Family): string => (family === "ipv4" ? "iptables-save" : "ip6tables-save");
const restore = (family: Family): string => (family === "ipv4" ? "iptables-restore" : "ip6tables-restore");

export function createMwan3(netifd: Netifd): Mwan3 {
	let running = false;
	let queue: Promise<unknown> = Promise.resolve();
	const listeners: ((action: string, name: string) => void)[] = [];
	/** Interfaces that have rules and a table now. */
	const laidOut = new Set<string>();

	function config(): Mwan3Config {
		const pkg = loadPackage(nodeFiles, "mwan3", { saveDirs: [STATE_DIR], strict: false });
		return readMwan3(pkg ?? { name: "mwan3", sections: [], warnings: [] });
	}

	function locked<T>(work: () => Promise<T>): Promise<T> {
		const result = queue.then(work);
		queue = result.catch(() => {});
		return result;
	}

	async function push(family: Family, text: string): Promise<void> {
		const result = await run([restore(family), "-T", "mangle", "-w", "-n"], text);
		if (result.code !== 0) netifd.log(`mwan3: ${restore(family)}: ${result.stderr.trim()}`);
	}

	async function ip(family: Family, lines: readonly string[], force = false): Promise<void> {
		if (lines.length === 0) return;
		const flags = [family === "ipv4" ? "-4" : "-6", ...(force ? ["-force"] : [])];
		const result = await run(["ip", ...flags, "-batch", "-"], `${lines.join("\n")}\n`);
		if (result.code !== 0 && !force) netifd.log(`mwan3: ip: ${result.stderr.trim()}`);
	}

	async function chains(family: Family): Promise<ReadonlySet<string>> {
		const { stdout } = await run([save(family), "-t", "mangle"]);
		return new Set([...stdout.matchAll(/^:(mwan3_\S+)/gm)].map((match) => match[1] ?? ""));
	}

	function state(name: string): string | null {
		try {
			return readFileSync(`${RUN}/iface_state/${name}`, "utf8").trim();
		} catch {
			return null;
		}
	}

	function setState(name: string, value: "online" | "offline"): void {
		mkdirSync(`${RUN}/iface_state`, { recursive: true });
		writeFileSync(`${RUN}/iface_state/${name}`, `${value}\n`);
	}

	async function setPolicies(cfg: Mwan3Config): Promise<void> {
		const existing = { ipv4: await chains("ipv4"), ipv6: await chains("ipv6") };
		for (const policy of cfg.policies) {
			const states = { ipv4: { lowest: 256, totalWeight: 0 }, ipv6: { lowest: 256, totalWeight: 0 } };
			for (const family of FAMILIES) {
				const exists = existing[family].has(`mwan3_policy_${policy.name}`);
				await push(family, emptyPolicy(cfg, policy.name, policy.lastResort, exists));
			}
			for (const name of policy.members) {
				const member = cfg.members.find((m) => m.name === name);
				const link = cfg.interfaces.find((i) => i.name === member?.interface);
				if (!member || !link?.enabled || state(link.name) !== "online" || !laidOut.has(link.name)) continue;
				const step = memberStep(cfg, policy.name, member, link.id, states[link.family]);
				if (step !== null) await push(link.family, step);
			}
		}
	}

	function deleteRules(link: Mwan3Interface): string[] {
		return [1000, 2000, 3000].map((base) => `rule del pref ${base + link.id}`).concat(`route flush table ${link.id}`);
	}

	async function layOut(cfg: Mwan3Config, link: Mwan3Interface, info: LinkInfo): Promise<void> {
		const exists = (await chains(link.family)).has(`mwan3_iface_in_${link.name}`);
		await push(link.family, interfaceChain(cfg, link, info.device, exists));
		await ip(link.family, deleteRules(link), true);
		await ip(link.family, [...interfaceRules(cfg, link.id, info.device), ...tableLines(cfg, link, info)]);
		laidOut.add(link.name);
	}

	function tableLines(cfg: Mwan3Config, link: Mwan3Interface, info: LinkInfo): string[] {
		const others = netifd.otherNetworks(
			link.family,
			cfg.interfaces.map((i) => i.name),
		);
		return [
			`route replace ${link.family === "ipv6" ? "::/0" : "default"} ${info.defaultRoute} table ${link.id}`,
			...info.networks.map(
				(net) => `route replace ${net} dev ${info.device} scope link metric ${info.metric} table ${link.id}`,
			),
			...others.map(([net, device]) => `route replace ${net} dev ${device} scope link table ${link.id}`),
		];
	}

	async function followRoutes(name: string): Promise<void> {
		const cfg = config();
		const link = cfg.interfaces.find((i) => i.name === name);
		const info = netifd.link(name);
		if (!running || !link || !info || !laidOut.has(name)) return;
		await ip(link.family, [`route flush table ${link.id}`, ...tableLines(cfg, link, info)]);
		await setConnected();
	}

	/** ipsets of everything directly reachable. */
	async function setConnected(): Promise<void> {
		const lines: string[] = [generalSets()];
		for (const family of FAMILIES) {
			const set = `mwan3_connected_${family}`;
			const { stdout } = await run(["ip", family === "ipv4" ? "-4" : "-6", "route", "list", "table", "all"]);
			const found = new Set<string>(family === "ipv4" ? ["224.0.0.0/3"] : []);
			for (const line of stdout.split("\n")) {
				const words = line.split(" ").filter((word) => !/^(local|broadcast|anycast|multicast|unreachable)$/.test(word));
				const net = words[0] ?? "";
				if (family === "ipv4" ? /^\d+(\.\d+){3}(\/\d+)?$/.test(net) : /^[0-9a-f:]+(\/\d+)?$/.test(net)) found.add(net);
			}
			if (family === "ipv6") for (const net of ["ff00::/8", "::1"]) found.delete(net);
			lines.push(`flush ${set}`, ...[...found].map((net) => `-! add ${set} ${net}`));
		}
		await run(["ipset", "restore"], `${lines.join("\n")}\n`);
	}

	async function flushConntrack(link: Mwan3Interface, action: string): Promise<void> {
		if (link.flushConntrack.includes(action)) await run(["conntrack", "-F"]);
	}

	async function act(action: string, name: string, device: string): Promise<number> {
		if (!running) return 0;
		const cfg = config();
		const link = cfg.interfaces.find((i) => i.name === name);
		if (!link?.enabled) return 0;
		netifd.log(`mwan3-hotplug: Execute ${action} event on interface ${name} (${device || "unknown"})`);
		if (action === "ifup") {
			const info = netifd.link(name);
			if (!info) return 0;
			await setConnected();
			await layOut(cfg, link, info);
			setState(name, link.initialState);
			if (link.initialState === "online") await setPolicies(cfg);
		} else if (action === "ifdown") {
			setState(name, "offline");
			await ip(link.family, deleteRules(link), true);
			laidOut.delete(name);
			await setPolicies(cfg);
		} else {
			setState(name, action === "connected" ? "online" : "offline");
			await setPolicies(cfg);
		}
		await flushConntrack(link, action);
		for (const listener of listeners) listener(action, name);
		return 0;
	}

	async function setUp(): Promise<void> {
		if (running) return;
		const cfg = config();
		if (cfg.interfaces.length === 0) return;
		mkdirSync(`${RUN}/iface_state`, { recursive: true });
		writeFileSync(`${RUN}/mmx_mask`, `0x${cfg.mask.toString(16)}\n`);
		await setConnected();
		for (const family of FAMILIES) {
			if (!(await chains(family)).has("mwan3_hook")) await push(family, generalChains(cfg, family));
			await ip(family, generalRules(cfg), true);
		}
		for (const link of cfg.interfaces) {
			const info = link.enabled ? netifd.link(link.name) : null;
			if (!info) continue;
			await layOut(cfg, link, info);
			setState(link.name, link.initialState);
		}
		await setPolicies(cfg);
		for (const family of FAMILIES) await push(family, userRules(cfg, family));
		running = true;
		for (const listener of listeners) listener("start", "");
	}

	async function tearDown(): Promise<void> {
		if (!running) return;
		running = false;
		const cfg = config();
		for (const listener of listeners) listener("stop", "");
		for (const family of FAMILIES) {
			const { stdout } = await run(["ip", family === "ipv4" ? "-4" : "-6", "rule", "list"]);
			const prefs = [...stdout.matchAll(/^([123]\d{3}):/gm)].map((match) => `rule del pref ${match[1]}`);
			await ip(family, prefs.concat(cfg.interfaces.map((i) => `route flush table ${i.id}`)), true);
			const text = removeChains((await run([save(family), "-t", "mangle"])).stdout);
			if (text !== "") await push(family, text);
		}
		laidOut.clear();
		// mwan3 sleeps here too, before it destroys its ipsets.
		await new Promise((resolve) => setTimeout(resolve, 2000));
		await run(["ipset", "destroy"]);
		rmSync(RUN, { recursive: true, force: true });
	}

	return {
		get running() {
			return running;
		},
		config,
		online: (name) => existsSync(`${RUN}/iface_state/${name}`) && state(name) === "online",
		start: () => locked(setUp),
		stop: () => locked(tearDown),
		hotplug: (action, name, device) => locked(() => act(action, name, device)),
		routesChanged: (name) => locked(() => followRoutes(name)),
		onEvent: (listener) => listeners.push(listener),
	};
}

/**
 * A real OpenWrt userland in the lab's network: procd as PID 1, its own netifd, rpcd, mwan3 and firewall, from a root
 * directory that is not changed (an overlay takes the writes). The same configuration as the stand-ins get. Needs root.
 */
import { existsSync } from "node:fs";
import { REPO_INSIDE } from "../net/build.ts";
import { LabImpossible, startNetwork } from "../net/lab.ts";
import type { LabOptions } from "../net/plan.ts";
import type { Ability, RouterUnderTest } from "../under-test.ts";
import { firewallConfig, mwan3Config, networkConfig } from "./config.ts";

const CANNOT: Partial<Record<Ability, string>> = {
	stop_broker: "procd starts ubusd again at once",
	mangle_netifd: "a real netifd does not lie on request",
	modem: "this userland is no RutOS and has no modem",
	radio: "this userland has no radio",
	receiver: "this userland has no receiver",
	change_address: "the DHCP server gives the same address again",
};

export async function startOpenwrt(root: string, options: LabOptions = {}): Promise<RouterUnderTest> {
	if (process.getuid?.() !== 0) throw new LabImpossible("booting an OpenWrt root directory needs root");
	if (!existsSync(`${root}/sbin/procd`))
		throw new LabImpossible(`${root} is no OpenWrt root directory: no /sbin/procd`);
	if (!existsSync(`${root}/usr/bin/node`))
		throw new LabImpossible(`${root} has no /usr/bin/node to run the daemon with`);
	const lab = await startNetwork({ ...options, tmpBytes: options.tmpBytes ?? 64 << 20, openwrtRoot: root });
	const run: RouterUnderTest["run"] = (argv, o = {}) => lab.run({ where: "router", argv, ...o });
	async function must(...argv: string[]): Promise<string> {
		const result = await run(argv, { timeoutMs: 60_000 });
		if (result.code !== 0) throw new Error(`${argv.join(" ")}: ${result.code} ${result.stderr}`);
		return result.stdout;
	}
	const mwan3Used = lab.plan.layout === "mwan3";
	async function online(): Promise<boolean> {
		const count = lab.plan.isps.length * (lab.plan.ipv6 ? 2 : 1);
		if (mwan3Used) {
			const { stdout } = await run(["ubus", "call", "mwan3", "status", '{"section":"interfaces"}']);
			return (stdout.match(/"status": "online"/g) ?? []).length === count;
		}
		const { stdout } = await run(["ip", "-4", "route", "show", "default"]);
		return stdout.trim().split("\n").length === lab.plan.isps.length;
	}
	try {
		const configs: Record<string, string> = { network: networkConfig(lab.plan), firewall: firewallConfig(lab.plan) };
		if (mwan3Used) configs.mwan3 = mwan3Config(lab.plan);
		else await lab.remove("/etc/config/mwan3");
		for (const [name, text] of Object.entries({ ...configs, ...options.config }))
			await lab.put(`/etc/config/${name}`, text);
		if (!mwan3Used) await lab.remove("/etc/rc.d/S19mwan3");
		await lab.helper("keeper", "startRouter");
		const deadline = Date.now() + 60_000;
		while (!(await online())) {
			if (Date.now() > deadline) throw new Error(`OpenWrt did not come up in 60 s\n${await lab.read("/dev/console")}`);
			await new Promise((resolve) => setTimeout(resolve, 300));
		}
	} catch (error) {
		await lab.close();
		throw error;
	}
	const brokerSignal = (signal: string): Promise<string> => must("sh", "-c", `kill -${signal} $(pidof ubusd)`);
	return {
		kind: "openwrt",
		lab,
		cannot: (ability) => CANNOT[ability] ?? null,
		run,
		spawn: (argv, { onLine, ...o } = {}) => lab.spawn({ where: "router", argv, ...o }, onLine),
		read: lab.read,
		put: lab.put,
		remove: lab.remove,
		node: "/usr/bin/node",
		repo: REPO_INSIDE,
		socket: `${lab.shared}/ubus/ubus.sock`,
		ifup: async (name) => void (await must("ubus", "call", `network.interface.${name}`, "up")),
		ifdown: async (name) => void (await must("ubus", "call", `network.interface.${name}`, "down")),
		renew: async (name) => void (await must("ubus", "call", `network.interface.${name}`, "renew")),
		networkReload: async () => void (await must("ubus", "call", "network", "reload")),
		mwan3: async (command) => void (await must("/etc/init.d/mwan3", command)),
		async mwan3Event(action, name) {
			const device = lab.plan.isps.find((isp) => isp.interface === name || isp.interface6 === name)?.device ?? "";
			await run(["sh", "/etc/hotplug.d/iface/15-mwan3"], {
				env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ACTION: action, INTERFACE: name, DEVICE: device },
			});
		},
		async broker(command) {
			if (command === "restart") await brokerSignal("KILL");
			else if (command === "wedge") await brokerSignal("STOP");
			else if (command === "unwedge") await brokerSignal("CONT");
			else throw new Error(CANNOT.stop_broker);
		},
		hideProgram: async (path, hidden) => void (await must("chmod", hidden ? "0" : "755", path)),
		modem: () => Promise.reject(new Error(CANNOT.modem)),
		radio: () => Promise.reject(new Error(CANNOT.radio)),
		receiver: () => Promise.reject(new Error(CANNOT.receiver)),
		mangleNetifd: () => Promise.reject(new Error(CANNOT.mangle_netifd)),
		close: () => lab.close(),
	};
}

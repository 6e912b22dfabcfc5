/** A router made of the lab's stand-ins: the host's side of labd. */
import { readFileSync } from "node:fs";
import { nodeInside, REPO_INSIDE } from "../net/build.ts";
import { REPO } from "../net/bundle.ts";
import { type Lab, startNetwork } from "../net/lab.ts";
import type { LabOptions } from "../net/plan.ts";
import type { RouterUnderTest } from "../under-test.ts";
import { LAB_ACL, mwan3Config, networkConfig, otherConfigs } from "./config.ts";

async function furnish(lab: Lab, options: LabOptions): Promise<void> {
	const text = (file: string): string => readFileSync(`${REPO}/lab/${file}`, "utf8");
	const configs: Record<string, string> = { ...otherConfigs(), network: networkConfig(lab.plan) };
	if (lab.plan.layout === "mwan3") {
		configs.mwan3 = mwan3Config(lab.plan);
		await lab.put("/etc/init.d/mwan3", text("mwan3/init.sh"), 0o755);
		await lab.put("/etc/hotplug.d/iface/15-mwan3", text("mwan3/hotplug.sh"), 0o755);
	}
	const uci = text("router/uci.sh")
		.replace("@NODE@", nodeInside(process.execPath))
		.replace("@PROGRAM@", `${REPO_INSIDE}/build/lab/uci.mjs`);
	await Promise.all([
		...Object.entries({ ...configs, ...options.config }).map(([name, body]) => lab.put(`/etc/config/${name}`, body)),
		lab.put("/lab/bin/uci", uci, 0o755),
		lab.put("/lab/acl.d/lab.json", LAB_ACL),
		lab.put("/lab/passwords.json", '{"root":"openwrt"}', 0o600),
	]);
}

export async function startStandIn(options: LabOptions = {}): Promise<RouterUnderTest> {
	const lab = await startNetwork(options);
	try {
		await furnish(lab, options);
		await lab.helper("keeper", "startRouter");
		await lab.helper("router", "start", options);
	} catch (error) {
		await lab.close();
		throw error;
	}
	const labd = (method: string, params: unknown = {}): Promise<void> =>
		lab.helper<unknown>("router", method, params).then(() => undefined);
	return {
		kind: "stand-in",
		lab,
		cannot: () => null,
		run: (argv, o = {}) => lab.run({ where: "router", argv, ...o }),
		spawn: (argv, { onLine, ...o } = {}) => lab.spawn({ where: "router", argv, ...o }, onLine),
		read: lab.read,
		put: lab.put,
		remove: lab.remove,
		node: nodeInside(process.execPath),
		repo: REPO_INSIDE,
		socket: `${lab.shared}/ubus/ubus.sock`,
		ifup: (name) => labd("netifd.up", { name }),
		ifdown: (name) => labd("netifd.down", { name }),
		renew: (name) => labd("netifd.renew", { name }),
		networkReload: () => labd("netifd.reload"),
		mwan3: (command) => labd(`mwan3.${command}`),
		mwan3Event: (action, name) => labd("mwan3.event", { action, name }),
		async broker(command) {
			if (command === "wedge" || command === "unwedge") return labd("broker.wedge", { frozen: command === "wedge" });
			if (command !== "start") await labd("broker.stop");
			if (command !== "stop") await labd("broker.start");
		},
		hideProgram: (path, hidden) => (hidden ? lab.hide(path) : lab.unhide(path)),
		modem: (isp, state) => labd("modem.set", { isp, state }),
		radio: (isp, state) => labd("radio.set", { isp, state }),
		receiver: (state) => labd("receiver.set", { state }),
		mangleNetifd: (how) => labd("netifd.mangle", { how }),
		close: () => lab.close(),
	};
}

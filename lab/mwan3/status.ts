/** What `ubus call mwan3 status` answers in the lab: shapes as measured, also while mwan3 is stopped. */
import type { BlobInputTable } from "../../daemon/bus/blobmsg.ts";
import type { Bus } from "../../daemon/bus/bus.ts";
import { run } from "../router/run.ts";
import type { Mwan3 } from "./actor.ts";
import { FAMILIES, type Family, type Mwan3Interface } from "./layout.ts";
import type { Tracker } from "./tracker.ts";

export interface StatusSources {
	readonly mwan3: Mwan3;
	tracker(name: string): Tracker | null;
	/** Seconds netifd has it up; null when it is down. */
	uptimeS(name: string): number | null;
}

function interfaceTable(link: Mwan3Interface, sources: StatusSources): BlobInputTable {
	const { mwan3 } = sources;
	const uptime = sources.uptimeS(link.name);
	const tracker = mwan3.running ? sources.tracker(link.name) : null;
	const now = performance.now();
	const seconds = (sinceMs: number): number => Math.floor((now - sinceMs) / 1000);
	const online = mwan3.online(link.name);
	let status = "unknown";
	if (!link.enabled) status = "disabled";
	else if (mwan3.running)
		status = uptime === null ? "offline" : (tracker?.state.status ?? (online ? "online" : "offline"));
	const since = tracker ? seconds(tracker.state.changedMs) : Math.floor(uptime ?? 0);
	return {
		age: tracker ? seconds(tracker.state.lastRoundMs) : 0,
		online: status === "online" ? since : 0,
		offline: status === "offline" ? since : 0,
		uptime: Math.floor(uptime ?? 0),
		score: tracker?.state.score ?? (online ? link.down + link.up : 0),
		lost: tracker?.state.lost ?? 0,
		turn: tracker?.state.turn ?? 0,
		status,
		enabled: link.enabled,
		running: mwan3.running && uptime !== null,
		tracking: !mwan3.running ? "down" : uptime === null ? "paused" : "active",
		up: uptime !== null,
		track_ip: link.trackIps.map((ip) => ({
			ip,
			status: tracker?.state.targets.get(ip) ?? (mwan3.running ? "skipped" : "unknown"),
			latency: 0,
			packetloss: 0,
		})),
	};
}

async function policyTable(family: Family): Promise<BlobInputTable> {
	const { stdout } = await run([family === "ipv4" ? "iptables" : "ip6tables", "-w", "-t", "mangle", "-S"]);
	const out: Record<string, { interface: string; percent: number }[]> = {};
	for (const [, policy = ""] of stdout.matchAll(/^-N mwan3_policy_(\S+)$/gm)) out[policy] = [];
	const rows = stdout.matchAll(/^-A mwan3_policy_(\S+) .*--comment "(\S+) (\d+) (\d+)"/gm);
	for (const [, policy = "", name = "", weight, total] of rows) {
		out[policy]?.push({ interface: name, percent: Math.round((Number(weight) * 100) / Number(total)) });
	}
	return Object.fromEntries(Object.entries(out).filter(([, members]) => members.length > 0));
}

async function connected(family: Family): Promise<string[]> {
	const { stdout } = await run(["ipset", "list", `mwan3_connected_${family}`]);
	return stdout
		.slice(stdout.indexOf("Members:\n") + 9)
		.split("\n")
		.filter((line) => /^[0-9a-f.:/]+$/.test(line));
}

export function serveMwan3(bus: Bus, sources: StatusSources): void {
	bus.serve({
		path: "mwan3",
		methods: {
			status: {
				args: { section: "string", interface: "string" },
				handle: async ({ section, interface: only }) => {
					const wants = (name: string): boolean => section === undefined || section === "" || section === name;
					const answer: Record<string, BlobInputTable> = {};
					if (wants("interfaces")) {
						const links = sources.mwan3.config().interfaces.filter((l) => typeof only !== "string" || l.name === only);
						answer.interfaces = Object.fromEntries(links.map((link) => [link.name, interfaceTable(link, sources)]));
					}
					const running = sources.mwan3.running;
					if (wants("connected")) {
						const [ipv4, ipv6] = running ? await Promise.all(FAMILIES.map(connected)) : [[], []];
						answer.connected = { ipv4: ipv4 ?? [], ipv6: ipv6 ?? [] };
					}
					if (wants("policies")) {
						const [ipv4, ipv6] = running ? await Promise.all(FAMILIES.map(policyTable)) : [{}, {}];
						answer.policies = { ipv4: ipv4 ?? {}, ipv6: ipv6 ?? {} };
					}
					return answer;
				},
			},
		},
	});
}

/**
 * The first process of a lab (PID 1 of its own PID namespace) and its internet: builds the namespaces, starts programs in
 * them, applies faults. When its stdin ends, for whatever reason, it goes, and the kernel takes every process,
 * namespace, link and mount of the lab with it: a killed test leaves nothing behind.
 */
import { spawn } from "node:child_process";
import {
	mkdirSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { networkScript, nodeInside, openwrtScript, REPO_INSIDE, ROOT, rootScript } from "./build.ts";
import { countingTable, type Faults, faultTable } from "./faults.ts";
import { startInternet } from "./internet.ts";
import { makeDelays } from "./latency.ts";
import { type LabOptions, makePlan, type Plan } from "./plan.ts";
import { command, enterUserland, must, orNull, signalProcess, start, startProcess, writeTo } from "./programs.ts";
import { type RpcPeer, rpcPeer } from "./rpc.ts";
import type { RunParams, Where } from "./run.ts";

interface BuildParams {
	readonly options: LabOptions;
	readonly shared: string;
	readonly repo: string;
	readonly node: string;
	/** A real OpenWrt root directory to boot instead of the stand-ins. */
	readonly openwrtRoot?: string;
}

let plan: Plan = makePlan({});
let built: BuildParams | null = null;
const delays = makeDelays(command);
const carriers = new Map<number, boolean>();

/** A lab program that speaks RPC on its stdio; its events and its end are passed on to the host. */
function helper(name: string, params: RunParams): RpcPeer {
	const child = start(params);
	child.stderr?.pipe(process.stderr);
	if (!child.stdout || !child.stdin) throw new Error(`${name}: no pipes`);
	return rpcPeer({
		input: child.stdout,
		output: child.stdin,
		name,
		onEvent: (event, data) => host.emit(event, data),
		onEnd: () => host.emit("helper.end", { name }),
	});
}

const helpers = new Map<string, RpcPeer>();

async function build(params: BuildParams): Promise<unknown> {
	built = params;
	plan = makePlan(params.options);
	const t0 = process.hrtime.bigint();
	await must({
		where: "internet",
		argv: ["sh", "-s"],
		stdin: "mount -t tmpfs -o mode=755 run /run && mkdir -p /run/lock",
	});
	// After the mount: xtables' lock and ip's netns handles belong to the lab alone.
	await must({ where: "internet", argv: ["sh", "-s"], stdin: networkScript(plan), timeoutMs: 150_000 });
	const client = { where: "client", argv: [params.node, `${params.repo}/build/lab/client.mjs`] } as const;
	helpers.set("client", helper("client", client));
	await Promise.all([
		startInternet(plan.ipv6),
		...plan.isps.map((isp) => must({ where: isp.ns as Where, argv: ["nft", "-f", "-"], stdin: countingTable(isp) })),
		must({ where: "internet", argv: ["sh", "-s"], stdin: rootText(params) }),
	]);
	return { ms: Number(process.hrtime.bigint() - t0) / 1e6 };
}

function rootText(params: BuildParams): string {
	const common = { ...params, tmpBytes: params.options.tmpBytes ?? 32 << 20 };
	return params.openwrtRoot === undefined ? rootScript(common) : openwrtScript({ ...common, root: params.openwrtRoot });
}

/** Boots the real userland: procd as PID 1 of namespaces of its own, in the root that was prepared. */
async function startOpenwrt(): Promise<void> {
	const dhcp = plan.isps.filter((isp) => isp.proto === "dhcp");
	for (const isp of dhcp)
		startProcess({ where: isp.ns as Where, argv: ["busybox", "udhcpd", "-f", `/run/udhcpd.${isp.index}`] }, () => {});
	const argv = [
		"unshare",
		"--mount",
		"--pid",
		"--uts",
		"--ipc",
		"--fork",
		"--propagation",
		"private",
		"--kill-child",
		"sh",
		"/run/boot.sh",
	];
	const outer = spawn("nsenter", ["--net=/run/netns/router", "--", ...argv], {
		stdio: ["ignore", "ignore", "inherit"],
	});
	const children = `/proc/${outer.pid}/task/${outer.pid}/children`;
	for (let tries = 0; tries < 200; tries++) {
		const pid = Number(orNull(() => readFileSync(children, "utf8"))?.split(" ")[0] ?? 0);
		if (pid > 0 && orNull(() => readlinkSync(`/proc/${pid}/exe`))?.endsWith("/procd")) {
			enterUserland(pid);
			return;
		}
		await new Promise((resolve) => setTimeout(resolve, 25));
	}
	throw new Error("procd did not start");
}

function startRouter(): Promise<void> | undefined {
	if (!built) throw new Error("build first");
	if (built.openwrtRoot !== undefined) return startOpenwrt();
	const labd = { where: "router", argv: [nodeInside(built.node), `${REPO_INSIDE}/build/lab/labd.mjs`] } as const;
	helpers.set("router", helper("labd", labd));
	return undefined;
}

function ispAt(index: number): { ns: Where; device: string } {
	const isp = plan.isps[index - 1];
	if (!isp) throw new Error(`there is no ISP ${index}`);
	return { ns: isp.ns as Where, device: isp.device };
}

async function counters(index: number): Promise<Record<string, number>> {
	const text = await must({
		where: ispAt(index).ns,
		argv: ["nft", "-j", "list", "counters", "table", "inet", "count"],
	});
	const list = (JSON.parse(text) as { nftables: { counter?: { name: string; packets: number; bytes: number } }[] })
		.nftables;
	const out: Record<string, number> = {};
	for (const { counter } of list) {
		if (!counter) continue;
		out[counter.name] = counter.packets;
		out[`${counter.name}_bytes`] = counter.bytes;
	}
	return out;
}

/** Absolute path inside the router's root, kept inside it. */
function inside(path: string): string {
	if (!path.startsWith("/") || path.includes("/../")) throw new Error(`not an absolute path: ${path}`);
	// /var is a link to /tmp, and an absolute one in a real userland.
	return ROOT + path.replace(/^\/var\//, "/tmp/");
}

const host: RpcPeer = rpcPeer({
	input: process.stdin,
	output: process.stdout,
	name: "host",
	onEnd: () => {
		if (built) rmSync(built.shared, { recursive: true, force: true });
		process.exit(0);
	},
	handlers: {
		build,
		startRouter,
		run: command,
		spawn: (params: RunParams) => startProcess(params, (event, data) => host.emit(event, data)),
		kill: ({ id, signal }: { id: number; signal: NodeJS.Signals }) => signalProcess(id, signal),
		write: ({ id, text }: { id: number; text: string }) => writeTo(id, text),
		faults: ({ isp, faults }: { isp: number; faults: Faults }) =>
			must({ where: ispAt(isp).ns, argv: ["nft", "-f", "-"], stdin: faultTable(faults) }),
		carrier: async ({ isp, up }: { isp: number; up: boolean }) => {
			if (carriers.get(isp) === up) return;
			carriers.set(isp, up);
			const { ns } = ispAt(isp);
			await must({ where: ns, argv: ["ip", "link", "set", "cust0", up ? "up" : "down"] });
			// The kernel drops IPv6 addresses of a link that goes down.
			const plan6 = plan.isps[isp - 1];
			if (!up || !plan.ipv6 || !plan6) return;
			const lines = [`${plan6.gateway6}/64`, `${plan6.prefix6}:1/64`].map((a) => `addr replace ${a} dev cust0 nodad`);
			await must({ where: ns, argv: ["ip", "-batch", "-"], stdin: lines.join("\n") });
		},
		latency: ({ isp, ms, jitterMs }: { isp: number; ms: number; jitterMs?: number }) =>
			delays.set(plan, isp, ms, jitterMs ?? 0),
		deadEverywhere: ({ targets }: { targets: string[] }) => {
			const rules = targets.map((target) => `${target.includes(":") ? "ip6" : "ip"} daddr ${target} drop`).join("\n");
			const table = `table inet dead\ndelete table inet dead\ntable inet dead {\nchain in {\ntype filter hook input priority 0;\n${rules}\n}\n}\n`;
			return must({ where: "internet", argv: ["nft", "-f", "-"], stdin: table });
		},
		counters: ({ isp }: { isp: number }) => counters(isp),
		read: ({ path }: { path: string }) => orNull(() => readFileSync(inside(path), "utf8")),
		list: ({ path }: { path: string }) => orNull(() => readdirSync(inside(path))) ?? [],
		stat: ({ path }: { path: string }) => orNull(() => ({ size: statSync(inside(path)).size })),
		put: ({ path, text, mode }: { path: string; text: string; mode?: number }) => {
			const file = inside(path);
			mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true });
			writeFileSync(`${file}.new`, text, { mode: mode ?? 0o644 });
			renameSync(`${file}.new`, file);
		},
		remove: ({ path }: { path: string }) => rmSync(inside(path), { recursive: true, force: true }),
		/** Covers a program with something that cannot be run, so that it is as good as not installed. */
		hide: async ({ path }: { path: string }) => {
			await must({
				where: "internet",
				argv: [
					"sh",
					"-c",
					'echo > /run/hidden; chmod 0 /run/hidden; mount --bind /run/hidden "$1"',
					"sh",
					inside(path),
				],
			});
		},
		unhide: ({ path }: { path: string }) => must({ where: "internet", argv: ["umount", inside(path)] }),
		helper: ({
			name,
			method,
			params,
			timeoutMs,
		}: {
			name: string;
			method: string;
			params: unknown;
			timeoutMs?: number;
		}) => {
			const peer = helpers.get(name);
			if (!peer) throw new Error(`${name} is not running`);
			return peer.call(method, params, timeoutMs);
		},
	},
});

/**
 * Delay on an ISP's way to the internet. With netem in the kernel that is one qdisc per direction. Without it the ISP's
 * packets take a detour: socat turns them into datagrams at two TUN devices, and this process holds each for the wanted
 * time before it passes it on. Either way only what lies beyond the gateway gets slower.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import type { IspPlan, Plan } from "./plan.ts";
import type { RunParams, RunResult, Where } from "./run.ts";

export interface Delays {
	/** Adds `ms` to the round trip (0 = none); rejects with the reason when this machine cannot do it. */
	set(plan: Plan, isp: number, ms: number, jitterMs: number): Promise<{ method: "netem" | "relay" | "none" }>;
}

interface Detour {
	ms: number;
	jitterMs: number;
	readonly socket: Socket;
	readonly children: readonly ChildProcess[];
}

type Run = (params: RunParams) => Promise<RunResult>;

/** Packets waiting in a relay; beyond it they are lost, as in any router with a full queue. */
const QUEUE_LIMIT = 2000;

export function makeDelays(run: Run): Delays {
	let netem: boolean | null = null;
	const detours = new Map<number, Detour>();

	async function hasNetem(isp: IspPlan): Promise<boolean> {
		const argv = ["tc", "qdisc", "replace", "dev", "up0", "root", "netem", "delay", "1ms"];
		const result = await run({ where: isp.ns as Where, argv }).catch(() => null);
		return result?.code === 0;
	}

	async function must(where: Where, lines: readonly string[]): Promise<void> {
		const result = await run({ where, argv: ["ip", "-batch", "-"], stdin: `${lines.join("\n")}\n` });
		if (result.code !== 0) throw new Error(`latency: ip in ${where}: ${result.stderr.trim()}`);
	}

	/** Both ends of the detour are sockets in the internet's namespace; the ISP's end is reached over its own link. */
	async function makeDetour(isp: IspPlan): Promise<Detour> {
		const socat = await run({ where: "internet", argv: ["socat", "-V"] }).catch(() => null);
		if (socat?.code !== 0) throw new Error("latency needs netem in the kernel or the program socat; neither is there");
		const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
		await new Promise<void>((resolve) => socket.bind(0, "0.0.0.0", resolve));
		const port = socket.address().port;
		const tun = `d${isp.index}`;
		const near = ["socat", "-b", "2000", `TUN,tun-name=tun0,iff-no-pi,iff-up`, `UDP4:10.99.${isp.index}.1:${port}`];
		const far = ["socat", "-b", "2000", `TUN,tun-name=${tun},iff-no-pi,iff-up`, `UDP4:127.0.0.1:${port}`];
		const children = [
			spawn("nsenter", [`--net=/run/netns/${isp.ns}`, "--", ...near], { stdio: "ignore" }),
			spawn(far[0] ?? "", far.slice(1), { stdio: "ignore" }),
		];
		const detour: Detour = { ms: 0, jitterMs: 0, socket, children };
		const ends: { near: { port: number; address: string } | null; far: { port: number; address: string } | null } = {
			near: null,
			far: null,
		};
		let waiting = 0;
		socket.on("message", (data, from) => {
			const fromFar = from.address === "127.0.0.1";
			ends[fromFar ? "far" : "near"] = { port: from.port, address: from.address };
			const to = fromFar ? ends.near : ends.far;
			if (!to || waiting >= QUEUE_LIMIT) return;
			waiting++;
			// Half of the round trip each way.
			const ms = (detour.ms + (Math.random() * 2 - 1) * detour.jitterMs) / 2;
			setTimeout(
				() => {
					waiting--;
					socket.send(data, to.port, to.address);
				},
				Math.max(0, ms),
			);
		});
		const deadline = Date.now() + 10_000;
		for (const [where, device] of [
			[isp.ns as Where, "tun0"],
			["internet", tun],
		] as const) {
			while ((await run({ where, argv: ["ip", "link", "show", device] })).code !== 0) {
				if (Date.now() > deadline) throw new Error("latency: socat cannot make a TUN device (/dev/net/tun missing?)");
				await new Promise((resolve) => setTimeout(resolve, 20));
			}
		}
		// Each end has to speak once before the other can be sent to: an address on each makes the kernel do it.
		await must(isp.ns as Where, [`addr add 10.98.${isp.index}.2 peer 10.98.${isp.index}.1 dev tun0`]);
		await must("internet", [`addr add 10.98.${isp.index}.1 peer 10.98.${isp.index}.2 dev ${tun}`]);
		const ping = (where: Where, to: string): Promise<RunResult> => run({ where, argv: ["ping", "-c1", "-W1", to] });
		await ping(isp.ns as Where, `10.98.${isp.index}.1`);
		await ping("internet", `10.98.${isp.index}.2`);
		return detour;
	}

	async function route(plan: Plan, isp: IspPlan, detoured: boolean): Promise<void> {
		const i = isp.index;
		const v6 = plan.ipv6;
		await must(isp.ns as Where, [
			detoured ? "route replace default dev tun0" : `route replace default via 10.99.${i}.1`,
			...(v6 ? [detoured ? "route replace ::/0 dev tun0" : `route replace ::/0 via fd99:${i}::1`] : []),
		]);
		await must("internet", [
			detoured ? `route replace ${isp.prefix4}.0/24 dev d${i}` : `route replace ${isp.prefix4}.0/24 via 10.99.${i}.2`,
			...(v6
				? [
						detoured
							? `route replace ${isp.prefix6}:/64 dev d${i}`
							: `route replace ${isp.prefix6}:/64 via fd99:${i}::2`,
					]
				: []),
		]);
	}

	return {
		async set(plan, index, ms, jitterMs) {
			const isp = plan.isps[index - 1];
			if (!isp) throw new Error(`there is no ISP ${index}`);
			netem ??= await hasNetem(isp);
			if (netem) {
				const half = `${ms / 2}ms`;
				const spec = jitterMs > 0 ? [half, `${jitterMs / 2}ms`] : [half];
				for (const [where, device] of [
					[isp.ns as Where, "up0"],
					["internet", isp.ns],
				] as const) {
					const argv = ["tc", "qdisc", "replace", "dev", device, "root", "netem", "delay", ...spec];
					await run({ where, argv });
				}
				return { method: "netem" };
			}
			let detour = detours.get(index);
			if (!detour && ms <= 0) return { method: "none" };
			if (!detour) {
				detour = await makeDetour(isp);
				detours.set(index, detour);
			}
			detour.ms = ms;
			detour.jitterMs = jitterMs;
			await route(plan, isp, ms > 0);
			return { method: ms > 0 ? "relay" : "none" };
		},
	};
}

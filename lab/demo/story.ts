/**
 * The story the demo tells: five things that happen to routers, what the daemon saw and decided (in its own words, read
 * over ubus), and what a client on the LAN lost of its packets. Each chapter checks that it ended as it should.
 */
import type { Reply } from "../../contract/api.ts";
import type { Autonomyd } from "../autonomyd.ts";
import { nowMs, type Traffic } from "../net/lab.ts";
import type { Step } from "../scenario/format.ts";
import type { World } from "../scenario/world.ts";
import type { RouterUnderTest } from "../under-test.ts";
import type { Teller } from "./tell.ts";

export interface Stage {
	readonly router: RouterUnderTest;
	readonly daemon: Autonomyd;
	readonly world: World;
	readonly traffic: Traffic;
	readonly tell: Teller;
}

type Explanation = Reply<"explain">;
type Decisions = Reply<"decisions">["decisions"];

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function ispOf(stage: Stage, name: string | null | undefined): number {
	return stage.router.lab.plan.isps.find((isp) => isp.interface === name)?.index ?? 0;
}

async function current(stage: Stage): Promise<{ name: string; isp: number }> {
	const { current: name } = await stage.daemon.status();
	return { name: name ?? "nobody", isp: ispOf(stage, name) };
}

function figure({ name, value, threshold, unit }: Explanation["figures"][number]): string {
	const known = [value, threshold].filter((n) => n !== null && n !== undefined);
	const seconds = unit === "ms" && known.some((n) => n >= 10_000);
	const text = (n: number | null | undefined): string =>
		n === null || n === undefined
			? "unknown"
			: `${Math.round((seconds ? n / 1000 : n) * 10) / 10} ${seconds ? "s" : unit}`.trim();
	const against = threshold === null || threshold === undefined ? "" : ` (threshold ${text(threshold)})`;
	return `${name.replaceAll("_", " ")} ${text(value)}${against}`;
}

/** Waits until nothing is on its way and another uplink than the one in use may take over. */
async function settle(stage: Stage): Promise<void> {
	const began = nowMs();
	let told = false;
	while (nowMs() - began < 120_000) {
		const { rank, current: name, steering, cooldown_s } = await stage.daemon.status();
		const cooldownS = cooldown_s ?? null;
		const ready = rank.some((one) => one.name === name && one.state === "eligible");
		const other = rank.some((one) => one.name !== name && one.eligible && one.state === "eligible");
		if (ready && other && steering.in_force && !steering.pending && cooldownS === null) return;
		if (!told && nowMs() - began > 2000) {
			told = true;
			const waiting = rank
				.filter((one) => one.state !== "eligible")
				.map((one) => `${one.name}: ${one.why_not ?? one.state}`);
			if (cooldownS !== null) waiting.push(`no second switch for ${Math.ceil(cooldownS)} s, unless it must be`);
			stage.tell.note(`(waiting: ${waiting.join("; ")})`);
		}
		await sleep(200);
	}
}

/** What the daemon has to say about its latest switch. */
async function explain(stage: Stage): Promise<Explanation> {
	const { decisions } = await stage.daemon.call<{ decisions: Decisions }>("decisions", { limit: 10 });
	const latest = decisions.find((one) => one.to && one.from !== one.to && one.kind !== "avoid") ?? decisions[0];
	const why = await stage.daemon.call<Explanation>("explain", latest ? { id: latest.id } : {});
	const { tell } = stage;
	tell.daemon(`${why.text} [rule ${why.rule}]`);
	if (why.figures.length > 0) tell.daemon(`numbers: ${why.figures.map(figure).join(", ")}`);
	for (const one of why.candidates.filter((candidate) => candidate.why_not))
		tell.daemon(`not ${one.name}: ${one.why_not}`);
	for (const result of why.results) tell.daemon(`${result.text} (${Math.round(result.duration_ms)} ms)`);
	return why;
}

/** What the client saw since then. */
async function losses(stage: Stage, sinceMs: number): Promise<{ gapMs: number; openGapMs: number; lost: number }> {
	await sleep(300);
	const report = await stage.traffic.report({ sinceMs });
	const ways = (list: readonly { isp: number }[]): string =>
		list.map((way) => `ISP ${way.isp}`).join(" > ") || "nothing came back";
	const { fresh, open } = report;
	stage.tell.client(
		`new flows: ${fresh.lost} of ${fresh.sent} packets lost, silent for ${Math.round(fresh.gapMs)} ms; ${ways(fresh.ways)}`,
	);
	stage.tell.client(
		`the flow that was open: ${open.lost} of ${open.sent} lost, silent for ${Math.round(open.gapMs)} ms; ${ways(open.ways)}`,
	);
	return { gapMs: fresh.gapMs, openGapMs: open.gapMs, lost: fresh.lost + open.lost };
}

/** Waits until new flows come another way than by `isp`; false when they do not. */
async function moved(stage: Stage, isp: number, limitMs: number): Promise<boolean> {
	const deadline = nowMs() + limitMs;
	while (nowMs() < deadline) {
		const { fresh, nowMs: now } = await stage.traffic.peek();
		if (fresh.isp !== null && fresh.isp !== isp && fresh.atMs !== null && now - fresh.atMs < 300) return true;
		await sleep(50);
	}
	return false;
}

/** Breaks the uplink in use and watches what comes of it. */
async function breakIt(
	stage: Stage,
	title: string,
	step: (isp: number) => Step,
	told: string,
	limitMs: number,
): Promise<boolean> {
	const { tell, world } = stage;
	tell.chapter(title);
	await settle(stage);
	const { name, isp } = await current(stage);
	tell.world(`${told} (ISP ${isp}, ${name}; the link itself stays up)`);
	const { atMs } = await world.do(step(isp));
	const ok = await moved(stage, isp, limitMs);
	await sleep(700);
	await explain(stage);
	const { gapMs } = await losses(stage, atMs - 100);
	const { freshLeftMs } = await stage.traffic.report({ sinceMs: atMs, leaving: isp });
	const now = await current(stage);
	const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
	const left = freshLeftMs === null ? "" : `, ${seconds(freshLeftMs - atMs)} after it began`;
	tell.verdict(
		ok,
		ok
			? `the traffic is on ${now.name}${left}; the longest silence for the client was ${seconds(gapMs)}`
			: `the traffic is still on ${name}`,
	);
	await world.do({ do: "heal", isp });
	tell.world(`ISP ${isp} is repaired; it must prove itself before it is trusted again`);
	return ok;
}

async function planned(stage: Stage): Promise<boolean> {
	const { tell, daemon } = stage;
	tell.chapter("A switch that was asked for");
	await settle(stage);
	const { name } = await current(stage);
	const { rank } = await daemon.status();
	const other = rank.find((one) => one.name !== name && one.eligible);
	if (!other) return false;
	tell.world(`the operator says: autonomyctl failover ${other.name}`);
	const t0 = nowMs();
	const answer = await daemon.order("failover", {
		member: other.name,
		reason: "the demo asked for it",
	});
	tell.daemon(answer.text);
	const ok = await moved(stage, ispOf(stage, name), 3000);
	await sleep(700);
	await explain(stage);
	const { lost } = await losses(stage, t0 - 100);
	tell.verdict(
		ok && lost === 0,
		lost === 0 ? "not one packet lost; the open flow stays where it was and drains" : `${lost} packets lost`,
	);
	await daemon.order("restore");
	return ok && lost === 0;
}

async function notOurFault(stage: Stage): Promise<boolean> {
	const { tell, world } = stage;
	tell.chapter("Somebody else's fault");
	await settle(stage);
	const before = await current(stage);
	tell.world("one of the addresses the daemon asks, 1.1.1.1, dies for the whole world");
	const { atMs } = await world.do({ do: "target_dead", targets: ["1.1.1.1"] });
	await sleep(6000);
	const after = await current(stage);
	const { text } = await stage.daemon.status();
	tell.daemon(text);
	const { gapMs } = await losses(stage, atMs);
	const ok = after.name === before.name && gapMs < 100;
	tell.verdict(
		ok,
		ok ? "the target is to blame, not the uplink: nobody moves" : `moved from ${before.name} to ${after.name}`,
	);
	await world.do({ do: "heal" });
	return ok;
}

export async function tellStory(stage: Stage): Promise<boolean> {
	const results = [
		await planned(stage),
		await breakIt(
			stage,
			"The provider goes silent",
			(isp) => ({ do: "blackhole", isp }),
			"nothing gets through any more",
			6000,
		),
		await notOurFault(stage),
		await breakIt(
			stage,
			"The modem answers, the internet does not",
			(isp) => ({ do: "gateway_only", isp }),
			"the gateway still answers pings, everything behind it is dead",
			6000,
		),
		await breakIt(
			stage,
			"A brown-out",
			(isp) => ({ do: "loss", isp, pct: 30 }),
			"30 % of the packets are lost each way",
			12_000,
		),
	];
	return results.every((ok) => ok);
}

/**
 * A router in virtual time with the real rooms of the daemon: prober, engine in its loop, recorder. Wired as
 * daemon/loop/daemon.ts does it; discovery and steering are played (they have tests with real kernels of their own).
 */
import type { Settings } from "../../daemon/decide/settings.ts";
import type { EngineState } from "../../daemon/decide/state.ts";
import type { CommandName, LinkEvent, SteerAction } from "../../daemon/decide/types.ts";
import type { Family, Observation, UplinkClass } from "../../daemon/health/types.ts";
import { activeUplinks, factsOf } from "../../daemon/loop/facts.ts";
import { createLoop, type Loop, type LoopOutput } from "../../daemon/loop/loop.ts";
import { sampleOf, type Throughput } from "../../daemon/loop/sample.ts";
import type { Logger } from "../../daemon/platform/log.ts";
import type { Platform } from "../../daemon/platform/platform.ts";
import { createProber, type Prober } from "../../daemon/probe/prober.ts";
import type { ProbeSettings } from "../../daemon/probe/settings.ts";
import { createRecorder, type Recorder } from "../../daemon/record/recorder.ts";
import type { Discovered, FamilyLink, Uplink } from "../../daemon/uplink/types.ts";
import { type FakeTime, fakeRandom } from "../../test/support/fake-platform.ts";
import { quiet } from "../bus/measure.ts";
import { hasLink, type Link, type Net } from "./net.ts";
import { createSteer, type SteerStandIn } from "./steer.ts";

/** What the owner says about an uplink. */
export interface Member {
	readonly link: Link;
	readonly class: UplinkClass;
	readonly metered: boolean;
	readonly weight: number;
	readonly order: number;
	disabled: boolean;
}

export interface Router {
	readonly members: readonly Member[];
	readonly loop: Loop;
	readonly prober: Prober;
	readonly recorder: Recorder;
	readonly steer: SteerStandIn;
	settings(): Settings;
	reload(settings: Settings, maxRamMb: number): void;
	command(name: CommandName, uplink: string | null, forMs: number | null): void;
	link(uplink: string, event: LinkEvent["event"]): void;
	/** netifd's picture as it is now. */
	discover(): void;
	/** Anything else that comes in from outside. */
	observe(observation: Observation): void;
	/** Fed to the engine so far. */
	inputs(): number;
	/** Errors logged by the rooms; there should be none. */
	readonly errors: string[];
	close(): void;
}

export interface RouterOptions {
	readonly time: FakeTime;
	readonly net: Net;
	readonly members: readonly Member[];
	readonly settings: Settings;
	readonly probe: ProbeSettings;
	readonly maxRamMb: number;
	readonly random: () => number;
	onOutput(output: LoopOutput, state: EngineState): void;
	onSteer(action: SteerAction): void;
}

export const SNAPSHOT = "/tmp/autonomy/record.snap";
const SAMPLE_MS = 1500;
const MAX_ERRORS = 20;

export function createRouter(options: RouterOptions): Router {
	const { time, net, members } = options;
	const platform = { ...time, ...net.platform, random: fakeRandom(7) } as unknown as Platform;
	const errors: string[] = [];
	const log: Logger = {
		...quiet,
		child: () => log,
		error: (msg, fields) => {
			if (errors.length < MAX_ERRORS) errors.push(`${msg}: ${JSON.stringify(fields)}`);
		},
	};
	let settings = options.settings;
	let uplinks: readonly Uplink[] = [];
	let activeKey = "";
	let inputs = 0;
	const throughput = new Map<string, Throughput>();
	let lastSampleMs = Number.NEGATIVE_INFINITY;

	const prober = createProber({ platform, log, settings: options.probe });
	const recorder = createRecorder({
		platform,
		log,
		settings: { retentionHours: 1, maxRamMb: options.maxRamMb, snapshotPath: SNAPSHOT },
	});
	const steer = createSteer(time.timers, options.random, (result) =>
		loop.feed({ kind: "applied", atMs: time.clock.monotonicMs(), ...result }),
	);
	const loop = createLoop({
		platform,
		log,
		settings,
		tickMs: () => 1000,
		onInput(input) {
			inputs++;
			recorder.input(input);
		},
		onOutput(output, state) {
			recorder.output(output.decisions, output.events, output.actions);
			options.onOutput(output, state);
			followActive(state);
		},
		steer(action) {
			options.onSteer(action);
			steer.apply(action);
		},
		recheck: (ids) => prober.recheck(ids),
		beforeTick: () => prober.read(),
		onTick(state, atMs) {
			if (atMs - lastSampleMs < SAMPLE_MS) return;
			lastSampleMs = atMs;
			for (const [uplink, values] of sampleOf(state, throughput)) recorder.sample(uplink, atMs, values);
		},
	});
	recorder.setCheckpointSource(() => JSON.stringify(loop.state()));
	prober.onObservation((observation) => {
		if (observation.kind === "traffic") throughput.set(observation.uplink, observation);
		loop.feed(observation);
	});

	function followActive(state: EngineState): void {
		if (state.plan === null) return;
		const active = activeUplinks(found(), state.plan);
		if (active.join(" ") === activeKey) return;
		activeKey = active.join(" ");
		prober.setActive(active);
	}

	function found(): Discovered {
		return { uplinks, mwan3: null, problems: [] };
	}

	function discover(): void {
		uplinks = members.filter((member) => member.link.truth.configured).map(uplinkOf);
		loop.feed({ kind: "uplinks", atMs: time.clock.monotonicMs(), uplinks: uplinks.map(factsOf) });
		prober.setUplinks(uplinks);
		followActive(loop.state());
	}

	let commands = 0;
	loop.start();
	return {
		members,
		loop,
		prober,
		recorder,
		steer,
		settings: () => settings,
		reload(next, maxRamMb) {
			const leaving = !settings.observe && next.observe;
			settings = next;
			recorder.configure({ retentionHours: 1, maxRamMb });
			prober.setSettings(options.probe);
			if (leaving) steer.letGo();
			loop.feed({ kind: "settings", atMs: time.clock.monotonicMs(), settings: next });
			discover();
		},
		command(name, uplink, forMs) {
			const id = `c${++commands}`;
			loop.ask({ kind: "command", atMs: time.clock.monotonicMs(), id, name, uplink, forMs, reason: "soak" });
		},
		link(uplink, event) {
			loop.feed({ kind: "link", atMs: time.clock.monotonicMs(), uplink, event });
			prober.linkEvent(uplink, event);
		},
		discover,
		observe: (observation) => loop.feed(observation),
		inputs: () => inputs,
		errors,
		close() {
			loop.close();
			prober.close();
			recorder.close();
		},
	};
}

function uplinkOf(member: Member): Uplink {
	const { link, order } = member;
	const { truth } = link;
	const up = hasLink(truth);
	const family = (which: Family): FamilyLink | null =>
		link.families.includes(which)
			? {
					interface: which === "ipv4" ? link.id : `${link.id}6`,
					up: truth.up && truth.present,
					device: link.device,
					address: up ? link.address[which] : null,
					prefixLength: 24,
					gateway: up ? link.gateway[which] : null,
					hasDefaultRoute: up,
					dnsServers: [link.gateway[which]],
					metric: order * 10,
				}
			: null;
	return {
		id: link.id,
		class: member.class,
		classReason: "",
		proto: "dhcp",
		device: link.device,
		lowerDevice: link.device,
		present: truth.present,
		up: truth.up && truth.present,
		carrier: truth.present ? truth.carrier : null,
		ipv4: family("ipv4"),
		ipv6: family("ipv6"),
		mwan3: { ipv4: null, ipv6: null },
		metered: member.metered,
		weight: member.weight,
		order,
		disabled: member.disabled,
		minUptimeMs: 20_000,
		cooldownMs: 20_000,
		preferRoaming: false,
		tunnel: false,
	};
}

import { createBus } from "../bus/client.ts";
import { memberSettings, toProbeSettings, toSettings } from "../config/settings.ts";
import type { ConfigStore } from "../config/store.ts";
import type { Config } from "../config/types.ts";
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import { createProber } from "../probe/prober.ts";
import { createRecorder } from "../record/recorder.ts";
import { createLazyGps } from "../sense/gps/lazy.ts";
import { SENSOR_KINDS } from "../sense/kinds.ts";
import { createSenses } from "../sense/senses.ts";
import { type Api, registerApi } from "../serve/register.ts";
import { createSteerer } from "../steer/steerer.ts";
import { createDiscovery } from "../uplink/discovery.ts";
import type { Discovered } from "../uplink/types.ts";
import { createAllowances } from "./allowance.ts";
import { createDoubts } from "./doubts.ts";
import { factsOf } from "./facts.ts";
import { createFollower } from "./follower.ts";
import { createForesee } from "./foresee.ts";
import { giveBack } from "./give-back.ts";
import { type Heartbeat, startHeartbeat } from "./heartbeat.ts";
import { createLoop } from "./loop.ts";
import { migrateOnce } from "./migrate.ts";
import { createMoments } from "./moment.ts";
import { createOperatorMemory } from "./operator.ts";
import { createOutlets } from "./outlets.ts";
import type { Rooms } from "./rooms.ts";
import { createSampler } from "./sample.ts";
import { createScoreMemory } from "./score-memory.ts";
import { serveDeps } from "./serve-deps.ts";
import { logOutput } from "./story.ts";
import { createSwitching } from "./switching.ts";

export const STATE_DIR = "/tmp/autonomy";
/** Somebody may undo our work without any sign: look this often (forks nothing while mwan3's files are unchanged). */
const REASSERT_EVERY_MS = 1000;

/** What the record may take when the owner has not set max_ram_mb, where memory is dear and where it is not. */
const SMALL_MB = 1;
const USUAL_MB = 4;
/** After the start, which leaves more garbage behind than any hour that follows, and then this often. */
const COLLECT_FIRST_MS = 5000;
const COLLECT_EVERY_MS = 600_000;
/** V8 lets the heap grow by a third before it collects by itself, and throws away code that five collections found unused. */
const COLLECT_OFTEN_MS = 120_000;
/** What is hot is by then; V8 counts calls without end, and in a day compiles all that runs once a second (1.5 MB). */
const HOT_MS = 1_800_000;

export interface DaemonOptions {
	readonly platform: Platform;
	readonly log: Logger;
	readonly store: ConfigStore;
	readonly version: string;
	/** Where ubusd listens; default: the usual places. */
	readonly busPaths?: readonly string[];
}

export interface Daemon {
	readonly rooms: Rooms;
	start(): void;
	/** Gives the router back and lets go of everything. Resolves also when something would not let go in time. */
	stop(): Promise<void>;
}

export function createDaemon(options: DaemonOptions): Daemon {
	const { platform, log, store, version } = options;
	const { clock, timers } = platform;
	const owned: Closable[] = [];
	const config = (): Config => store.current();
	let api: Api | null = null;
	let heartbeat: Heartbeat | null = null;
	let stopping = false;

	const recordMb = (): number => config().main.maxRamMb ?? (platform.processes.dear === true ? SMALL_MB : USUAL_MB);
	const bus = createBus({
		platform,
		log,
		...(options.busPaths === undefined ? {} : { paths: options.busPaths }),
	});
	const discovery = createDiscovery({
		platform,
		bus,
		log: log.child("discovery"),
		member: (id, uplinkClass) => memberSettings(config(), { id, class: uplinkClass }),
		named: () => [...config().members.keys()].filter((name) => !name.endsWith("_any")),
		useMwan3: () => config().main.useMwan3,
		intervalMs: () => config().main.discoveryIntervalMs,
	});
	const steerer = createSteerer({ platform, log, stateFile: `${STATE_DIR}/steer.json` });
	const prober = createProber({
		platform,
		log: log.child("probe"),
		settings: probeSettings(config()),
		hasOwnWay: (uplink, family) => steerer.ways().includes(`${uplink} ${family}`),
	});
	const recorder = createRecorder({
		platform,
		log: log.child("record"),
		settings: {
			retentionHours: config().main.retentionHours,
			maxRamMb: recordMb(),
			snapshotPath: `${STATE_DIR}/record.snap`,
		},
		onNote: (event) => outlets.output([], [event]),
	});
	const operator = createOperatorMemory({ platform, log, path: `${STATE_DIR}/operator.json` });
	const decisionLog = log.child("decision");

	const sampler = createSampler(recorder, () => config().main.pollIntervalMs);
	const foresee = createForesee(log.child("forecast"), {
		settings() {
			const { patternLearning, obstructionDetection, trendMemoryHours } = config().predictive;
			return { patterns: patternLearning, dish: obstructionDetection, memoryHours: trendMemoryHours };
		},
		moment: createMoments(clock, () => gps.picture()),
	});
	const score = createScoreMemory({ files: platform.files, log, path: `${STATE_DIR}/forecast.json` });
	const loop = createLoop({
		platform,
		log: decisionLog,
		settings: toSettings(config()),
		tickMs: () => config().main.decisionIntervalMs,
		onInput(input) {
			operator.heard(input);
			recorder.input(input);
			foresee.take(input);
		},
		onOutput(output, state) {
			recorder.output(output.decisions, output.events, output.actions);
			logOutput(decisionLog, output);
			api?.output(output.decisions, output.events);
			outlets.output(output.decisions, output.events);
			operator.remember(state);
			score.remember(state);
			follower.output(output.actions);
		},
		steer: (action) => void switching.steer(action),
		recheck: (uplinks) => prober.recheck(uplinks),
		beforeTick: () => prober.read(),
		onTick(state, atMs) {
			foresee.tick(atMs, state.settings.predictive, (input) => loop.feed(input), state.primary);
			sampler.tick(state, atMs);
		},
	});
	recorder.setCheckpointSource(() => JSON.stringify(loop.state()));
	const switching = createSwitching({
		steerer,
		log: decisionLog,
		clock,
		releaseFlows: () => config().main.releaseFlows,
		applied(input) {
			loop.feed(input);
			follower.applied();
		},
	});

	const allowances = createAllowances();
	const uplinksNow = (found = discovery.current()) => allowances.apply(found).uplinks;
	const senses = createSenses({
		platform,
		bus,
		log: log.child("sense"),
		kinds: SENSOR_KINDS,
		config,
		onInput(input) {
			loop.feed(input);
			if (!allowances.take(input)) return;
			const uplinks = uplinksNow();
			loop.feed({ kind: "uplinks", atMs: clock.monotonicMs(), uplinks: uplinks.map(factsOf) });
			prober.setUplinks(uplinks);
		},
		onSuspect: (uplink) => prober.recheck([uplink]),
		onClass: (uplink, kind) => discovery.found(uplink, kind),
		onReach: (uplink, peer) => discovery.peer(uplink, peer),
		onEvent: (uplink, type, reason) => recorder.note(type, uplink, reason),
	});

	const gps = createLazyGps({
		platform,
		bus,
		log: log.child("gps"),
		config,
		details(sensor) {
			const all = discovery.current().uplinks.flatMap(({ id }) => senses.status(id));
			return all.flatMap((one) => (one.sensor === sensor && one.details !== null ? [one.details] : []));
		},
		onEvent: (type, reason) => recorder.note(type, null, reason),
		onMoved: (distanceM) => senses.moved(distanceM),
	});

	const doubts = createDoubts();
	/** The ways of probes that the prober knows of, as text. */
	let waysTold = "";

	/** Steering looks whether all is as wanted; the prober hears when the way of a probe came or went by that. */
	async function reassert(reason: string): Promise<void> {
		if (!(await steerer.reassert(reason))) return;
		const ways = steerer.ways().join();
		if (!stopping && ways !== waysTold) prober.setUplinks(uplinksNow());
		waysTold = ways;
	}

	const follower = createFollower({
		timers,
		state: () => loop.state(),
		discovered: () => discovery.current(),
		setActive(uplinks) {
			prober.setActive(uplinks);
			senses.setActive(uplinks);
		},
	});

	/** Steering learns first: the plan that comes of the new picture may need it. Probes follow once their way is prepared. */
	let steering: Promise<void> = Promise.resolve();
	function follow(discovered: Discovered): void {
		const prepared = steerer.setDiscovered(discovered).catch((error) => {
			log.error("discovery", { reason: `the way out for probes could not be prepared: ${errorText(error)}` });
		});
		const uplinks = uplinksNow(discovered).map(factsOf);
		loop.feed({ kind: "uplinks", atMs: clock.monotonicMs(), uplinks });
		for (const command of operator.again(uplinks)) loop.feed(command);
		steering = steering
			.then(() => prepared)
			.then(() => {
				if (stopping) return;
				const latest = uplinksNow();
				waysTold = steerer.ways().join();
				prober.setUplinks(latest);
				senses.setUplinks(latest);
				follower.look();
			});
	}

	function reload(): ReturnType<ConfigStore["reload"]> {
		const result = store.reload();
		if (!result.changed) return result;
		log.setLevel(config().main.logLevel);
		recorder.configure({ retentionHours: config().main.retentionHours, maxRamMb: recordMb() });
		prober.setSettings(probeSettings(config()));
		steerer.setObserve(config().main.mode === "observe");
		loop.feed({ kind: "settings", atMs: clock.monotonicMs(), settings: toSettings(config()) });
		gps.configure();
		outlets.configure();
		recorder.note("config_reload", null, "configuration read again");
		void discovery.refresh("configuration changed");
		return result;
	}

	/** One that cannot be closed keeps nobody from giving the router back. */
	function closeAll(all: readonly Closable[]): void {
		for (const one of all) {
			try {
				one.close();
			} catch (error) {
				log.error("shutdown", { reason: errorText(error) });
			}
		}
	}

	const notes: string[] = [];
	const rooms: Rooms = {
		platform,
		log,
		store,
		version,
		startedAtMs: clock.monotonicMs(),
		bus,
		discovery,
		prober,
		steerer,
		recorder,
		senses,
		gps,
		loop,
		foresee,
		score,
		load: () => heartbeat?.load() ?? null,
		reload,
		problems: () => [...notes, ...outlets.problems()],
	};
	const outlets = createOutlets(rooms, STATE_DIR);

	return {
		rooms,
		start() {
			try {
				platform.files.makeDirectory(STATE_DIR);
			} catch (error) {
				log.error("startup", { reason: `${errorText(error)}; nothing is kept over a restart` });
			}
			heartbeat = startHeartbeat({ platform, log, folder: STATE_DIR });
			owned.push(heartbeat);
			const recovered = steerer.recover();
			if (recovered.found) log.warn("startup", { reason: recovered.text });
			steerer.setObserve(config().main.mode === "observe");
			prober.onObservation((observation) => {
				if (observation.kind === "traffic") sampler.traffic(observation);
				loop.feed(observation);
				const reason = doubts(observation);
				if (reason !== null) void reassert(reason);
			});
			discovery.onLink((event) => {
				loop.feed(event);
				prober.linkEvent(event.uplink, event.event);
				void reassert(`${event.uplink}: ${event.event}`);
			});
			discovery.onRebuild((reason) => void reassert(reason));
			discovery.onChange(follow);
			owned.push(timers.every(REASSERT_EVERY_MS, () => void reassert("timer")));
			const collect = platform.host.collect;
			if (collect !== undefined) {
				const everyMs = platform.processes.dear === true ? COLLECT_EVERY_MS : COLLECT_OFTEN_MS;
				owned.push(timers.after(COLLECT_FIRST_MS, collect), timers.every(everyMs, collect));
			}
			owned.push(timers.after(HOT_MS, () => platform.host.stopOptimizing?.()));
			const deps = serveDeps(rooms, outlets);
			api = registerApi({ bus, deps });
			outlets.start(api, deps);
			owned.push(
				api,
				migrateOnce(rooms, (text) => notes.push(text)),
			);
			gps.configure();
			loop.start();
			discovery.start();
		},
		async stop() {
			if (stopping) return;
			stopping = true;
			closeAll([...owned, follower, outlets, loop, discovery, prober, gps, senses]);
			await giveBack(steerer, timers, log);
			closeAll([steerer, recorder, bus]);
		},
	};
}

function probeSettings(config: Config): ReturnType<typeof toProbeSettings> & {
	member: (id: string, uplinkClass: import("../health/types.ts").UplinkClass) => ReturnType<typeof memberSettings>;
} {
	return {
		...toProbeSettings(config),
		member: (id, uplinkClass) => memberSettings(config, { id, class: uplinkClass }),
	};
}

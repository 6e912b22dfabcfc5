/**
 * A router's daemon as far as serve/ sees it, on a real bus client and the stand-in broker: a real engine fed with a
 * recorded past, a real recorder, a real configuration file, and a `uci` object that writes it as rpcd does.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { BlobTable } from "../../daemon/bus/blobmsg.ts";
import type { Bus } from "../../daemon/bus/bus.ts";
import { createBus } from "../../daemon/bus/client.ts";
import { applyEdits, type UciEdit } from "../../daemon/config/edit.ts";
import { toSettings } from "../../daemon/config/settings.ts";
import { createConfigStore } from "../../daemon/config/store.ts";
import { step } from "../../daemon/decide/engine.ts";
import { type EngineState, initialState } from "../../daemon/decide/state.ts";
import type { Input, UplinkFacts } from "../../daemon/decide/types.ts";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import { createRecorder } from "../../daemon/record/recorder.ts";
import type { GpsPicture } from "../../daemon/sense/gps/gps.ts";
import type { SensorStatus } from "../../daemon/sense/senses.ts";
import type { CommandRequest, ServeDeps } from "../../daemon/serve/deps.ts";
import { type Api, registerApi } from "../../daemon/serve/register.ts";
import { formatUci } from "../../daemon/uci/write.ts";
import type { Uplink } from "../../daemon/uplink/types.ts";
import { startUbusd, type Ubusd } from "../../lab/ubusd/ubusd.ts";
import { fakeFiles, fakeLog } from "../support/fake-platform.ts";

export const HOSTILE = 'e\u001b[31mvil"; reboot; \\$(id)';

export interface World {
	readonly socket: string;
	readonly configFile: string;
	readonly deps: ServeDeps;
	readonly api: Api;
	/** Another process on the bus. */
	readonly client: Bus;
	readonly log: ReturnType<typeof fakeLog>;
	readonly broker: Ubusd;
	readonly levels: string[];
	readonly commands: CommandRequest[];
	call(method: string, args?: Record<string, unknown>): Promise<BlobTable>;
	/** Goes through engine and recorder as in the loop, and to subscribers. */
	feed(input: Input): void;
	now(): number;
	stop(): Promise<void>;
}

export interface WorldOptions {
	/** What the sensors of an uplink say; default: wan is a wire, the others are modems, too. */
	readonly sensors?: ServeDeps["sensors"];
	/** The map of a dish; default: none. */
	readonly picture?: ServeDeps["picture"];
	/** Where the router is; default: off. */
	readonly gps?: ServeDeps["gps"];
	readonly forecasts?: ReturnType<ServeDeps["forecast"]>["uplinks"];
	readonly alerts?: ServeDeps["alerts"];
	readonly push?: ServeDeps["push"];
	readonly config?: string;
	readonly names?: readonly string[];
	/** Its clock runs: for what gives way to others after some milliseconds. */
	readonly runs?: true;
	/** Seconds of recorded past; 0 for a daemon that has just started. */
	readonly pastS?: number;
}

const DEFAULT_CONFIG =
	"\nconfig autonomy 'main'\n\toption switch_margin '12'\n\nconfig member 'wan'\n\toption weight '90'\n";

export function factsFor(id: string, order: number): UplinkFacts {
	return {
		id,
		class: order === 1 ? "starlink" : "cellular",
		present: true,
		up: true,
		carrier: true,
		families: ["ipv4"],
		metered: order > 1,
		weight: order === 1 ? 100 : 80,
		order,
		disabled: false,
		minUptimeMs: 0,
		cooldownMs: 20_000,
		preferRoaming: false,
	};
}

function uplinkFor(facts: UplinkFacts): Uplink {
	const { families: _, ...shared } = facts;
	return {
		...shared,
		classReason: "proto dhcp on eth",
		proto: "dhcp",
		device: `eth${facts.order}`,
		lowerDevice: null,
		ipv4: {
			interface: facts.id,
			up: true,
			device: `eth${facts.order}`,
			address: `100.64.${facts.order}.50`,
			prefixLength: 24,
			gateway: `100.64.${facts.order}.1`,
			hasDefaultRoute: true,
			dnsServers: [],
			metric: facts.order,
		},
		ipv6: null,
		mwan3: { ipv4: null, ipv6: null },
		tunnel: false,
	};
}

function sensorStatus(sensor: string, text: string, details: SensorStatus["details"]): SensorStatus {
	const health = { state: "ok", sinceMs: 0, lastOkMs: 0, nextTryMs: null, text } as const;
	return { sensor, why: "eth1 is Ethernet", cost: "nothing", health, details };
}

/** As the cellular sensor tells it (daemon/sense/cellular/details.ts). */
export const MODEM_DETAILS: NonNullable<SensorStatus["details"]> = {
	source: "RutOS gsm",
	resting: [],
	model: "RG501Q-EU",
	temperature_c: 38,
	sim_slot: 1,
	sim_slots: 2,
	in_use: true,
	technology: "4g",
	band: "LTE B7",
	carriers: [
		{ band: "7", pci: 156, channel: 3050, rsrp: -99 },
		{ band: "3", pci: 9, channel: 1300, bandwidth_mhz: 20 },
	],
	rsrp: -99,
	rsrq: -15,
	sinr: 15,
	rssi: -71,
	cell_id: "29954840",
	tac: "1832",
	operator: HOSTILE,
	plmn: "24601",
	registration: "home",
	roaming: false,
	sim: "ready",
	quality_pct: 59,
	quality: "fair",
	cell_changes: 3,
	stability_score: 66,
	stability_status: "healthy",
	spread_db: 1.2,
	slope_db_per_min: -0.5,
	weak_pct: 0,
};

/** As the usage sensor tells it (daemon/sense/usage/usage.ts). */
export const USAGE_DETAILS: NonNullable<SensorStatus["details"]> = {
	cap: "near",
	source: "counters",
	today_rx_bytes: 120_000_000,
	today_tx_bytes: 8_000_000,
	month_rx_bytes: 4_100_000_000,
	month_tx_bytes: 200_000_000,
	used_bytes: 4_300_000_000,
	limit_bytes: 5_000_000_000,
	left_bytes: 700_000_000,
	used_pct: 86,
	warn_pct: 80,
	period: "month",
	from_unix_ms: 1_793_491_200_000,
	reset_unix_ms: 1_796_083_200_000,
	days_left: 9.5,
	daily_bytes: 73_684_210,
	counted_since: "2026-10-03",
};

const NO_ALERTS: ServeDeps["alerts"] = {
	active: () => [],
	history: () => [],
	acknowledge: () => 0,
	status: () => ({ channels: [], hush: null, waiting: 0, limited: 0 }),
	test: () => [],
};

export const NO_PUSH: ServeDeps["push"] = {
	lacks: () => null,
	list: () => [],
	keys: () => Promise.resolve({ publicKey: "" }),
	add: () => {},
	remove: () => 1,
};

const NO_POSITION: GpsPicture = {
	enabled: false,
	fix: null,
	ageMs: null,
	stale: false,
	accuracyNowM: null,
	moving: null,
	travelledM: 0,
	sources: [],
	openCellId: { lookupsLastHour: 0, contributionsLastDay: 0, cached: 0, waiting: 0, resting: false },
};

function sensorsOf(uplink: string): readonly SensorStatus[] {
	const wired = sensorStatus("wired", "1000 Mbit/s", null);
	if (uplink === "wan") return [wired];
	const usage = sensorStatus("usage", "86 % of the data plan used", USAGE_DETAILS);
	return [wired, usage, sensorStatus("cellular", "RutOS gsm: LTE, RSRP -99 dBm, fair", MODEM_DETAILS)];
}

export async function world(options: WorldOptions = {}): Promise<World> {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-serve-"));
	const socket = join(folder, "ubus.sock");
	const configFile = join(folder, "autonomy");
	writeFileSync(configFile, options.config ?? DEFAULT_CONFIG);
	const broker = await startUbusd({ path: socket });
	const node = createNodePlatform();
	// It stands: what is told of the last minute is the same on a machine that takes long to ask. Late enough for a past.
	const startMs = Math.round(node.clock.monotonicMs()) + 10_000_000;
	const startUnixMs = node.clock.wallMs();
	const clock =
		options.runs === true
			? { monotonicMs: () => Math.round(node.clock.monotonicMs()) + 10_000_000, wallMs: node.clock.wallMs }
			: { monotonicMs: () => startMs, wallMs: () => startUnixMs };
	const platform = { ...node, clock };
	const log = fakeLog();
	const store = createConfigStore({ files: node.files, log, configDir: folder });
	store.load();
	const recorder = createRecorder({
		platform: { clock, timers: node.timers, files: fakeFiles() },
		log,
		settings: { retentionHours: 24, maxRamMb: 8, snapshotPath: "/tmp/autonomy/record.snap" },
	});
	const bus = createBus({ platform, log, paths: [socket], reconnectMs: 20 });
	const client = createBus({ platform, log, paths: [socket], reconnectMs: 20 });
	const levels: string[] = [];
	const commands: CommandRequest[] = [];
	const facts = (options.names ?? ["wan", "wanb", "mob1s1a1"]).map((id, index) => factsFor(id, index + 1));
	let state: EngineState = initialState(toSettings(store.current()));
	let api: Api | null = null;
	let ids = 0;
	recorder.setCheckpointSource(() => JSON.stringify(state));

	function feed(input: Input): ReturnType<typeof step> {
		recorder.input(input);
		const result = step(state, input);
		state = result.state;
		recorder.output(result.decisions, result.events, result.actions);
		api?.output(result.decisions, result.events);
		for (const action of result.actions) {
			if (action.kind === "steer") {
				const atMs = input.atMs + 18;
				feed({
					kind: "applied",
					atMs,
					actionId: action.id,
					ok: true,
					method: "mwan3_chains",
					durationMs: 18,
					text: "moved",
				});
			}
		}
		return result;
	}

	const deps: ServeDeps = {
		platform,
		log,
		version: "1.2.3",
		system: () => "OpenWrt 24.10.4",
		load: () => ({ cpuPct: 0.7, lagMs: 3 }),
		startedAtMs: clock.monotonicMs() - 3_600_000,
		engine: () => state,
		discovered: () => ({ uplinks: facts.map(uplinkFor), mwan3: null, problems: [] }),
		sensors: options.sensors ?? sensorsOf,
		picture: options.picture ?? (() => null),
		forecast: () => ({
			uplinks: options.forecasts ?? [],
			modelDate: "2026-11-21",
			score: { right: 2, early: 1, wrong: 0 },
		}),
		forgetForecast: (uplink) => feed({ kind: "forget", atMs: clock.monotonicMs(), uplink }),
		gps: options.gps ?? (() => NO_POSITION),
		probes: () => [
			{ uplink: facts[0]?.id ?? "", method: "fping", intervalMs: 1_000, bytesToday: 1e9, budgetBytes: 5e9, text: null },
		],
		steering: () => ({
			observe: false,
			methods: { ipv4: "routes", ipv6: "none" },
			policies: [],
			routes: [],
			sourceRules: [],
			lastApply: null,
			repairs: 0,
			lastRepair: null,
			problems: [],
		}),
		recorder,
		alerts: options.alerts ?? NO_ALERTS,
		push: options.push ?? NO_PUSH,
		config: {
			current: store.current,
			problems: () => store.report().map((entry) => entry.message),
			readPackage: store.readPackage,
			file: configFile,
			reload: store.reload,
		},
		command(request) {
			commands.push(request);
			const { name, uplink, forMs, reason } = request;
			const result = feed({ kind: "command", atMs: clock.monotonicMs(), id: `c${++ids}`, name, uplink, forMs, reason });
			const [decision] = result.decisions;
			const refused = result.events.find((event) => event.reason.includes(" refused: "));
			return Promise.resolve({
				ok: refused === undefined,
				text: refused?.reason ?? decision?.text ?? "done",
				decisionId: decision?.id ?? null,
			});
		},
		setLogLevel: (level) => void levels.push(level),
		problems: () => [],
	};

	past(options.pastS ?? 600);
	api = registerApi({ bus, deps });
	serveUci();
	await client.whenConnected(10_000);
	await bus.whenConnected(10_000);

	/** The first uplink dies 60 s before now; before that a probe a second, all well. */
	function past(seconds: number): void {
		if (seconds === 0) return;
		const end = clock.monotonicMs();
		const first = facts[0]?.id ?? "";
		const at = (s: number): number => end - seconds * 1_000 + s * 1_000;
		feed({ kind: "uplinks", atMs: at(0), uplinks: facts });
		for (let s = 0; s < seconds; s++) {
			const dead = s >= seconds - 60;
			for (const [index, { id }] of facts.entries()) {
				const lost = dead && id === first;
				const rttMs = lost ? null : 20 + index * 15 + (s % 5);
				feed({
					kind: "probe",
					uplink: id,
					atMs: at(s) + index,
					family: "ipv4",
					method: "icmp",
					target: "1.1.1.1",
					rttMs,
					excused: false,
				});
				if (s === 1 || (lost && s === seconds - 59)) feed(reach(id, at(s) + index, lost));
				recorder.sample(id, at(s) + 10, {
					rtt_ms: rttMs,
					loss_pct: lost ? 100 : 0,
					score: lost ? 0 : 95 - index,
					rx_bytes_per_s: 1_000 * s,
					...(index === 1 ? { rsrp_dbm: -97.5 } : {}),
				});
			}
			feed({ kind: "tick", atMs: at(s) + 500 });
		}
	}

	function reach(uplink: string, atMs: number, dead: boolean): Input {
		return {
			kind: "reach",
			uplink,
			atMs,
			family: "ipv4",
			verdict: dead ? "dead" : "up",
			evidence: {
				silentMs: dead ? 812 : 0,
				expectedMs: 95,
				sent: 6,
				answered: dead ? 0 : 6,
				targets: 3,
				targetsAnswered: dead ? 0 : 3,
				gateway: "answers",
				traffic: "unknown",
				method: "icmp",
				text: dead ? "three targets are silent" : "answers",
			},
		};
	}

	/** As rpcd: string values, staged until commit. */
	function serveUci(): void {
		let staged: UciEdit[] = [];
		const table = {
			config: "string",
			section: "string",
			type: "string",
			name: "string",
			values: "table",
			options: "array",
		} as const;
		const edit = (kind: UciEdit["kind"]) => ({
			args: table,
			handle(args: BlobTable) {
				staged.push({ kind, ...args } as unknown as UciEdit);
				return {};
			},
		});
		bus.serve({
			path: "uci",
			methods: {
				add: edit("add"),
				set: edit("set"),
				delete: edit("delete"),
				revert: {
					args: table,
					handle() {
						staged = [];
						return {};
					},
				},
				commit: {
					args: table,
					handle() {
						const pkg = store.readPackage();
						if (pkg !== null) writeFileSync(configFile, formatUci(applyEdits(pkg, staged)));
						staged = [];
						return {};
					},
				},
			},
		});
	}

	return {
		socket,
		configFile,
		deps,
		api,
		client,
		log,
		broker,
		levels,
		commands,
		call: (method, args = {}) => client.call("autonomy", method, args as BlobTable, { timeoutMs: 20_000 }),
		feed: (input) => void feed(input),
		now: clock.monotonicMs,
		async stop() {
			api?.close();
			client.close();
			bus.close();
			recorder.close();
			await broker.close();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

export async function worldFor(t: TestContext, options: WorldOptions = {}): Promise<World> {
	const made = await world(options);
	t.after(() => made.stop());
	return made;
}

export function readConfigFile(one: World): string {
	return readFileSync(one.configFile, "utf8");
}

/**
 * What alerts come from, as it is wired on a router: the real engine in its loop, the real record, real sensors, the real
 * configuration store; under manual time, on files and a bus that the test writes. Only probing and steering are the
 * test's own words.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type Alerts, createAlerts } from "../../daemon/alert/alerts.ts";
import { toSettings } from "../../daemon/config/settings.ts";
import { createConfigStore } from "../../daemon/config/store.ts";
import { describe } from "../../daemon/decide/describe.ts";
import type { Input } from "../../daemon/decide/types.ts";
import { createLoop } from "../../daemon/loop/loop.ts";
import type { Platform } from "../../daemon/platform/platform.ts";
import { createRecorder } from "../../daemon/record/recorder.ts";
import { cellularKind } from "../../daemon/sense/cellular/cellular.ts";
import { createSenses } from "../../daemon/sense/senses.ts";
import type { Details, SensorHealth, SensorKind } from "../../daemon/sense/sensor.ts";
import { createDishJudge } from "../../daemon/sense/starlink/judge.ts";
import { usageKind } from "../../daemon/sense/usage/usage.ts";
import { preferredOf } from "../../daemon/serve/status.ts";
import type { Plain } from "../../lab/dish/answers.ts";
import { fakeBus, rutosInfo, uplink } from "../sense/cellular/support.ts";
import { dishStatus } from "../sense/starlink/support.ts";
import { factsFor } from "../serve/world.ts";
import { fakeFiles, fakeLog, fakeProcesses, fakeRandom, fakeTime } from "../support/fake-platform.ts";
import { platform as node } from "./support.ts";

export const STATE = "/tmp/autonomy";

export interface Rig {
	readonly alerts: Alerts;
	readonly log: ReturnType<typeof fakeLog>;
	readonly files: ReturnType<typeof fakeFiles>;
	readonly time: ReturnType<typeof fakeTime>;
	readonly recorder: ReturnType<typeof createRecorder>;
	/** Requests of the webhook, read. */
	readonly told: {
		title: string;
		message: string;
		priority: string;
		alerts: { kind: string; change: string; text: string }[];
	}[];
	/** How full file systems are. */
	readonly full: Map<string, number>;
	feed(input: Input): void;
	/** Probing finds that it works, or does not. */
	reach(uplink: string, works: boolean): void;
	/** A probe a second to each uplink for so long; rtt by uplink, null: lost; 30 ms where not named. */
	probes(seconds: number, rttMs?: Readonly<Record<string, number | null>>): Promise<void>;
	dish(change?: Plain): void;
	/** The dish's sensor itself. */
	dishHealth(state: SensorHealth["state"], text: string): void;
	modem(cache: Readonly<Record<string, unknown>> | null): void;
	bytes(rx: number): void;
	configure(uci: string): void;
	/** The next steps of the engine cannot be carried out. */
	steerFails(reason: string | null): void;
	remove(uplink: string): void;
	/** The engine's word for it. */
	state(uplink: string): string;
	senses(uplink: string): ReturnType<ReturnType<typeof createSenses>["status"]>;
	/** Alerts that hold, as "level kind uplink: text". */
	open(): string[];
	past(): string[];
	/** Steps of alerts since the last time it was asked. */
	steps(): string[];
}

const BASE = `config autonomy 'main'
	option min_uptime_s '1'
	option cooldown_s '1'
config notifications 'webhook'
	option enabled '1'
	option url 'https://example.org/hook'
config notifications 'alerts'
	option threshold 'info'
	option group_s '0'
	option max_per_hour '100'
	option info_per_hour '100'
	option warning_per_hour '100'
	option critical_per_hour '100'
`;

/** `kinds`: sensors besides the dish's; each costs the test what it asks, hour by hour. */
export function rig(t: TestContext, uci = "", starts = "", kinds: readonly ("cellular" | "usage")[] = []): Rig {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-alert-"));
	const file = join(folder, "autonomy");
	writeFileSync(file, BASE + uci);
	const time = fakeTime(100_000, Date.UTC(2026, 10, 20, 23, 50));
	const files = fakeFiles({
		"/proc/net/dev": "",
		"/proc/meminfo": "MemTotal: 250000 kB\nMemAvailable:  120000 kB\n",
		"/sys/class/net/wwan0/ifindex": "4\n",
		"/proc/sys/kernel/random/boot_id": "boot-1\n",
		...(starts === "" ? {} : { [`${STATE}/starts`]: starts }),
	});
	const full = new Map<string, number>();
	const log = fakeLog();
	const fake = fakeBus();
	const processes = fakeProcesses();
	for (const name of ["mmcli", "uqmi"]) processes.missing.add(name);
	const told: Rig["told"] = [];
	const platform = {
		...node,
		...time,
		random: fakeRandom(),
		files: { ...files, usedPct: (path: string) => full.get(path) ?? null },
		processes,
		http: {
			request({ body }: { body?: unknown }) {
				told.push(JSON.parse(String(body)) as Rig["told"][number]);
				return Promise.resolve({ status: 200, headers: {}, body: "", bytes: new Uint8Array() });
			},
		},
	} as unknown as Platform;
	const store = createConfigStore({ files: node.files, log, configDir: folder });
	store.load();
	const recorder = createRecorder({
		platform,
		log,
		settings: { retentionHours: 48, maxRamMb: 8, snapshotPath: `${STATE}/record.snap` },
		onNote: (event) => alerts.output([], [event]),
	});
	let steerError: string | null = null;
	const loop = createLoop({
		platform,
		log,
		settings: toSettings(store.current()),
		tickMs: () => 5_000,
		onInput: (input) => recorder.input(input),
		onOutput({ decisions, events, actions }) {
			recorder.output(decisions, events, actions);
			alerts.output(decisions, events);
		},
		steer({ id }) {
			const atMs = time.clock.monotonicMs();
			const [ok, text] = [steerError === null, steerError ?? "moved"];
			loop.feed({ kind: "applied", atMs, actionId: id, ok, method: "routes", durationMs: 5, text });
		},
		recheck: () => undefined,
		onTick: () => undefined,
	});
	let uplinks = [
		uplink({ id: "wan", class: "starlink", device: "eth1", metered: false, order: 1 }),
		uplink({ id: "mob", class: "cellular", device: "wwan0", order: 2 }),
	];
	let dishSensor: { judge: ReturnType<typeof createDishJudge>; health: SensorHealth; details: Details | null } | null =
		null;
	const dishKind: SensorKind = {
		name: "starlink",
		cost: "",
		serves: (one) => (one.class === "starlink" ? "a dish" : null),
		create(context) {
			const health: SensorHealth = { state: "ok", sinceMs: 0, lastOkMs: 0, nextTryMs: null, text: "answers" };
			const one = { judge: createDishJudge(context, () => 60_000), health, details: null as Details | null };
			dishSensor = one;
			return { follow() {}, health: () => one.health, details: () => one.details, close() {} };
		},
	};
	const senses = createSenses({
		platform,
		bus: fake.bus,
		log,
		kinds: [dishKind, ...kinds.map((name) => (name === "cellular" ? cellularKind() : usageKind()))],
		config: store.current,
		onInput: (input) => loop.feed(input),
		onSuspect: () => undefined,
		onClass: () => undefined,
		onReach: () => undefined,
		onEvent: (id, type, reason) => recorder.note(type, id, reason),
	});
	const view = () => describe(loop.state(), time.clock.monotonicMs());
	const alerts = createAlerts({
		platform,
		bus: fake.bus,
		log,
		version: "1.2.3",
		config: store.current,
		recorder,
		view,
		preferred: () => preferredOf(loop.state()),
		uplinks: () => uplinks,
		sensors: (id) => senses.status(id),
		problems: () => store.report().flatMap((entry) => (entry.level === "info" ? [] : [entry.message])),
		ways: () => [null],
		actedPath: `${STATE}/watch/acted`,
		restarts: () => starts.split("\n").filter((line) => line !== "").length,
		device: () => "boat",
	});
	t.after(() => {
		alerts.close();
		senses.close();
		loop.close();
		rmSync(folder, { recursive: true, force: true });
	});

	let steps: string[] = [];
	alerts.onNotice(
		({ change, alert }) =>
			void steps.push(`${change} ${alert.level} ${alert.kind} ${alert.uplink ?? "-"}: ${alert.text}`),
	);
	const words = (one: ReturnType<Alerts["active"]>[number]): string =>
		`${one.level} ${one.kind} ${one.uplink ?? "-"}: ${one.text}`;
	const feed = (input: Input): void => loop.feed(input);
	const now = (): number => time.clock.monotonicMs();
	const self: Rig = {
		alerts,
		log,
		files,
		time,
		recorder,
		told,
		full,
		feed,
		reach(id, works) {
			const verdict = works ? "up" : "dead";
			const text = works ? "answers" : "three targets are silent";
			const evidence = {
				silentMs: works ? 0 : 812,
				expectedMs: 95,
				sent: 6,
				answered: works ? 6 : 0,
				targets: 3,
				targetsAnswered: works ? 3 : 0,
				gateway: "answers",
				traffic: "unknown",
				method: "icmp",
				text,
			} as const;
			feed({ kind: "reach", uplink: id, atMs: now(), family: "ipv4", verdict, evidence });
		},
		async probes(seconds, rttMs = {}) {
			for (let s = 0; s < seconds; s++) {
				for (const { id } of uplinks) {
					const one = { family: "ipv4", method: "icmp", target: "1.1.1.1", excused: false } as const;
					feed({ kind: "probe", uplink: id, atMs: now(), ...one, rttMs: id in rttMs ? (rttMs[id] ?? null) : 30 });
				}
				await time.advance(1000);
			}
		},
		dish(change = {}) {
			if (dishSensor === null) return;
			const status = dishStatus(change);
			dishSensor.judge.status(now(), time.clock.wallMs(), status);
			dishSensor.details = { alerts: status.alerts.map((name) => ({ name, grade: "warning", text: "" })) };
		},
		dishHealth(state, text) {
			if (dishSensor !== null) dishSensor.health = { ...dishSensor.health, state, text, sinceMs: now() };
		},
		modem(cache) {
			if (cache === null) fake.answers.delete("gsm.modem0 info");
			else fake.answers.set("gsm.modem0 info", rutosInfo(cache));
			fake.emit("gsm.modem");
		},
		bytes(rx) {
			files.content.set("/proc/net/dev", `  wwan0: ${rx} 2 0 0 0 0 0 0 0 3 0 0 0 0 0 0\n`);
		},
		configure(more) {
			writeFileSync(file, BASE + more);
			store.reload();
			loop.feed({ kind: "settings", atMs: now(), settings: toSettings(store.current()) });
			alerts.configure();
		},
		steerFails(reason) {
			steerError = reason;
		},
		remove(id) {
			uplinks = uplinks.filter((one) => one.id !== id);
			senses.setUplinks(uplinks);
		},
		state: (id) => view().uplinks.find((one) => one.id === id)?.state ?? "",
		senses: (id) => senses.status(id),
		open: () =>
			alerts
				.active()
				.filter((one) => !one.quiet)
				.map(words),
		past: () => alerts.history(50).map(words),
		steps() {
			const all = steps;
			steps = [];
			return all;
		},
	};
	fake.answers.set("gsm.modem0 info", rutosInfo());
	self.bytes(0);
	senses.setUplinks(uplinks);
	const facts = [factsFor("wan", 1), factsFor("mob", 2)];
	feed({ kind: "uplinks", atMs: now(), uplinks: facts });
	for (const { id } of facts) self.reach(id, true);
	loop.start();
	alerts.start();
	return self;
}

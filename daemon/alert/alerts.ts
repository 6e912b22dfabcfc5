/**
 * Alerts: what happens -> conditions (detect.ts) -> their life (book.ts) -> who is told when (teller.ts) -> channels
 * (delivery.ts); what is open and what waits outlives the daemon (memory.ts). This file only wires them and keeps the
 * time. Whatever goes wrong in here stays in here: the daemon feeds it and never waits for it. Owns its timers;
 * `close()` ends everything.
 */
import type { Config } from "../config/types.ts";
import { AutonomyError, errorText } from "../platform/error.ts";
import type { Closable } from "../platform/platform.ts";
import type { Alerts, AlertsWorld } from "./access.ts";
import { createBook } from "./book.ts";
import { createDelivery } from "./delivery.ts";
import { createDetector } from "./detect.ts";
import { createEscalations } from "./escalation.ts";
import { type Hush, hushOf } from "./hush.ts";
import { createKeeper } from "./memory.ts";
import { createPictureTaker } from "./picture-of.ts";
import { createTeller, type Now } from "./teller.ts";
import { type AlertKindName, highest, isAtLeast, type Message, type Notice, type Signal } from "./types.ts";
import { parseZone, UTC, type Zone } from "./zone.ts";

export type { Alerts, AlertsWorld } from "./access.ts";

const LOOK_MS = 10_000;
/** What follows an output is looked at together. */
const SOON_MS = 200;
/** What a crash may cost of what the next start should know. */
const NOTE_MS = 3_000;

export function createAlerts(world: AlertsWorld): Alerts {
	const { platform, log } = world;
	const { clock, timers, files } = platform;
	const now = (): number => clock.monotonicMs();
	const detector = createDetector(() => world.config().notify);
	const book = createBook();
	const teller = createTeller(() => ({ notify: world.config().notify, isOn }));
	const taker = createPictureTaker(world);
	const listeners: ((notice: Notice) => void)[] = [];
	const escalations = createEscalations(() => world.config().notify);
	const keeper = world.memoryPath === undefined ? null : createKeeper({ platform, log, path: world.memoryPath });
	/** Set while the next start should know something new. */
	let noter: Closable | null = null;
	let offline = false;
	/** At the last look. */
	let isDead = false;
	let timer: Closable | null = null;
	let looker: Closable | null = null;
	let zone: Zone = UTC;
	let messages = 0;
	let broken = false;
	let closed = false;

	const delivery = createDelivery({
		...world,
		log,
		isOffline: () => offline,
		zone: () => zone,
		toUnixMs: world.recorder.toUnixMs,
		openSinceMs() {
			const open = book.active().filter((one) => one.state === "active");
			return open.length === 0 ? null : Math.max(...open.map((one) => one.changedAtMs));
		},
		isOpen: (id) => book.find(id)?.state === "active",
		onAcknowledged: ({ id, by }) => void acknowledge(id, by),
		onChange: touch,
	});

	function isOn(kind: AlertKindName): boolean {
		return world.config().notifyEvents[fieldOf(kind)];
	}

	const hush = (): Hush | null => hushOf(world.config().notify, zone, clock.wallMs());
	const moment = (): Now => ({ atMs: now(), hush: hush() !== null });

	function handle(signals: readonly Signal[]): void {
		for (const signal of signals) {
			const usual = world.config().notifyLevels[fieldOf(signal.kind)];
			// The owner may call a kind more urgent than its worst case is by itself; info is said of what is no trouble at all.
			const level = signal.level === "info" ? "info" : highest([usual, signal.level ?? usual]);
			const notice = book.signal(signal, level);
			if (notice !== null) tell(notice);
		}
	}

	function tell(notice: Notice): void {
		touch();
		log.info("alert", {
			id: notice.alert.id,
			change: notice.change,
			kind: notice.alert.kind,
			level: notice.alert.level,
			uplink: notice.alert.uplink,
			reason: notice.alert.text,
		});
		teller.take(notice, moment());
		for (const listener of listeners) listener(notice);
	}

	function flush(): void {
		for (const message of teller.due(moment())) delivery.send(message);
		arm();
	}

	function arm(): void {
		timer?.close();
		timer = null;
		const nextMs = teller.nextMs();
		if (nextMs === null || closed) return;
		timer = timers.after(Math.max(10, Math.min(nextMs - now(), 86_400_000)), () => {
			timer = null;
			guarded(flush);
		});
	}

	function look(): void {
		const picture = taker.take();
		const mayWork = isDead && picture.offline !== true;
		isDead = picture.offline === true;
		offline = picture.offline ?? offline;
		handle(detector.picture(picture));
		book.expire(picture.atMs);
		escalate(picture.atMs);
		flush();
		if (mayWork) delivery.kick();
	}

	function touch(): void {
		if (keeper !== null && !closed) noter ??= timers.after(NOTE_MS, () => guarded(note));
	}

	function note(): void {
		if (noter === null) return;
		noter.close();
		noter = null;
		keeper?.note({
			book: book.memory(),
			teller: teller.memory(),
			calls: escalations.memory(),
			channels: delivery.memory(),
		});
	}

	function recall(): void {
		const memory = keeper?.read() ?? null;
		if (memory === null) return;
		const open = book.recall(memory.book);
		detector.recall(open, now());
		teller.recall(memory.teller);
		escalations.recall(memory.calls);
		delivery.recall(memory.channels);
		const waiting = memory.channels.reduce((sum, one) => sum + one.waiting.length, 0);
		log.info("alert", { reason: `${open.length} alerts and ${waiting} messages of the run before are taken over` });
	}

	function escalate(atMs: number): void {
		const open = book
			.active()
			.filter((one) => one.state === "active" && isAtLeast(one.level, "critical") && isOn(one.kind) && !one.quiet)
			.map((alert) => ({ alert, heardMs: teller.heardMs(alert.key) }));
		const due = escalations.due(open, atMs, hush() !== null);
		if (due.length === 0) return;
		const level = highest(due.map((one) => one.alert.level));
		delivery.send({ id: `e${++messages}`, kind: "escalation", atMs, level, notices: due, lead: null });
	}

	function acknowledge(id: string, by: string): number {
		const notices = book.acknowledge(id, by, now());
		for (const notice of notices) tell(notice);
		guarded(flush);
		return notices.length;
	}

	/** Said once; then silent until it works again. */
	function guarded(work: () => void): void {
		if (closed) return;
		try {
			work();
			broken = false;
		} catch (error) {
			if (!broken) log.error("alert", { reason: `alerts do not work as they should: ${errorText(error)}` });
			broken = true;
		}
	}

	function readZone(): void {
		try {
			zone = parseZone(files.readTextIfAny("/etc/TZ") ?? "");
		} catch {
			zone = UTC;
		}
	}

	let soon: Closable | null = null;
	return {
		start() {
			readZone();
			guarded(recall);
			looker = timers.every(LOOK_MS, () => guarded(look));
			const starts = world.restarts();
			if (starts <= 1) return;
			const text = `the daemon has been started again after an end that was not orderly (${starts} starts)`;
			const signal: Signal = {
				key: "watchdog:",
				kind: "watchdog",
				uplink: null,
				atMs: now(),
				active: true,
				level: null,
				text,
				lastsMs: 3_600_000,
			};
			guarded(() => {
				handle([signal]);
				flush();
			});
		},
		output(decisions, events) {
			guarded(() => {
				handle([
					...events.flatMap((one) => detector.event(one)),
					...decisions.flatMap((one) => detector.decision(one)),
				]);
				flush();
			});
			if (decisions.length > 0) delivery.kick();
			if (soon !== null || closed) return;
			soon = timers.after(SOON_MS, () => {
				soon = null;
				guarded(look);
			});
		},
		configure() {
			readZone();
			guarded(() => {
				delivery.configure();
				flush();
			});
		},
		active: () => book.active(),
		history: (limit) => book.history(limit),
		acknowledge,
		status() {
			const { count, limited } = teller.waiting();
			return { channels: delivery.status(), hush: hush(), waiting: count, limited };
		},
		test(channel, text, level) {
			const chosen = delivery.status().filter(({ name }) => channel === null || name === channel);
			const able = chosen.filter((one) => !one.missing);
			if (able.length === 0) {
				const which = channel === null ? "no channel is" : `channel ${channel} is not`;
				const off = `${which} switched on: set option enabled '1' in its section of /etc/config/autonomy`;
				throw new AutonomyError("refused", chosen.map(({ name, text }) => `${name}: ${text}`).join("; ") || off);
			}
			const message: Message = { id: `t${++messages}`, kind: "test", atMs: now(), level, notices: [], lead: text };
			for (const { name } of able) delivery.test(message, name);
			return chosen;
		},
		post(channel, text, html = null) {
			return delivery.send(
				{
					id: `r${++messages}`,
					kind: "report",
					atMs: now(),
					level: "info",
					notices: [],
					lead: text,
					...(html === null ? {} : { html }),
				},
				channel,
			);
		},
		onNotice: (listener) => void listeners.push(listener),
		close() {
			guarded(note);
			closed = true;
			timer?.close();
			looker?.close();
			soon?.close();
			delivery.close();
		},
	};
}

type Field = keyof Config["notifyEvents"];

/** data_limit -> dataLimit. */
function fieldOf(kind: AlertKindName): Field {
	// The fields are made from the very table the kinds come from.
	return kind.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) as Field;
}

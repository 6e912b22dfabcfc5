/**
 * The cellular sensor: asks the modem of an uplink through the best provider that answers, judges the readings, and
 * switches SIMs where the owner wants that. Paces: on the bus every 2 s while the uplink carries traffic, every second
 * while the signal falls, every 10 s on standby; where programs must be started every 10 and 60 s. A SIM that is not in
 * use has no signal of its own: what the modem measures then belongs to another uplink.
 */

import { memberSettings } from "../../config/settings.ts";
import type { Closable } from "../../platform/platform.ts";
import { createPoller } from "../poller.ts";
import type { Details, Sensor, SensorContext, SensorKind } from "../sensor.ts";
import { detailsOf } from "./details.ts";
import type { HeardCell } from "./heard.ts";
import { createJudge, technologyWord } from "./judge.ts";
import { CELLULAR } from "./kind.ts";
import { hintOf, type ModemHint } from "./modem-hint.ts";
import { createMmcli, createMmObject } from "./modemmanager.ts";
import { type ChainAnswer, createChain, type Provider } from "./provider.ts";
import { qualityPct, qualityWord } from "./quality.ts";
import { createRutos } from "./rutos.ts";
import { createSimSwitcher, type SimSwitcher } from "./sim-switch.ts";
import { createSysfs } from "./sysfs.ts";
import { createUqmi } from "./uqmi.ts";

const ASK_LIMIT_MS = 15_000;
const HINT_VALID_MS = 300_000;
const FULL_EVERY_MS = 30_000;
const FULL_EVERY_PROGRAMS_MS = 60_000;
/** gsmd announces things in bunches. */
const EVENT_PAUSE_MS = 1_000;
/** Neighbours cost a program or an AT command, and a modem that moves hears others soon. */
const HEARD_EVERY_MS = 60_000;
const HEARD_VALID_MS = 180_000;

const SOURCES = "neither RutOS gsm nor ModemManager nor uqmi";

const PACE = { falling: 1_000, active: 2_000, standby: 10_000 } as const;
const PACE_PROGRAMS = { falling: 10_000, active: 10_000, standby: 60_000 } as const;

export function providersOf({ platform, bus, log }: SensorContext): readonly Provider[] {
	return [
		createRutos(bus),
		createMmcli(platform, log),
		createMmObject(bus),
		createUqmi(platform),
		createSysfs(platform.files),
	];
}

export function createCellular(
	context: SensorContext,
	switcher: SimSwitcher,
	providers = providersOf(context),
): Sensor {
	const { platform, bus, log, config } = context;
	const { clock, timers } = platform;
	let uplink = context.uplink;
	let active = false;
	/** Connections finish on an uplink that was left: it is watched as closely as before until then. */
	let busyUntilMs = Number.NEGATIVE_INFINITY;
	let hint: { readonly atMs: number; readonly value: ModemHint } | null = null;
	let last: ChainAnswer | null = null;
	let fullMs = Number.NEGATIVE_INFINITY;
	let otherSim: number | null = null;
	let heard: { readonly atMs: number; readonly cells: readonly HeardCell[] } | null = null;
	let heardDueMs = Number.NEGATIVE_INFINITY;
	let asked: Closable | null = null;
	let askAgain = false;
	let closed = false;

	const member = () => memberSettings(config(), { id: uplink.id, class: uplink.class });
	const chain = createChain(providers, clock);
	const judge = createJudge(context, () => member().weakRsrpDbm);

	async function hintNow(): Promise<ModemHint> {
		const nowMs = clock.monotonicMs();
		if (hint !== null && nowMs - hint.atMs < HINT_VALID_MS) return hint.value;
		const name = uplink.ipv4?.interface ?? uplink.ipv6?.interface ?? uplink.id;
		const status = await bus.call(`network.interface.${name}`, "status", {}, { timeoutMs: 2_000 }).catch(() => null);
		const value = hintOf(platform.files, uplink, status);
		hint = { atMs: nowMs, value };
		return value;
	}

	async function work(wanted: () => boolean): Promise<string> {
		const modem = await hintNow();
		const nowMs = clock.monotonicMs();
		const everyMs = last?.provider.startsPrograms ? FULL_EVERY_PROGRAMS_MS : FULL_EVERY_MS;
		const full = nowMs - fullMs >= everyMs;
		const answer = await chain.ask(modem, full);
		if (!wanted()) return "";
		if (full || answer.provider !== last?.provider) fullMs = nowMs;
		const carriers = answer.reading.carriers.length > 0 ? answer.reading.carriers : carriersOf(answer);
		last = { ...answer, reading: { ...answer.reading, carriers } };
		const { reading } = answer;
		const mine = modem.simSlot === null || reading.simSlot === null || modem.simSlot === reading.simSlot;
		otherSim = mine ? null : reading.simSlot;
		if (!mine) {
			judge.lose();
			return `${answer.provider.name}: the modem uses SIM ${reading.simSlot} now, not SIM ${modem.simSlot}`;
		}
		judge.take(clock.monotonicMs(), reading);
		await considerSwitch(modem, answer);
		listenAround(modem, answer.provider);
		return sentence(answer);
	}

	/** Aggregation is asked less often than the signal: what was known of it holds as long as the cell does. */
	function carriersOf(answer: ChainAnswer): ChainAnswer["reading"]["carriers"] {
		const same = last?.provider === answer.provider && last.reading.cellId === answer.reading.cellId;
		return same ? (last?.reading.carriers ?? []) : [];
	}

	/** Only where the owner has the position asked for by cells. Nothing waits for it, nothing else fails by it. */
	function listenAround(modem: ModemHint, provider: Provider): void {
		const { enabled, opencellidEnabled, opencellidApiKey } = config().gps;
		if (!enabled || !opencellidEnabled || opencellidApiKey === null) {
			heard = null;
			return;
		}
		const atMs = clock.monotonicMs();
		if (provider.heard === undefined || atMs < heardDueMs) return;
		heardDueMs = atMs + HEARD_EVERY_MS;
		provider.heard(modem).then(
			(cells) => {
				heard = { atMs, cells };
			},
			() => undefined, // an older mmcli, a modem that refuses: then the serving cell is all there is
		);
	}

	const heardNow = (): readonly HeardCell[] =>
		heard !== null && clock.monotonicMs() - heard.atMs < HEARD_VALID_MS ? heard.cells : [];

	async function considerSwitch(modem: ModemHint, { provider, reading }: ChainAnswer): Promise<void> {
		if (!member().simSwitch) return;
		const lost = judge.lost();
		await switcher.consider({
			atMs: clock.monotonicMs(),
			hint: modem,
			provider,
			reading,
			active,
			trouble: {
				lostSinceMs: lost?.sinceMs ?? null,
				weakSinceMs: judge.weakSinceMs(),
				why: lost?.why ?? "its signal stays weak",
			},
			event: (reason) => {
				log.warn("provider", { member: uplink.id, reason: `SIM switch: ${reason}` });
				context.event("sim_switch", reason);
			},
		});
	}

	const poller = createPoller({
		platform,
		intervalMs() {
			const pace = last?.provider.startsPrograms ? PACE_PROGRAMS : PACE;
			if (!active && clock.monotonicMs() >= busyUntilMs) return pace.standby;
			return judge.falling() || judge.fade() !== null ? pace.falling : pace.active;
		},
		limitMs: ASK_LIMIT_MS,
		work,
		onState(health) {
			if (health.state === "ok") return;
			if (last !== null)
				log.warn("provider", { member: uplink.id, reason: `the modem does not answer: ${health.text}` });
			last = null;
			hint = null;
			judge.lose();
		},
	});

	/** Now, or after the pause when something was asked for a moment ago. */
	function askSoon(): void {
		if (closed) return;
		if (asked !== null) {
			askAgain = true;
			return;
		}
		poller.soon();
		asked = timers.after(EVENT_PAUSE_MS, () => {
			asked = null;
			const again = askAgain;
			askAgain = false;
			if (again) askSoon();
		});
	}

	const listeners = providers.flatMap((one) => one.listen?.(askSoon) ?? []);

	return {
		follow(next, isActive) {
			const changed = next.device !== uplink.device || next.up !== uplink.up;
			const woken = isActive && !active;
			if (active && !isActive) busyUntilMs = clock.monotonicMs() + config().main.drainS * 1000;
			uplink = next;
			active = isActive;
			if (changed) {
				hint = null;
				chain.wake();
			}
			if (changed || woken) askSoon();
		},
		health: () => poller.health(),
		details: (): Details | null =>
			last === null ? null : detailsOf({ atMs: clock.monotonicMs(), answer: last, judge, heard: heardNow(), otherSim }),
		close() {
			closed = true;
			poller.close();
			asked?.close();
			for (const one of listeners) one.close();
		},
	};
}

function sentence({ reading, provider, resting }: ChainAnswer): string {
	const parts = [
		reading.technology === null ? null : technologyWord(reading.technology),
		reading.rsrpDbm === null ? null : `RSRP ${Math.round(reading.rsrpDbm)} dBm`,
	].filter((part) => part !== null);
	const pct = qualityPct(reading);
	if (pct !== null) parts.push(qualityWord(pct));
	const nobody = provider.name === "sysfs" ? `: ${SOURCES} answers for this modem` : "";
	const words = parts.length > 0 ? parts.join(", ") : `tells no signal${nobody}`;
	return [`${provider.name}: ${words}`, ...resting].join("; ");
}

export function cellularKind(): SensorKind {
	// One for all modems: its pace must hold for two uplinks of one modem together.
	let switcher: SimSwitcher | null = null;
	return {
		...CELLULAR,
		create(context) {
			switcher ??= createSimSwitcher(context.platform.files);
			return createCellular(context, switcher);
		},
	};
}

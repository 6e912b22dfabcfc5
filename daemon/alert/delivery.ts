/**
 * All channels together: who hears of which message, what each channel's health is, and who has acknowledged. A channel
 * exists only while it is switched on; a changed configuration makes it anew and hands over what waited. Secrets are
 * taken out of every text that comes back. Owns the outboxes and the timer of acknowledgements.
 */
import type { AlertLevel } from "../../contract/options-alerts.ts";
import type { Config } from "../config/types.ts";
import { AutonomyError, errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable } from "../platform/platform.ts";
import { placeOf, withAdvice } from "./advice.ts";
import type { Acknowledgement, Channel, ChannelName, Sent } from "./channels/channel.ts";
import { CHANNELS, type ChannelWorld, makeChannel } from "./make-channels.ts";
import { createOutbox, type Outbox, type OutboxStatus } from "./outbox.ts";
import { highest, isAtLeast, type Message } from "./types.ts";
import { plain, wordsOf } from "./words.ts";
import type { Zone } from "./zone.ts";

export interface DeliveryWorld extends ChannelWorld {
	readonly log: Logger;
	readonly version: string;
	config(): Config;
	device(): string;
	zone(): Zone;
	toUnixMs(atMs: number): number;
	/** When the youngest alert that somebody could acknowledge changed; null: none is open. */
	openSinceMs(): number | null;
	isOpen(id: string): boolean;
	onAcknowledged(acknowledgement: Acknowledgement): void;
	/** What memory() gives has changed. */
	onChange(): void;
}

export interface ChannelStatus extends OutboxStatus {
	readonly name: ChannelName;
	/** Something it cannot do without is not configured. */
	readonly missing: boolean;
}

/** Of one channel, for the daemon's next start. */
export interface ChannelMemory {
	readonly name: string;
	readonly waiting: readonly Message[];
	readonly memory: unknown;
}

export interface Delivery extends Closable {
	/** To every channel that wants it; with `only`, to that one. False: no channel takes it. */
	send(message: Message, only?: ChannelName): boolean;
	/** At once, whatever waits. */
	test(message: Message, name: ChannelName): void;
	kick(): void;
	configure(): void;
	status(): readonly ChannelStatus[];
	memory(): readonly ChannelMemory[];
	recall(memories: readonly ChannelMemory[]): void;
}

const ASK_EVERY_MS = 30_000;
/** Somebody who has not acknowledged by then is asked for rarely, and in the end no more: it costs data. */
const SOON_MS = 600_000;
const RARELY_MS = 300_000;
const LAST_MS = 86_400_000;

interface Entry {
	readonly key: string;
	readonly channel: Channel;
	/** The same for all configurations of a channel: what is under way may end, and what waits stays in order. */
	readonly outbox: Outbox;
	readonly threshold: AlertLevel | null;
	readonly escalation: boolean;
}

export function createDelivery(world: DeliveryWorld): Delivery {
	const { platform, log } = world;
	const { clock, timers } = platform;
	const entries = new Map<ChannelName, Entry>();
	let asker: Closable | null = null;
	let asking = false;
	let askedMs = Number.NEGATIVE_INFINITY;
	let closed = false;

	function configure(): void {
		const config = world.config();
		for (const name of CHANNELS) {
			const section = config[name];
			const old = entries.get(name);
			const key = JSON.stringify(section);
			if (old?.key === key) continue;
			if (!section.enabled) {
				old?.outbox.close();
				entries.delete(name);
				continue;
			}
			const channel = makeChannel(name, config, world);
			const memory = old?.channel.memory?.();
			if (memory !== undefined) channel.recall?.(memory);
			const outbox = old?.outbox ?? outboxOf(name, channel);
			const { threshold, escalation } = section;
			entries.set(name, { key, channel, outbox, threshold, escalation });
			if (old !== undefined) outbox.use(channel);
			if (channel.missing !== null)
				log.warn("alert", { channel: name, reason: `${channel.missing} is missing: nothing is sent` });
		}
		const asks = [...entries.values()].some((one) => one.channel.acknowledgements !== undefined);
		if (asks && asker === null) asker = timers.every(ASK_EVERY_MS, () => void ask());
		if (!asks) {
			asker?.close();
			asker = null;
		}
	}

	function outboxOf(name: ChannelName, channel: Channel): Outbox {
		return createOutbox({
			platform,
			channel,
			online: () => !world.isOffline(),
			send: (used, message) => sendOne(name, used, message),
			onFailure(text, first) {
				world.onChange();
				log[first ? "warn" : "debug"]("alert", { channel: name, reason: `not sent, tried again later: ${text}` });
			},
			onSent({ id, kind, level }, late, how) {
				world.onChange();
				const by = how === "" ? {} : { reason: `sent ${how}` };
				log.info("alert", { channel: name, message: id, kind, level, late, ...by });
			},
		});
	}

	async function sendOne(name: ChannelName, channel: Channel, message: Message): Promise<Sent> {
		if (channel.missing !== null)
			return { ok: false, why: "settings", waitMs: null, text: `${channel.missing} is missing` };
		const nowMs = clock.monotonicMs();
		const device = world.device();
		const words = wordsOf(message, { device, zone: world.zone(), nowMs, toUnixMs: world.toUnixMs });
		try {
			const sent = await channel.send({
				message,
				words,
				device,
				happenedUnixMs: world.toUnixMs(message.atMs),
				nowUnixMs: world.toUnixMs(nowMs),
				version: world.version,
				toUnixMs: world.toUnixMs,
				isOpen: world.isOpen,
			});
			if (sent.text === undefined) return sent;
			const text = withoutSecrets(sent.text, channel);
			return { ...sent, text: !sent.ok && sent.why === "settings" ? withAdvice(text, name) : text };
		} catch (error) {
			const text = withoutSecrets(errorText(error), channel);
			const settings = error instanceof AutonomyError && error.code === "refused";
			if (!settings) return { ok: false, why: "again", waitMs: null, text };
			return { ok: false, why: "settings", waitMs: null, text: withAdvice(text, name) };
		}
	}

	function withoutSecrets(text: string, channel: Channel): string {
		let clean = text;
		// Longest first: a secret may hold another one.
		for (const secret of [...channel.secrets].sort((a, b) => b.length - a.length)) {
			if (secret.length >= 3) clean = clean.split(secret).join("***");
		}
		return plain(clean, 300);
	}

	function wants(entry: Entry, message: Message): Message | null {
		if (message.kind === "test" || message.kind === "report") return message;
		if (entry.escalation !== (message.kind === "escalation")) return null;
		const least = entry.threshold ?? "info";
		const notices = message.notices.filter(
			(one) => (!one.silent || entry.channel.keepsLife) && isAtLeast(one.alert.level, least),
		);
		if (notices.length === 0) return null;
		return notices.length === message.notices.length
			? message
			: { ...message, notices, level: highest(notices.map((one) => one.alert.level)) };
	}

	async function ask(): Promise<void> {
		if (asking || closed || world.isOffline()) return;
		const now = clock.monotonicMs();
		const sinceMs = world.openSinceMs();
		const ageMs = sinceMs === null ? Number.POSITIVE_INFINITY : now - sinceMs;
		const due = ageMs <= SOON_MS || (ageMs <= LAST_MS && now - askedMs >= RARELY_MS);
		if (due) askedMs = now;
		asking = true;
		try {
			for (const [name, { channel }] of [...entries]) {
				if (channel.acknowledgements === undefined || channel.missing !== null) continue;
				if (!due && channel.isPending?.(world.isOpen) !== true) continue;
				try {
					for (const one of await channel.acknowledgements(world.isOpen)) if (!closed) world.onAcknowledged(one);
				} catch (error) {
					log.debug("alert", { channel: name, reason: withoutSecrets(errorText(error), channel) });
				}
			}
		} finally {
			asking = false;
		}
	}

	configure();
	return {
		send(message, only) {
			let taken = false;
			for (const [name, entry] of entries) {
				if (only !== undefined && name !== only) continue;
				const wanted = wants(entry, message);
				if (wanted === null) continue;
				taken = true;
				entry.outbox.push(wanted);
				world.onChange();
			}
			return taken;
		},
		test: (message, name) => entries.get(name)?.outbox.test(message),
		kick() {
			for (const { outbox } of entries.values()) outbox.kick();
		},
		configure,
		status: () =>
			[...entries].map(([name, { channel, outbox }]) => {
				const status = outbox.status();
				const { missing } = channel;
				const text = missing === null ? status.text : `${missing} is missing in ${placeOf(name)}`;
				return { name, ...status, text, missing: missing !== null };
			}),
		memory: () =>
			[...entries].map(([name, { channel, outbox }]) => ({
				name,
				waiting: outbox.waiting(),
				memory: channel.memory?.() ?? null,
			})),
		recall(memories) {
			for (const { name, waiting, memory } of memories) {
				const entry = entries.get(name as ChannelName);
				if (entry === undefined) continue;
				entry.channel.recall?.(memory);
				for (const message of waiting) entry.outbox.push(message);
			}
		},
		close() {
			closed = true;
			asker?.close();
			for (const { outbox } of entries.values()) outbox.close();
			entries.clear();
		},
	};
}

/**
 * MQTT. States are retained and sent when they change and every 30 s; what must not get lost goes through the queue.
 * The library is loaded by the first connection. A broker that is away is tried again after 5 s, then later and later, at
 * most every minute. Owns link and timers; `close()` says goodbye and ends both.
 */
import type { Notification, Reply } from "../../contract/api.ts";
import { AVAILABILITY, TOPICS, type TopicName } from "../../contract/mqtt.ts";
import type { Config } from "../config/types.ts";
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { MqttLink, MqttOptions } from "../platform/outlets.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import { announcements, nodeId } from "./home-assistant.ts";
import { parseCommand } from "./mqtt-command.ts";
import { createMqttQueue } from "./mqtt-queue.ts";
import { encode, healthPayload, level, type Payload, statePayload, uplinkPayload } from "./payload.ts";
import type { Source } from "./source.ts";

export interface Mqtt extends Closable {
	configure(): void;
	decision(decision: Reply<"decisions">["decisions"][number]): void;
	event(event: Reply<"events">["events"][number]): void;
	alert(alert: Notification<"alert">): void;
	/** Something has changed: states are looked at soon. */
	changed(): void;
	problems(): readonly string[];
	stats(): {
		readonly connected: boolean;
		readonly published: number;
		readonly queued: number;
		readonly dropped: number;
	};
}

const BEAT_MS = 30_000;
const SOON_MS = 100;
const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 60_000;
const CONNECT_MS = 15_000;
const KEEPALIVE_S = 30;
const COMMANDS_PER_10_S = 10;

export function createMqtt(options: {
	readonly platform: Pick<Platform, "clock" | "timers" | "outlets" | "random">;
	readonly log: Logger;
	readonly config: () => Config["mqtt"];
	readonly source: Source;
}): Mqtt {
	const { platform, log, config, source } = options;
	const { clock, timers, outlets } = platform;
	const queue = createMqttQueue(config().bufferKb * 1024);
	/** Topic -> what was sent last, without its time. */
	const lastStates = new Map<string, string>();
	const announced = new Set<string>();
	let key = "";
	let link: MqttLink | null = null;
	let open = false;
	let generation = 0;
	let retry: Closable | null = null;
	let beat: Closable | null = null;
	let soon: Closable | null = null;
	let failures = 0;
	let published = 0;
	let problem: string | null = null;
	let commandTimes: number[] = [];
	let closed = false;

	const base = (): string => `${config().topicPrefix}/${level(source.device())}`;

	function optionsOf(): MqttOptions {
		const { broker, port, tls, username, password, protocol, clientId, caFile, certFile, keyFile } = config();
		const address = /^(?:[a-z]+:\/\/)?(\[[^\]]+\]|[^:/]+)(?::(\d{1,5}))?\/?$/i.exec(broker ?? "");
		if (address === null) throw new Error("option broker of section mqtt is missing, or no host name");
		return {
			host: (address[1] ?? "").replace(/^\[|\]$/g, ""),
			port: port ?? Number(address[2] ?? (tls ? 8883 : 1883)),
			protocol,
			clientId: clientId ?? `autonomyd-${level(source.device())}`.slice(0, 60),
			username,
			password,
			tls: tls ? { caFile, certFile, keyFile } : null,
			will: { topic: `${base()}/${AVAILABILITY}`, payload: "offline" },
			connectTimeoutMs: CONNECT_MS,
			keepaliveS: KEEPALIVE_S,
		};
	}

	function connect(): void {
		const mine = ++generation;
		const alive = (): boolean => !closed && mine === generation;
		const lost = (reason: string): void => {
			if (!alive()) return;
			generation++;
			link = null;
			open = false;
			queue.use(null);
			failures++;
			const words = `mqtt: ${withoutSecrets(reason)}`;
			if (problem === null) log.warn("publish", { reason: `${words}; tried again` });
			problem = words;
			const pause = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 8));
			const spread = pause * 0.2 * (platform.random.uint32() / 2 ** 32);
			retry = timers.after(pause + spread, connect);
		};
		let opened = false;
		const handlers = {
			onOpen(): void {
				opened = true;
				if (alive() && link !== null) begin(link);
			},
			onMessage(topic: string, payload: string, retained: boolean): void {
				if (alive()) guarded(() => received(topic, payload, retained));
			},
			onClose: lost,
		};
		Promise.resolve()
			.then(() => outlets.openMqtt(optionsOf(), handlers))
			.then(
				(made) => {
					if (!alive()) made.close();
					else {
						link = made;
						if (opened) begin(made);
					}
				},
				(error) => lost(errorText(error)),
			);
	}

	/** The broker has taken us. */
	function begin(made: MqttLink): void {
		if (open) return;
		open = true;
		failures = 0;
		if (problem !== null) log.info("publish", { reason: "mqtt: connected again" });
		problem = null;
		lastStates.clear();
		const { commands, homeassistantPrefix } = config();
		send(made, AVAILABILITY, "online", true);
		const topics = [
			...(commands ? [`${base()}/command/+`] : []),
			// What an earlier run announced and is not there any more comes back as retained messages.
			`${homeassistantPrefix}/+/${nodeId(source.device())}/+/config`,
		];
		made
			.subscribe(topics)
			.catch((error) => log.warn("publish", { reason: `mqtt: ${withoutSecrets(errorText(error))}` }));
		guarded(() => states(true));
		queue.use(made);
	}

	function send(to: MqttLink, topic: string, payload: string, retain: boolean, qos: 0 | 1 = 0): void {
		published++;
		// A lost state is followed by a newer one.
		to.publish(`${base()}/${topic}`, payload, { qos, retain: retain && config().retain }).catch(() => undefined);
	}

	function state<T extends TopicName>(topic: T, path: string, value: Payload<T>, keyOf: unknown, force: boolean): void {
		if (link === null || !open) return;
		const known = JSON.stringify(keyOf);
		if (!force && lastStates.get(path) === known) return;
		lastStates.set(path, known);
		send(link, path, encode(topic, value), TOPICS[topic].retained);
	}

	/** Between beats only what people would call a change is sent: figures move all the time. */
	function states(force: boolean): void {
		if (link === null || !open) return;
		const now = clock.wallMs();
		const whole = statePayload(source, now);
		state("state", "state", whole, { ...whole, ts: 0, text: "" }, force);
		const { members } = source.members();
		const paths = new Set<string>();
		for (const member of members) {
			const path = `uplinks/${level(member.name)}`;
			paths.add(path);
			const { state: its, eligible, primary } = member;
			state("uplinks/<name>", path, uplinkPayload(member, now), [its, eligible, primary], force);
		}
		for (const path of lastStates.keys()) {
			if (!path.startsWith("uplinks/") || paths.has(path)) continue;
			// An uplink that is gone leaves nothing behind.
			lastStates.delete(path);
			send(link, path, "", true);
		}
		if (force) state("health", "health", healthPayload(source, now), now, true);
		announce(link, members);
	}

	function announce(to: MqttLink, members: Reply<"members">["members"]): void {
		const { homeassistant, homeassistantPrefix: prefix, commands } = config();
		const wanted = homeassistant
			? announcements({ prefix, base: base(), device: source.device(), version: source.version, commands }, members)
			: [];
		const topics = new Set(wanted.map((one) => one.topic));
		for (const { topic, payload } of wanted) {
			if (lastStates.get(`ha ${topic}`) === payload) continue;
			lastStates.set(`ha ${topic}`, payload);
			announced.add(topic);
			published++;
			to.publish(topic, payload, { qos: 1, retain: true }).catch(() => undefined);
		}
		for (const topic of announced) if (!topics.has(topic)) retract(to, topic);
	}

	function retract(to: MqttLink, topic: string): void {
		announced.delete(topic);
		lastStates.delete(`ha ${topic}`);
		to.publish(topic, "", { qos: 1, retain: true }).catch(() => undefined);
	}

	function received(topic: string, payload: string, retained: boolean): void {
		const prefix = `${base()}/command/`;
		if (topic.startsWith(prefix)) {
			const word = topic.slice(prefix.length);
			if (word !== "result") command(word, payload, retained);
		} else if (retained && payload !== "" && link !== null && !announced.has(topic) && topic.endsWith("/config")) {
			retract(link, topic);
		}
	}

	function command(word: string, payload: string, retained: boolean): void {
		// Whoever left a command at the broker meant another time.
		if (retained || !config().commands) return;
		const now = clock.monotonicMs();
		commandTimes = commandTimes.filter((atMs) => now - atMs < 10_000);
		const answer = (ok: boolean, text: string): void => {
			log.info("publish", { reason: "command over MQTT", what: word.slice(0, 20), ok, text });
			push("command/result", { ts: clock.wallMs(), name: word.slice(0, 20), ok, text });
		};
		if (commandTimes.length >= COMMANDS_PER_10_S) {
			if (commandTimes.length === COMMANDS_PER_10_S)
				answer(false, `more than ${COMMANDS_PER_10_S} commands within 10 s`);
			commandTimes.push(now);
			return;
		}
		commandTimes.push(now);
		const parsed = parseCommand(word, payload);
		if ("problem" in parsed) {
			answer(false, parsed.problem);
			return;
		}
		source.command(parsed.name, parsed.uplink, parsed.forS).then(
			({ ok, text }) => answer(ok, text),
			(error) => answer(false, errorText(error)),
		);
	}

	function push<T extends TopicName>(topic: T, value: Payload<T>): void {
		if (key === "") return;
		const { qos } = TOPICS[topic];
		const wanted = qos === "configured" ? config().qos : qos;
		published++;
		queue.push(`${base()}/${topic}`, encode(topic, value), wanted === 2 ? 2 : wanted === 1 ? 1 : 0);
	}

	function guarded(work: () => void): void {
		try {
			work();
		} catch (error) {
			log.error("publish", { reason: `mqtt: ${withoutSecrets(errorText(error))}` });
		}
	}

	function withoutSecrets(text: string): string {
		const { username, password } = config();
		return [password, username].reduce<string>(
			(clean, one) => (one === null || one.length < 3 ? clean : clean.split(one).join("***")),
			text,
		);
	}

	function leave(): void {
		generation++;
		retry?.close();
		beat?.close();
		soon?.close();
		retry = null;
		beat = null;
		soon = null;
		if (link !== null && open) {
			link.publish(`${base()}/${AVAILABILITY}`, "offline", { qos: 1, retain: true }).catch(() => undefined);
			link.end();
		} else link?.close();
		link = null;
		open = false;
		queue.use(null);
	}

	return {
		configure() {
			const next = config().enabled ? JSON.stringify([config(), source.device()]) : "";
			if (next === key) return;
			if (key !== "") leave();
			key = next;
			problem = null;
			failures = 0;
			queue.setLimit(config().bufferKb * 1024);
			if (next === "") return;
			beat = timers.every(BEAT_MS, () => guarded(() => states(true)));
			connect();
		},
		decision: (one) => push("decisions", one),
		event: (one) => push("events", one),
		alert: (one) => push("alerts", one),
		changed() {
			if (!open || soon !== null) return;
			soon = timers.after(SOON_MS, () => {
				soon = null;
				guarded(() => states(false));
			});
		},
		problems: () => (problem === null ? [] : [problem]),
		stats() {
			const { queued, dropped } = queue.stats();
			return { connected: open, published, queued, dropped };
		},
		close() {
			closed = true;
			leave();
		},
	};
}

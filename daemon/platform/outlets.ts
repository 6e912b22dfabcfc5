/**
 * What the daemon needs only to tell others what goes on: mail, MQTT, a small web server. Part of the seam
 * (platform.ts); everything behind it is loaded on first use, since most routers need none of it.
 */
import { AutonomyError } from "./error.ts";

/** For `listen` of both engines: nothing here may be asked from outside the router. */
export function refuseUnlessLoopback(host: string): void {
	if (host !== "127.0.0.1" && host !== "::1") throw new AutonomyError("refused", "only on loopback addresses");
}

export interface Outlets {
	/** In lower case hex. */
	hmacSha256(secret: string, text: string): Promise<string>;
	/** Of the text in UTF-8. */
	base64(text: string): string;
	/** End of validity of the first certificate in a PEM text; null when it cannot be read. */
	certificateEndUnixMs(pem: string): Promise<number | null>;
	sendMail(mail: Mail): Promise<void>;
	/** The package that web push lacks on this router; null: none. */
	pushLacks(): string | null;
	/** A new pair for VAPID (RFC 8292). */
	newPushKeys(): Promise<PushKeys>;
	/** What to post to the push service. Rejects with bad_argument when the browser's keys are none. */
	sealPush(push: PushToSend): Promise<SealedPush>;
	openMqtt(options: MqttOptions, handlers: MqttHandlers): Promise<MqttLink>;
	/** Only on loopback addresses. Rejects with connection_failed when the port is taken. */
	listen(options: ListenOptions): Promise<Listening>;
}

export interface Mail {
	readonly host: string;
	readonly port: number;
	/** tls: from the first byte; starttls: nothing is sent before it; plain: neither. */
	readonly security: "tls" | "starttls" | "plain";
	/** Path of a PEM file; null: the authorities the router trusts. One that cannot be read rejects with its error. */
	readonly caFile: string | null;
	readonly user: string | null;
	readonly password: string | null;
	readonly localAddress?: string;
	readonly timeoutMs: number;
	readonly from: string;
	readonly to: readonly string[];
	readonly subject: string;
	readonly text: string;
	readonly html?: string;
	/** Unix ms. */
	readonly dateMs: number;
	readonly urgent: boolean;
}

/** P-256, base64url: the point uncompressed, the number as 32 bytes. */
export interface PushKeys {
	readonly publicKey: string;
	readonly privateKey: string;
}

export interface PushToSend {
	readonly endpoint: string;
	/** The browser's point and secret, base64url. */
	readonly p256dh: string;
	readonly auth: string;
	readonly keys: PushKeys;
	readonly payload: string;
	/** Whom the service may write to, as mailto:; null: nobody. */
	readonly contact: string | null;
	/** Unix ms. */
	readonly nowMs: number;
}

export interface SealedPush {
	readonly headers: Readonly<Record<string, string>>;
	readonly body: Uint8Array;
}

export interface MqttWill {
	readonly topic: string;
	readonly payload: string;
}

/** Paths of PEM files; caFile null: the authorities the router trusts. Those that cannot be read reject with their error. */
export interface TlsFiles {
	readonly caFile: string | null;
	readonly certFile: string | null;
	readonly keyFile: string | null;
}

export interface MqttOptions {
	readonly host: string;
	readonly port: number;
	readonly protocol: "3.1.1" | "5";
	readonly clientId: string;
	readonly username: string | null;
	readonly password: string | null;
	readonly tls: TlsFiles | null;
	/** Retained, QoS 1. */
	readonly will: MqttWill;
	readonly connectTimeoutMs: number;
	readonly keepaliveS: number;
}

export interface MqttHandlers {
	onOpen(): void;
	onMessage(topic: string, payload: string, retained: boolean): void;
	/** Exactly once. */
	onClose(reason: string): void;
}

/** One connection; it does not come back by itself. */
export interface MqttLink {
	close(): void;
	/**
	 * Resolves when it is out (QoS 0) or the broker has it (QoS 1, 2). Rejects with connection_closed when the link ends
	 * before, with refused or bad_argument when this message would be refused over any other link, too.
	 */
	publish(
		topic: string,
		payload: string,
		options: { readonly qos: 0 | 1 | 2; readonly retain: boolean },
	): Promise<void>;
	subscribe(topics: readonly string[]): Promise<void>;
	/** Sends what was published and says goodbye, so that the broker does not send the will. */
	end(): void;
}

export interface Listening {
	readonly port: number;
	close(): void;
}

/** Prometheus asks once a minute, as it comes, and keeps its connection. */
export const IDLE_MS = 90_000;

export interface ListenOptions {
	readonly host: "127.0.0.1" | "::1";
	readonly port: number;
	/** How long a connection is kept on which nobody asks; default: IDLE_MS. Those there are too many of, not so long. */
	readonly idleMs?: number;
	/** Only GET and HEAD come here. Null: not found. */
	handle(path: string): { readonly status: number; readonly type: string; readonly body: string } | null;
}

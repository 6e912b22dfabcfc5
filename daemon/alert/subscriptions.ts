/**
 * Who is told by web push, and the keys we sign with: one small file, mode 600, read when first asked for and written
 * only when somebody subscribes or leaves. Bounded; what stands in it is checked like anything from outside. Owned by
 * daemon/loop/outlets.ts; the channel (channels/push.ts) and serve/ use it.
 */
import { MOST_PUSH } from "../../contract/api-alerts.ts";
import { AutonomyError, errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { PushKeys } from "../platform/outlets.ts";
import type { Platform } from "../platform/platform.ts";
import { plain } from "./words.ts";

export const PUSH_FILE = "/etc/autonomy/push.json";

export interface Subscription {
	readonly endpoint: string;
	readonly p256dh: string;
	readonly auth: string;
	readonly label: string;
	readonly sinceUnixMs: number;
}

export interface Subscriptions {
	list(): readonly Subscription[];
	/** Made by the first call and kept. Rejects with tool_missing. */
	keys(): Promise<PushKeys>;
	/** Throws bad_argument, refused (too many) or a file error. */
	add(subscription: Omit<Subscription, "sinceUnixMs">): void;
	/** By endpoint, or by its end; how many there were. `why`: for the log, when its owner did not ask for it. */
	remove(endpoint: string, why?: string): number;
}

interface Kept {
	readonly keys: PushKeys | null;
	readonly subscriptions: readonly Subscription[];
}

const NOTHING: Kept = { keys: null, subscriptions: [] };
const MAX_FILE = 65_536;
const POINT = /^B[\w-]{86}=?$/;
const SECRET = /^[\w-]{22}(==)?$/;
/** No name or password in it, nothing a header or a log could trip over. */
const ENDPOINT = /^https:\/\/[a-z0-9.:[\]-]{1,255}\/[\w./~:;%=&?+,@!$*-]{1,900}$/i;
/** Shorter ends could mean another one. */
const LEAST_TAIL = 16;

function isKeys(value: unknown): value is PushKeys {
	const { publicKey, privateKey } = (value ?? {}) as Partial<Record<keyof PushKeys, unknown>>;
	return typeof publicKey === "string" && POINT.test(publicKey) && typeof privateKey === "string";
}

function isSubscription(value: unknown): value is Subscription {
	const { endpoint, p256dh, auth, label, sinceUnixMs } = (value ?? {}) as Partial<Record<keyof Subscription, unknown>>;
	return wrong(endpoint, p256dh, auth) === null && typeof label === "string" && typeof sinceUnixMs === "number";
}

function wrong(endpoint: unknown, p256dh: unknown, auth: unknown): string | null {
	if (typeof endpoint !== "string" || !ENDPOINT.test(endpoint)) return "endpoint is no https address of a push service";
	if (typeof p256dh !== "string" || !POINT.test(p256dh)) return "p256dh is no public key of a browser";
	return typeof auth === "string" && SECRET.test(auth) ? null : "auth is no secret of a browser";
}

export function createSubscriptions(
	{ files, outlets, clock }: Pick<Platform, "files" | "outlets" | "clock">,
	log: Logger,
	path = PUSH_FILE,
): Subscriptions {
	let kept: Kept | null = null;
	let making: Promise<PushKeys> | null = null;
	let told = false;

	/** A file that is there but cannot be read now (no free descriptor, failing flash) throws: nobody may write over it. */
	function read(): Kept {
		kept ??= understood(files.readTextIfAny(path));
		return kept;
	}

	function warn(why: string): void {
		if (!told) log.warn("alert", { channel: "push", reason: `${path} cannot be used: ${why}` });
		told = true;
	}

	function understood(text: string | null): Kept {
		if (text === null) return NOTHING;
		try {
			if (text.length > MAX_FILE) throw new Error("too long");
			const { keys, subscriptions } = (JSON.parse(text) ?? {}) as Readonly<Record<string, unknown>>;
			const all = Array.isArray(subscriptions) ? subscriptions.filter(isSubscription) : [];
			return { keys: isKeys(keys) ? keys : null, subscriptions: all.slice(0, MOST_PUSH) };
		} catch {
			// An engine's complaint quotes the text: here it would put a key into the log.
			warn("torn or foreign; phones and browsers must subscribe again");
			return NOTHING;
		}
	}

	function write(next: Kept): void {
		files.makeDirectory(path.slice(0, path.lastIndexOf("/")));
		files.writeAtomic(path, `${JSON.stringify(next, null, 1)}\n`, 0o600);
		kept = next;
	}

	async function makeKeys(): Promise<PushKeys> {
		const keys = await outlets.newPushKeys();
		// Who subscribed with keys that are lost cannot be told any more.
		write({ keys, subscriptions: [] });
		return keys;
	}

	return {
		list() {
			try {
				return read().subscriptions;
			} catch (error) {
				warn(errorText(error));
				return [];
			}
		},
		async keys() {
			const { keys } = read();
			if (keys !== null) return keys;
			making ??= makeKeys().finally(() => {
				making = null;
			});
			return making;
		},
		add(given) {
			const problem = wrong(given.endpoint, given.p256dh, given.auth);
			if (problem !== null) throw new AutonomyError("bad_argument", problem);
			const { keys, subscriptions } = read();
			if (keys === null) throw new AutonomyError("refused", "ask push_key for the router's key first");
			const others = subscriptions.filter((one) => one.endpoint !== given.endpoint);
			if (others.length >= MOST_PUSH) {
				throw new AutonomyError("refused", `${MOST_PUSH} phones and browsers are told already; take one out first`);
			}
			const one = { ...given, label: plain(given.label, 64), sinceUnixMs: Math.round(clock.wallMs()) };
			write({ keys, subscriptions: [...others, one] });
		},
		remove(endpoint, why) {
			const { keys, subscriptions } = read();
			const isIt = (one: Subscription): boolean =>
				one.endpoint === endpoint || (endpoint.length >= LEAST_TAIL && one.endpoint.endsWith(endpoint));
			const left = subscriptions.filter((one) => !isIt(one));
			const gone = subscriptions.filter(isIt);
			if (gone.length === 0) return 0;
			write({ keys, subscriptions: left });
			const reason = `${gone.map((one) => one.label).join(", ")} is not told any more`;
			log[why === undefined ? "info" : "warn"]("alert", {
				channel: "push",
				reason: why ? `${reason}: ${why}` : reason,
			});
			return gone.length;
		},
	};
}

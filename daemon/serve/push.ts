/** push_status, push_key, push_subscribe, push_unsubscribe: phones and browsers that want to be told. */

import type { CallArgs, Reply } from "../../contract/api.ts";
import { MOST_PUSH } from "../../contract/api-alerts.ts";
import { AutonomyError } from "../platform/error.ts";
import type { ServeDeps } from "./deps.ts";

/** By its end a browser knows its own address; the whole would let others send. */
const TAIL = 24;

export function pushStatusReply({ push, config }: ServeDeps): Reply<"push_status"> {
	const { enabled } = config.current().push;
	const lacks = push.lacks();
	const all = push.list();
	const words = (): string => {
		if (lacks !== null) return `web push needs the package ${lacks}: install it`;
		if (!enabled) return "switched off: option enabled in section push of /etc/config/autonomy";
		return all.length === 0 ? "nobody has subscribed yet" : `${all.length} of at most ${MOST_PUSH} are told`;
	};
	return {
		available: lacks === null,
		enabled,
		text: words(),
		subscriptions: all.map(({ label, endpoint, sinceUnixMs }) => ({
			label,
			tail: endpoint.slice(-TAIL),
			since_unix_ms: sinceUnixMs,
		})),
	};
}

export async function pushKeyReply({ push }: ServeDeps): Promise<Reply<"push_key">> {
	return { ok: true, text: "the key of this router", public_key: (await push.keys()).publicKey };
}

export function pushSubscribeReply({ push }: ServeDeps, args: CallArgs<"push_subscribe">): Reply<"push_subscribe"> {
	const label = args.label === "" ? "a browser" : args.label;
	push.add({ endpoint: args.endpoint, p256dh: args.p256dh, auth: args.auth, label });
	return { ok: true, text: `${label} is told of alerts from now on` };
}

export function pushUnsubscribeReply(
	{ push }: ServeDeps,
	{ endpoint }: CallArgs<"push_unsubscribe">,
): Reply<"push_unsubscribe"> {
	if (push.remove(endpoint) === 0) throw new AutonomyError("not_found", "nobody with this address is told");
	return { ok: true, text: "not told any more" };
}

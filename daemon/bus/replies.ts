/**
 * Answers to incoming calls: DATA frames, then one STATUS, with the caller's seq and peer. Sends nothing for NO_REPLY
 * and nothing over a newer connection. When the outgoing queue is full the answer is lost: the caller has a time limit,
 * and a queue without bound would take the router down; it is counted and logged.
 */
import { AutonomyError, errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { BlobInputTable } from "./blobmsg.ts";
import type { Link } from "./link.ts";
import { ATTR, type Message, MSG } from "./message.ts";
import { STATUS } from "./status.ts";

export interface Reply {
	/** Data (unless null), then STATUS OK. Data that cannot be encoded becomes UNKNOWN_ERROR and a log line. */
	succeed(data: BlobInputTable | null): void;
	finish(status: number): void;
}

export interface Replies {
	to(message: Message): Reply;
	countDrop(what: string, object: string): void;
	readonly dropped: number;
}

export function createReplies(link: Link, log: Logger): Replies {
	let dropped = 0;

	function countDrop(what: string, object: string): void {
		dropped++;
		// Once per power of two: visible, and no flood.
		if ((dropped & (dropped - 1)) === 0)
			log.warn("ubus does not take what we send; dropped", { what, object, dropped });
	}

	function send(frame: Uint8Array, method: string): boolean {
		try {
			link.post(frame);
			return true;
		} catch (error) {
			if (!(error instanceof AutonomyError && error.code === "connection_failed")) countDrop("answer", method);
			return false;
		}
	}

	return {
		countDrop,
		get dropped() {
			return dropped;
		},
		to(message) {
			const { seq, peer, noReply } = message;
			const objId = message.objId ?? 0;
			const method = message.method ?? "";
			const generation = link.generation;

			function finish(status: number): void {
				if (noReply || generation !== link.generation) return;
				const writer = link.writer.begin(MSG.status, seq, peer);
				send(writer.u32(ATTR.status, status).u32(ATTR.objId, objId).end(), method);
			}

			return {
				finish,
				succeed(data) {
					if (noReply || generation !== link.generation) return;
					if (data !== null) {
						let frame: Uint8Array;
						try {
							frame = link.writer.begin(MSG.data, seq, peer).u32(ATTR.objId, objId).table(ATTR.data, data).end();
						} catch (error) {
							log.error("answer cannot be sent over ubus", { method, error: errorText(error) });
							return finish(STATUS.unknownError);
						}
						if (!send(frame, method)) return;
					}
					finish(STATUS.ok);
				},
			};
		},
	};
}

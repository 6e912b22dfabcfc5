/**
 * One HTTP request over whichever way works: from the address of the uplink in use (a source rule sends it out there), as
 * the router routes, from the addresses of the others. The next way is tried only while nothing can have been sent: when
 * no connection stands.
 * What a service does not answer in time is tried again later, by the outbox.
 */
import { AutonomyError } from "../platform/error.ts";
import type { HttpClient, HttpResponse } from "../platform/platform.ts";
import type { Post } from "./channels/channel.ts";

const CONNECT_MS = 5_000;
const ANSWER_MS = 10_000;
const MAX_ANSWER = 65_536;
const MAX_WAYS = 4;

/** `ways`: local addresses, best first; null: as the router sends by itself. */
export function createPost(http: HttpClient, ways: () => readonly (string | null)[]): Post {
	return async (request): Promise<HttpResponse> => {
		let last: unknown = new AutonomyError("connection_failed", "no way out");
		for (const localAddress of ways().slice(0, MAX_WAYS)) {
			try {
				return await http.request({
					...request,
					timeoutMs: request.timeoutMs ?? ANSWER_MS,
					connectTimeoutMs: CONNECT_MS,
					maxBytes: MAX_ANSWER,
					...(localAddress === null ? {} : { localAddress }),
				});
			} catch (error) {
				last = error;
				if (!(error instanceof AutonomyError && error.code === "connection_failed")) break;
			}
		}
		throw last;
	};
}

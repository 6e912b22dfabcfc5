/**
 * Datagrams on QuickJS: one `socat` per destination, bound to the local address. A write of ours is one datagram; what
 * arrives is told as it is read, so two that come within a millisecond can be told as one.
 */
import { errorText } from "../error.ts";
import type { Datagrams } from "../platform.ts";
import { carries, type RawChild, spawn } from "./children.ts";
import { qjsTimers } from "./clock.ts";
import { createLineCutter } from "./lines.ts";
import { endChild } from "./processes.ts";
import { failureOf, hostText } from "./socat.ts";

export const qjsDatagrams: Datagrams = {
	open({ family, localAddress }, told) {
		/** Null: closed. Whoever listens knows the socket, and such a circle is garbage that only the collector finds. */
		let handlers: typeof told | null = told;
		const helpers = new Map<string, RawChild>();
		const fail = (error: string): void => {
			handlers?.onError(error);
		};
		const helper = (host: string, port: number): RawChild => {
			const key = `${host} ${port}`;
			const known = helpers.get(key);
			if (known !== undefined && !known.gone) return known;
			const bind = localAddress === undefined ? "" : `,bind=${hostText(localAddress)}`;
			const type = family === "ipv6" ? "UDP6" : "UDP4";
			const notices = createLineCutter((line) => {
				const failure = failureOf(line);
				if (failure !== null) fail(failure);
			});
			const made = spawn(["socat", "-b", "65536", "-", `${type}:${hostText(host)}:${port}${bind}`], undefined, {
				onStdout: (bytes) => handlers?.onMessage(bytes, host, port),
				onStderr: notices.push,
				onEnd: () => notices.end(),
			});
			helpers.set(key, carries(made));
			return made;
		};
		return {
			send(bytes, host, port) {
				if (handlers === null) return;
				try {
					helper(host, port).stdin.write(bytes);
				} catch (error) {
					const text = `cannot start socat: ${errorText(error)}`;
					qjsTimers.after(0, () => fail(text));
				}
			},
			close() {
				if (handlers === null) return;
				handlers = null;
				for (const child of helpers.values()) if (!child.gone) endChild(child);
				helpers.clear();
			},
		};
	},
};

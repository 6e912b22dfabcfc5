/**
 * One connection to the small web server (listen.ts): a `socat` that carries it over its standard input and output. Answers
 * one request after the other, each when the one before has left. Owns its time limits.
 */
import type { ListenOptions } from "../outlets.ts";
import type { Argv, Closable } from "../platform.ts";
import { concat } from "../text.ts";
import { carries, type RawChild, spawn } from "./children.ts";
import { qjsTimers } from "./clock.ts";
import { answer } from "./http-answer.ts";
import { endChild } from "./processes.ts";

/** Until the first request begins: a program is started. */
const START_MS = 5000;
/** For a whole request, and for an answer to leave. */
const REQUEST_MS = 2000;
const ANSWER_MS = 5000;
/** Requests that are sent before the answers to those before. */
const MAX_AHEAD = 32_768;

export interface Served extends Closable {
	/** Nobody has asked anything since the last answer. */
	readonly idle: boolean;
	/** Lets what is under way leave. */
	end(): void;
}

export interface ServedHandlers {
	/** Everything is answered. */
	onIdle(): void;
	/** Exactly once. */
	onEnd(): void;
}

/** Throws when the program cannot be started. `idleMs`: how long a connection is kept on which nobody asks. */
export function serve(argv: Argv, handle: ListenOptions["handle"], idleMs: number, told: ServedHandlers): Served {
	let state: "asked" | "idle" | "ending" = "asked";
	let request: Uint8Array = new Uint8Array(0);
	let limit: Closable | null = null;
	const within = (ms: number, then: () => void = kill): void => {
		limit?.close();
		limit = qjsTimers.after(ms, then);
	};
	function kill(): void {
		if (!child.gone) endChild(child);
	}
	function end(): void {
		if (state === "ending") return;
		state = "ending";
		within(ANSWER_MS);
		child.stdin.end();
	}
	/** One answer at a time: who does not read them is not answered without end. */
	function goOn(): void {
		if (state === "ending" || child.stdin.pendingBytes > 0) return;
		const said = answer(request, handle);
		if (said !== null) {
			request = request.slice(said.used);
			within(ANSWER_MS);
			child.stdin.write(said.bytes);
			if (!said.keep) end();
		} else if (request.length === 0 && state === "asked") {
			state = "idle";
			within(idleMs, end);
			told.onIdle();
		} else if (request.length > 0) within(REQUEST_MS);
	}
	const child: RawChild = spawn(argv, undefined, {
		onStdout(bytes) {
			if (state === "ending") return;
			// Only the first bytes of a request begin its time.
			const begins = request.length === 0;
			state = "asked";
			request = concat([request, bytes]);
			if (begins) within(REQUEST_MS);
			if (request.length > MAX_AHEAD) end();
			else goOn();
		},
		onStderr: () => undefined,
		onStdinEmpty: goOn,
		onEnd() {
			limit?.close();
			state = "ending";
			told.onEnd();
		},
	});
	carries(child);
	within(START_MS);
	return {
		get idle() {
			return state === "idle";
		},
		end,
		close: kill,
	};
}

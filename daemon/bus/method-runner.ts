/**
 * Runs the handlers of served methods: finds the method, checks the arguments, and sees to it that every call ends with
 * exactly one STATUS, also when the answer comes later, never, or as an exception. Outstanding answers are bounded in
 * number and time.
 */
import { AutonomyError, errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Timers } from "../platform/platform.ts";
import { checkArgs } from "./arguments.ts";
import type { BlobInputTable } from "./blobmsg.ts";
import type { ServedMethod } from "./bus.ts";
import type { Message } from "./message.ts";
import type { Reply } from "./replies.ts";
import { STATUS, statusOfError } from "./status.ts";

/** Answers that may be outstanding over all objects; calls beyond that get NO_MEMORY. */
export const MAX_RUNNING = 128;
export const HANDLER_LIMIT_MS = 30_000;

export interface MethodRunner {
	run(object: string, methods: ReadonlyMap<string, ServedMethod>, message: Message, reply: Reply): void;
	/** Forgets outstanding answers: the objects they belong to are closed. */
	close(): void;
	readonly running: number;
}

export function createMethodRunner(timers: Timers, log: Logger): MethodRunner {
	const limits = new Set<{ close(): void }>();

	function failedWith(object: string, method: string, error: unknown): number {
		const status = statusOfError(error);
		if (status === STATUS.unknownError) log.error("ubus method failed", { object, method, error: errorText(error) });
		return status;
	}

	function finishLater(object: string, method: string, reply: Reply, work: Promise<BlobInputTable | null>): void {
		const limit = timers.after(HANDLER_LIMIT_MS, () => {
			limits.delete(limit);
			log.warn("ubus method took too long", { object, method, limit_ms: HANDLER_LIMIT_MS });
			reply.finish(STATUS.timeout);
		});
		limits.add(limit);
		/** False when the time limit was faster. */
		const inTime = (): boolean => {
			limit.close();
			return limits.delete(limit);
		};
		work.then(
			(data) => {
				if (inTime()) reply.succeed(data);
			},
			(error: unknown) => {
				const status = failedWith(object, method, error);
				if (inTime()) reply.finish(status);
			},
		);
	}

	/** The status to end with at once, or null when the answer is given, or will be. */
	function attempt(object: string, method: ServedMethod | undefined, message: Message, reply: Reply): number | null {
		// libubus, too, refuses calls without the DATA attribute.
		if (message.method === null || message.data === null) return STATUS.invalidArgument;
		if (method === undefined) return STATUS.methodNotFound;
		if (limits.size >= MAX_RUNNING) return STATUS.noMemory;
		const { peer: clientId, user, group } = message;
		const { args, session, unknownArgs } = checkArgs(message.data, method.args);
		const result = method.handle(args, { method: message.method, clientId, user, group, session, unknownArgs });
		if (result instanceof Promise) finishLater(object, message.method, reply, result);
		else reply.succeed(result);
		return null;
	}

	return {
		run(object, methods, message, reply) {
			const name = message.method ?? "";
			let status: number | null;
			try {
				status = attempt(object, methods.get(name), message, reply);
			} catch (error) {
				const unreadable = error instanceof AutonomyError && error.code === "bus_protocol";
				status = unreadable ? STATUS.invalidArgument : failedWith(object, name, error);
			}
			if (status !== null) reply.finish(status);
		},
		close() {
			for (const limit of limits) limit.close();
			limits.clear();
		},
		get running() {
			return limits.size;
		},
	};
}

/**
 * The one error class of the daemon. Callers branch on `code`, never on text; the message is for a router owner and
 * says what to do. `context` holds the facts (file, section, option, value, errno, ...), never a secret.
 */
export type ErrorCode =
	// platform
	| "file_not_found"
	| "file_denied"
	| "file_io"
	| "no_space"
	| "spawn_failed"
	| "process_failed"
	| "timeout"
	| "connection_failed"
	| "connection_closed"
	| "aborted"
	| "queue_full"
	// bus
	| "bus_protocol"
	| "bus_status"
	| "bus_not_found"
	| "bus_denied"
	| "bus_bad_argument"
	// gRPC to a dish: denied and unsupported last as long as its firmware
	| "rpc_denied"
	| "rpc_unsupported"
	| "rpc_failed"
	| "rpc_bad_reply"
	// uci, config
	| "uci_parse"
	| "uci_invalid"
	| "config_invalid"
	// steering
	| "steer_unfamiliar"
	| "steer_not_applied"
	| "tool_missing"
	// api
	| "bad_argument"
	| "not_found"
	| "refused"
	| "rate_limited"
	| "internal";

export class AutonomyError extends Error {
	readonly code: ErrorCode;
	readonly context: Readonly<Record<string, unknown>>;

	constructor(code: ErrorCode, message: string, context: Record<string, unknown> = {}) {
		super(message);
		this.name = "AutonomyError";
		this.code = code;
		this.context = context;
	}
}

export function isAutonomyError(error: unknown, code?: ErrorCode): error is AutonomyError {
	return error instanceof AutonomyError && (code === undefined || error.code === code);
}

const TRANSIENT: ReadonlySet<ErrorCode> = new Set([
	"timeout",
	"connection_failed",
	"connection_closed",
	"queue_full",
	"bus_not_found",
	"rate_limited",
]);

/** True when trying again later can help without anybody changing anything. */
export function isTransient(error: unknown): boolean {
	return error instanceof AutonomyError && TRANSIENT.has(error.code);
}

/** Text of any thrown value, for logs and replies. */
export function errorText(error: unknown): string {
	if (error === null) return "out of memory"; // QuickJS throws null where there is no room for an error
	return error instanceof Error ? error.message : String(error);
}

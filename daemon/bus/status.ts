/**
 * ubus status numbers, their texts, and how they become errors of ours and back. One place, so that callers branch on
 * the error code and people read the text.
 */
import { AutonomyError, type ErrorCode } from "../platform/error.ts";

export const STATUS = {
	ok: 0,
	invalidCommand: 1,
	invalidArgument: 2,
	methodNotFound: 3,
	notFound: 4,
	noData: 5,
	permissionDenied: 6,
	timeout: 7,
	notSupported: 8,
	unknownError: 9,
	connectionFailed: 10,
	noMemory: 11,
	parseError: 12,
	systemError: 13,
} as const;

/** libubus's own words: what an owner finds when searching for them. */
const TEXTS: readonly string[] = [
	"Success",
	"Invalid command",
	"Invalid argument",
	"Method not found",
	"Not found",
	"No response",
	"Permission denied",
	"Request timed out",
	"Operation not supported",
	"Unknown error",
	"Connection failed",
	"Out of memory",
	"Parsing message data failed",
	"System error",
];

export function statusText(status: number): string {
	return TEXTS[status] ?? `Status ${status}`;
}

function codeOf(status: number): ErrorCode {
	if (status === STATUS.invalidArgument) return "bus_bad_argument";
	if (status === STATUS.permissionDenied) return "bus_denied";
	if (status === STATUS.timeout) return "timeout";
	return "bus_status";
}

/**
 * The error for a request that ended with `status`. `bus_not_found` is kept for objects that are not on the bus: a
 * method that answers "Not found" for its own reasons gives `bus_status` with context.status 4.
 */
export function statusError(status: number, what: string, context: Record<string, unknown> = {}): AutonomyError {
	const text = statusText(status);
	return new AutonomyError(codeOf(status), `ubus ${what}: ${text}`, { ...context, status, text });
}

const STATUS_OF_CODE: Partial<Record<ErrorCode, number>> = {
	bad_argument: STATUS.invalidArgument,
	bus_bad_argument: STATUS.invalidArgument,
	config_invalid: STATUS.invalidArgument,
	uci_invalid: STATUS.invalidArgument,
	not_found: STATUS.notFound,
	bus_not_found: STATUS.notFound,
	file_not_found: STATUS.notFound,
	refused: STATUS.permissionDenied,
	bus_denied: STATUS.permissionDenied,
	timeout: STATUS.timeout,
	connection_failed: STATUS.connectionFailed,
	connection_closed: STATUS.connectionFailed,
	queue_full: STATUS.noMemory,
	rate_limited: STATUS.noMemory,
};

/** The status a served method ends with when its handler threw; a context.status of an AutonomyError wins. */
export function statusOfError(error: unknown): number {
	if (!(error instanceof AutonomyError)) return STATUS.unknownError;
	const wanted = error.context.status;
	if (typeof wanted === "number" && Number.isInteger(wanted) && wanted > 0 && wanted < TEXTS.length) return wanted;
	return STATUS_OF_CODE[error.code] ?? STATUS.unknownError;
}

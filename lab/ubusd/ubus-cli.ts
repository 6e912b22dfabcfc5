/**
 * The `ubus` command for machines without one: list, call, listen, subscribe, send, wait_for, monitor-free. Same output,
 * messages and exit codes as the real one (compared in test/bus/cli.test.ts), over the daemon's own client.
 */
import { createConnection } from "node:net";
import { parseArgs } from "node:util";
import { WIRE } from "../../daemon/bus/blobmsg.ts";
import type { Bus } from "../../daemon/bus/bus.ts";
import { createBus } from "../../daemon/bus/client.ts";
import { STATUS, statusText } from "../../daemon/bus/status.ts";
import { AutonomyError } from "../../daemon/platform/error.ts";
import type { Logger } from "../../daemon/platform/log.ts";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import { fromJson, toJson } from "./json.ts";

const USAGE = `Usage: ubus [<options>] <command> [arguments...]
Options:
 -s <socket>:	broker socket
 -t <seconds>:	time limit of a command
 -S:		short output, for scripts
 -v:		more output

Commands:
 - list [<path>]
 - call <path> <method> [<message>]
 - subscribe <path> [<path>...]
 - listen [<pattern>...]
 - send <type> [<message>]
 - wait_for <object> [<object>...]
`;

const USAGE_ERROR = -2;

interface Session {
	readonly bus: Bus;
	readonly args: readonly string[];
	readonly short: boolean;
	readonly verbose: boolean;
	/** Seconds for calls and wait_for. */
	readonly limitS: number;
	/** Seconds for listen and subscribe, null without end. */
	readonly listenS: number | null;
}

const silent: Logger = {
	debug: () => undefined,
	info: () => undefined,
	warn: () => undefined,
	error: () => undefined,
	child: () => silent,
	setLevel: () => undefined,
	alsoTo: () => undefined,
	level: () => "error",
	isDebug: () => false,
};

const TYPE_NAMES: Readonly<Record<number, string>> = {
	[WIRE.bool]: "Boolean",
	[WIRE.int32]: "Integer",
	[WIRE.string]: "String",
	[WIRE.array]: "Array",
	[WIRE.table]: "Table",
};

function print(line: string): void {
	process.stdout.write(`${line}\n`);
}

function complain(line: string): void {
	process.stderr.write(`${line}\n`);
}

function statusOf(error: unknown): number {
	if (!(error instanceof AutonomyError)) throw error;
	if (error.code === "timeout") return STATUS.timeout;
	return typeof error.context.status === "number" ? error.context.status : STATUS.connectionFailed;
}

function printEvent(type: string, raw: Uint8Array): void {
	print(`{ "${type}": ${toJson(raw)} }`);
}

/** Until the time is up, the connection is lost or somebody presses Ctrl-C. */
function stay(bus: Bus, seconds: number | null): Promise<void> {
	return new Promise((resolve) => {
		if (seconds !== null) setTimeout(resolve, seconds * 1000);
		bus.onState((state) => state === "disconnected" && resolve());
		process.once("SIGINT", () => resolve());
		process.once("SIGTERM", () => resolve());
	});
}

async function list(session: Session): Promise<number> {
	const pattern = session.args[0];
	if (session.args.length > 1) return USAGE_ERROR;
	if (pattern === "") return STATUS.invalidArgument;
	const objects = await session.bus.list(pattern);
	if (pattern !== undefined && objects.length === 0) return STATUS.notFound;
	for (const object of objects) {
		if (session.short || !session.verbose) {
			print(object.path);
			continue;
		}
		print(`'${object.path}' @${object.id.toString(16).padStart(8, "0")}`);
		for (const [method, args] of Object.entries(object.methods)) {
			const types = Object.entries(args).map(([name, type]) => [name, TYPE_NAMES[type] ?? "(unknown)"]);
			print(`\t${JSON.stringify(method)}:${JSON.stringify(Object.fromEntries(types))}`);
		}
	}
	return STATUS.ok;
}

async function call(session: Session): Promise<number> {
	const [object, method, text] = session.args;
	if (object === undefined || method === undefined || session.args.length > 3) return USAGE_ERROR;
	/** When nobody reads along, the status comes back negative. */
	const failed = (status: number): number => {
		if (session.short || process.stderr.isTTY) return status;
		complain(`Command failed: ubus call ${session.args.join(" ")} (${statusText(status)})`);
		return -status;
	};
	try {
		const message = text === undefined ? {} : fromJson(text);
		await session.bus.lookup(object);
		const pieces = await session.bus.callRaw(object, method, message, { timeoutMs: session.limitS * 1000 });
		for (const piece of pieces) print(toJson(piece, { indented: !session.short }));
		return STATUS.ok;
	} catch (error) {
		const isMissing = error instanceof AutonomyError && error.code === "bus_not_found";
		return isMissing ? STATUS.notFound : failed(statusOf(error));
	}
}

async function listen(session: Session): Promise<number> {
	const patterns = session.args.length === 0 ? ["*"] : session.args;
	const end = stay(session.bus, session.listenS);
	const matches = (type: string): boolean =>
		patterns.some((pattern) => (pattern.endsWith("*") ? type.startsWith(pattern.slice(0, -1)) : type === pattern));
	// One listener for all: patterns that overlap must not show an event twice.
	const [only] = patterns;
	session.bus.listen(patterns.length === 1 && only !== undefined ? only : "*", (type, _data, raw) => {
		if (matches(type)) printEvent(type, raw);
	});
	await end;
	return STATUS.ok;
}

async function subscribe(session: Session): Promise<number> {
	if (session.args.length === 0) {
		if (!session.short) complain("You need to specify an object to subscribe to");
		return -1;
	}
	const end = stay(session.bus, session.listenS);
	for (const path of session.args) {
		try {
			await session.bus.lookup(path);
		} catch (error) {
			const text = statusText(statusOf(error));
			if (!session.short) complain(`Error while registering for event '${session.args[0]}': ${text}`);
			return -1;
		}
		session.bus.subscribe(path, (type, _data, raw) => printEvent(type, raw));
	}
	await end;
	return STATUS.ok;
}

async function send(session: Session): Promise<number> {
	const [type, text] = session.args;
	if (type === undefined || session.args.length > 2) return USAGE_ERROR;
	await session.bus.send(type, text === undefined ? {} : fromJson(text));
	return STATUS.ok;
}

async function waitFor(session: Session): Promise<number> {
	if (session.args.length === 0) return USAGE_ERROR;
	const missing = new Set(session.args);
	return await new Promise((resolve, reject) => {
		const found = (path: string): void => {
			missing.delete(path);
			if (missing.size === 0) resolve(STATUS.ok);
		};
		session.bus.listen("ubus.object.add", (_type, data) => found(String(data.path)));
		session.bus.list().then((objects) => {
			for (const object of objects) found(object.path);
		}, reject);
		setTimeout(() => resolve(STATUS.timeout), session.limitS * 1000);
	});
}

const COMMANDS: Readonly<Record<string, (session: Session) => Promise<number>>> = {
	list,
	call,
	listen,
	subscribe,
	send,
	wait_for: waitFor,
};

function canConnect(path: string): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = createConnection(path);
		const end = (works: boolean): void => {
			socket.destroy();
			resolve(works);
		};
		socket.once("connect", () => end(true));
		socket.once("error", () => end(false));
	});
}

function readOptions(argv: readonly string[]): ReturnType<typeof parse> | null {
	try {
		return parse(argv);
	} catch {
		return null;
	}
}

function parse(argv: readonly string[]) {
	return parseArgs({
		args: [...argv],
		allowPositionals: true,
		options: {
			socket: { type: "string", short: "s", default: "/var/run/ubus/ubus.sock" },
			timeout: { type: "string", short: "t" },
			simple: { type: "boolean", short: "S", default: false },
			verbose: { type: "boolean", short: "v", default: false },
		},
	});
}

async function main(argv: readonly string[]): Promise<number> {
	const options = readOptions(argv);
	const [name, ...args] = options?.positionals ?? [];
	if (options === null || name === undefined) {
		complain(USAGE);
		return 1;
	}
	const { socket, timeout, simple, verbose } = options.values;
	if (!(await canConnect(socket))) {
		if (!simple) complain("Failed to connect to ubus");
		return -1;
	}
	const seconds = timeout === undefined ? null : Number.parseInt(timeout, 10) || 0;
	const bus = createBus({ platform: createNodePlatform(), log: silent, paths: [socket] });
	try {
		await bus.whenConnected(10_000);
		const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
		const session = {
			bus,
			args,
			short: simple,
			verbose,
			limitS: seconds ?? 30,
			listenS: seconds === 0 ? null : seconds,
		};
		const status = command === undefined ? USAGE_ERROR : await command(session).catch(statusOf);
		if (status > 0 && !simple) complain(`Command failed: ${statusText(status)}`);
		else if (status === USAGE_ERROR) complain(USAGE);
		return status;
	} finally {
		bus.close();
	}
}

main(process.argv.slice(2)).then(
	(status) => process.exit(status & 0xff),
	(error: unknown) => {
		complain(`ubus: ${String(error)}`);
		process.exit(255);
	},
);

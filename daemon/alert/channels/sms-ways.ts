/**
 * The ways a modem of this router sends an SMS, in the order they are tried:
 * - RutOS: `gsm.modemN send_sms` {number, text}; the answer is {status_id: 0, status: "OK"} or {errno, error} with a good
 *   ubus status, so the answer itself is read. Releases without that method have gsmctl, which takes "NUMBER TEXT" as one word.
 * - ModemManager: mmcli makes a message and sends it. Its key='value' pairs know quotes but no escape (libmm-glib,
 *   mm_common_parse_key_value_string). Sent messages are deleted, else they fill the modem.
 * - sms_tool on a serial port: digits without "+"; releases before 2026-08 know the 7 bit alphabet only, so it gets ASCII.
 * Each tries every modem there is before it gives up. Nothing here passes through a shell.
 */
import type { Bus } from "../../bus/bus.ts";
import { STATUS } from "../../bus/status.ts";
import { AutonomyError, errorText, isAutonomyError } from "../../platform/error.ts";
import type { Argv, Platform } from "../../platform/platform.ts";

export type SmsWayName = "rutos" | "modemmanager" | "sms_tool";

export interface SmsWay {
	readonly name: SmsWayName;
	/** Resolves to what was used, in words; rejects with what every modem said, or with isAbsent: not on this router. */
	send(number: string, text: string): Promise<string>;
}

const ASK_MS = 5_000;
const SEND_MS = 25_000;
const OBJECT = /^gsm\.modem\d{1,2}$/;
const MM_MODEM = /\/org\/freedesktop\/ModemManager1\/Modem\/\d+/g;
const MM_SMS = /\/org\/freedesktop\/ModemManager1\/SMS\/\d+/;
const MAX_MODEMS = 4;

export function createSmsWays(
	platform: Pick<Platform, "processes">,
	bus: Bus,
	device: string | null,
): Readonly<Record<SmsWayName, SmsWay>> {
	const has = (program: string): boolean => platform.processes.find(program) !== null;

	async function run(limitMs: number, ...argv: Argv): Promise<string> {
		const result = await platform.processes.run(argv, { timeoutMs: limitMs });
		if (result.timedOut) throw new Error(`${argv[0]} does not answer`);
		if (result.code !== 0) throw new Error(`${argv[0]}: ${(result.stderr || result.stdout).trim().slice(0, 160)}`);
		return result.stdout;
	}

	async function byGsm(path: string, number: string, text: string): Promise<string> {
		const reply = await bus.call(path, "send_sms", { number, text }, { timeoutMs: SEND_MS });
		const refusal = refusalOf(reply);
		if (refusal !== null) throw new Error(`${path}: ${refusal}`);
		return path;
	}

	async function byGsmctl(number: string, text: string): Promise<string> {
		const said = (await run(SEND_MS, "gsmctl", "-S", "-s", `${number} ${text}`)).trim();
		// It ends with 0 whatever the modem says.
		if (/error|timeout|fail|not /i.test(said)) throw new Error(`gsmctl: ${said.slice(0, 160)}`);
		return "gsmctl";
	}

	async function byRutos(number: string, text: string): Promise<string> {
		const listed = await bus.list("gsm.modem*", { timeoutMs: ASK_MS });
		const paths = listed.map((one) => one.path).filter((path) => OBJECT.test(path));
		const tries = paths
			.sort()
			.slice(0, MAX_MODEMS)
			.map((path) => async () => {
				try {
					return await byGsm(path, number, text);
				} catch (error) {
					const old = isAutonomyError(error, "bus_status") && error.context.status === STATUS.methodNotFound;
					if (!old || !has("gsmctl")) throw error;
					return byGsmctl(number, text);
				}
			});
		return firstOf(tries, "no gsm.modem object on the bus");
	}

	async function byMmcli(modem: string, number: string, text: string): Promise<string> {
		const pairs = `text=${quoted(text)},number=${quoted(number)}`;
		const made = await run(ASK_MS, "mmcli", "-m", modem, `--messaging-create-sms=${pairs}`);
		const path = MM_SMS.exec(made)?.[0];
		if (path === undefined) throw new Error("mmcli made no message");
		try {
			await run(SEND_MS, "mmcli", "-s", path, "--send");
		} finally {
			await run(ASK_MS, "mmcli", "-m", modem, `--messaging-delete-sms=${path}`).catch(() => undefined);
		}
		return "mmcli";
	}

	async function byModemManager(number: string, text: string): Promise<string> {
		if (!has("mmcli")) throw new AutonomyError("tool_missing", "mmcli is not installed");
		const modems = [...new Set((await run(ASK_MS, "mmcli", "-L")).match(MM_MODEM) ?? [])].slice(0, MAX_MODEMS);
		const tries = modems.map((modem) => () => byMmcli(modem, number, text));
		return firstOf(tries, "ModemManager has no modem");
	}

	async function bySmsTool(number: string, text: string): Promise<string> {
		if (!has("sms_tool")) throw new AutonomyError("tool_missing", "sms_tool is not installed");
		const port = device ?? "/dev/ttyUSB2";
		await run(SEND_MS + ASK_MS, "sms_tool", "-d", port, "send", number.replace(/^\+/, ""), asciiOf(text));
		return `sms_tool on ${port}`;
	}

	return {
		rutos: { name: "rutos", send: byRutos },
		modemmanager: { name: "modemmanager", send: byModemManager },
		sms_tool: { name: "sms_tool", send: bySmsTool },
	};
}

/** Nothing failed: this way does not exist here. */
export function isAbsent(error: unknown): boolean {
	return error instanceof AutonomyError && ["tool_missing", "not_found", "bus_not_found"].includes(error.code);
}

async function firstOf(tries: readonly (() => Promise<string>)[], none: string): Promise<string> {
	if (tries.length === 0) throw new AutonomyError("not_found", none);
	const said: string[] = [];
	for (const attempt of tries) {
		try {
			return await attempt();
		} catch (error) {
			said.push(errorText(error));
		}
	}
	throw new Error(said.join(", "));
}

/** What RutOS says in an answer that ubus calls good; null: it is good. */
function refusalOf(reply: Readonly<Record<string, unknown>>): string | null {
	const { errno, error, status_id, status } = reply;
	const number = typeof errno === "bigint" ? Number(errno) : errno;
	if (typeof error === "string" || (typeof number === "number" && number !== 0)) {
		return typeof error === "string" ? error.slice(0, 160) : `error ${number}`;
	}
	const id = typeof status_id === "bigint" ? Number(status_id) : status_id;
	if (typeof id === "number" && id !== 0) return typeof status === "string" ? status.slice(0, 160) : `status ${id}`;
	return null;
}

/** In whichever quotes the text does not hold; with both kinds in it the double ones become single. */
function quoted(text: string): string {
	if (!text.includes("'")) return `'${text}'`;
	return `"${text.replace(/"/g, "'")}"`;
}

function asciiOf(text: string): string {
	return text
		.normalize("NFKD")
		.replace(/\p{M}/gu, "")
		.replace(/[^\x20-\x7e]/g, "?")
		.replace(/`/g, "'");
}

/**
 * SMS through a modem of this router: RutOS `gsm.modemN send_sms` on the bus, ModemManager's mmcli, or sms_tool on a
 * serial port. Short, since each costs money: title and text in one part (160 characters of plain ASCII, else 70),
 * by default only while no uplink works or in an emergency, and only so many a day.
 */
import type { Bus } from "../../bus/bus.ts";
import type { Config } from "../../config/types.ts";
import { errorText, isAutonomyError } from "../../platform/error.ts";
import type { Argv, Platform } from "../../platform/platform.ts";
import type { Channel, Letter, Sent } from "./channel.ts";

const LIMIT_MS = 30_000;
const DAY_MS = 86_400_000;
const OBJECT = /^gsm\.modem\d{1,2}$/;

export interface SmsWorld {
	readonly platform: Pick<Platform, "clock" | "processes">;
	readonly bus: Bus;
	/** No uplink works. */
	isOffline(): boolean;
}

export function smsText({ words }: Pick<Letter, "words">): string {
	const text = `${words.title}. ${words.text}`.replace(/\s+/g, " ").trim();
	// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII has them
	const max = /^[\u0000-\u007f]*$/.test(text) ? 160 : 70;
	return text.length <= max ? text : `${text.slice(0, max - 3).replace(/[\ud800-\udbff]$/, "")}...`;
}

/** mmcli takes key='value' pairs in one argument and knows no escape. */
function quoted(text: string): string {
	return `'${text.replace(/['"\\]/g, " ")}'`;
}

export function createSms(config: Config["sms"], world: SmsWorld): Channel {
	const { platform, bus } = world;
	const recipients = config.recipients ?? [];
	let sentAtMs: number[] = [];
	/** Who has the message that is being sent: a failure at the second number must not reach the first again. */
	let done = { id: "", numbers: new Set<string>() };

	async function run(...argv: Argv): Promise<string> {
		const result = await platform.processes.run(argv, { timeoutMs: LIMIT_MS });
		if (result.timedOut) throw new Error(`${argv[0]} does not answer`);
		if (result.code !== 0) throw new Error(`${argv[0]}: ${(result.stderr || result.stdout).trim().slice(0, 160)}`);
		return result.stdout;
	}

	async function byRutos(number: string, text: string): Promise<void> {
		const paths = (await bus.list("gsm.modem*", { timeoutMs: 2_500 }))
			.map((one) => one.path)
			.filter((one) => OBJECT.test(one));
		const [path] = paths.sort();
		if (path === undefined) throw new Error("no gsm.modem object on the bus");
		await bus.call(path, "send_sms", { number, text }, { timeoutMs: LIMIT_MS });
	}

	async function byModemManager(number: string, text: string): Promise<void> {
		const made = await run(
			"mmcli",
			"-m",
			"any",
			`--messaging-create-sms=text=${quoted(text)},number=${quoted(number)}`,
		);
		const path = /\/org\/freedesktop\/ModemManager1\/SMS\/\d+/.exec(made)?.[0];
		if (path === undefined) throw new Error("mmcli made no message");
		await run("mmcli", "-s", path, "--send");
	}

	async function bySmsTool(number: string, text: string): Promise<void> {
		await run("sms_tool", "-d", config.device ?? "/dev/ttyUSB2", "send", number.replace(/^\+/, ""), text);
	}

	const WAYS = { rutos: byRutos, modemmanager: byModemManager, sms_tool: bySmsTool } as const;

	async function one(number: string, text: string): Promise<void> {
		if (config.provider !== "auto") return WAYS[config.provider](number, text);
		const problems: string[] = [];
		for (const way of ["rutos", "modemmanager", "sms_tool"] as const) {
			const program = { rutos: null, modemmanager: "mmcli", sms_tool: "sms_tool" }[way];
			if (program !== null && platform.processes.find(program) === null) continue;
			try {
				await WAYS[way](number, text);
				return;
			} catch (error) {
				problems.push(`${way}: ${isAutonomyError(error, "bus_not_found") ? "not on this router" : errorText(error)}`);
			}
		}
		throw new Error(problems.join("; "));
	}

	return {
		keepsLife: false,
		offline: true,
		missing: recipients.length === 0 ? "option recipients" : null,
		secrets: recipients,
		async send(letter): Promise<Sent> {
			const { message } = letter;
			const wanted =
				!config.onlyOffline || world.isOffline() || message.level === "emergency" || message.kind === "test";
			if (!wanted) return { ok: true, text: "not needed: an uplink works" };
			const now = platform.clock.monotonicMs();
			sentAtMs = sentAtMs.filter((atMs) => now - atMs < DAY_MS);
			if (done.id !== message.id) done = { id: message.id, numbers: new Set() };
			for (const number of recipients) {
				if (done.numbers.has(number)) continue;
				if (sentAtMs.length >= config.maxPerDay) {
					return {
						ok: false,
						why: "rejected",
						waitMs: null,
						text: `${config.maxPerDay} SMS were sent within 24 hours: no more today`,
					};
				}
				try {
					await one(number, smsText(letter));
				} catch (error) {
					return { ok: false, why: "again", waitMs: null, text: errorText(error) };
				}
				sentAtMs.push(now);
				done.numbers.add(number);
			}
			return { ok: true };
		},
	};
}

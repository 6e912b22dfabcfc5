/**
 * One mail over SMTP (RFC 5321), one connection each: alerts are rare. What the server says is hostile: lines and replies
 * are bounded, and only its words for people are told. Errors are those of the Node side: refused for what only the owner
 * can change, bad_argument for this mail, timeout when the server may have it, connection_failed for the rest.
 */
import { AutonomyError, errorText } from "../error.ts";
import type { Mail } from "../outlets.ts";
import type { ByteStream, StreamHandlers, Timers } from "../platform.ts";
import { decodeText, encodeText } from "../text.ts";
import { encodeBase64 } from "./base64.ts";
import { mailText, parseAddress } from "./mime.ts";

const MAX_REPLY = 16_384;
const GREETING_MS = 10_000;

export interface SmtpWorld {
	readonly timers: Timers;
	/** Over STARTTLS the server has greeted already when the stream opens. */
	connect(handlers: StreamHandlers): ByteStream;
	/** Why no encrypted connection came about although the server was there. */
	isRefusal(failure: string): boolean;
	/** How this host names itself. */
	readonly name: string;
	/** Random. */
	readonly token: string;
}

interface Reply {
	readonly code: number;
	readonly lines: readonly string[];
}

/** The reply at the beginning, and how many characters it takes; null: it is not whole yet. Throws connection_failed. */
export function takeReply(text: string): { readonly reply: Reply; readonly length: number } | null {
	const lines: string[] = [];
	let at = 0;
	for (;;) {
		const end = text.indexOf("\n", at);
		if (end === -1) {
			if (text.length > MAX_REPLY) throw new AutonomyError("connection_failed", "the server's reply has no end");
			return null;
		}
		const [, code, more, words] = /^(\d{3})(?:([ -])(.*?))?\r?$/.exec(text.slice(at, end)) ?? [];
		if (code === undefined) throw new AutonomyError("connection_failed", "this is no mail server");
		lines.push(words ?? "");
		at = end + 1;
		if (more !== "-") return { reply: { code: Number(code), lines }, length: at };
	}
}

/** The replies, one after the other. Owns the stream. */
function openDialog(world: SmtpWorld, isGreeted: boolean) {
	let text = "";
	let failure: AutonomyError | null = null;
	let isOpen = false;
	let wake = (): void => undefined;
	const fail = (error: AutonomyError): void => {
		failure ??= error;
		wake();
	};
	const stream = world.connect({
		onOpen() {
			isOpen = true;
			wake();
		},
		onData(bytes) {
			if (text.length > 4 * MAX_REPLY) fail(new AutonomyError("connection_failed", "the server says too much"));
			else text += decodeText(bytes);
			wake();
		},
		onClose(error) {
			const words = error ?? "the server closed the connection";
			const refused = error !== null && world.isRefusal(error);
			fail(
				refused
					? new AutonomyError("refused", `no encrypted connection: ${words}`)
					: new AutonomyError("connection_failed", words),
			);
		},
	});
	/** What `look` finds first; a failure counts when it finds nothing. */
	async function waitFor<T>(look: () => T | null): Promise<T> {
		for (;;) {
			const found = look();
			if (found !== null) return found;
			if (failure !== null) throw failure;
			await new Promise<void>((resolve) => {
				wake = resolve;
			});
		}
	}
	function reply(): Promise<Reply> {
		return waitFor(() => {
			const taken = takeReply(text);
			if (taken === null) return null;
			text = text.slice(taken.length);
			return taken.reply;
		});
	}
	return {
		fail,
		write: (line: string) => void stream.write(encodeText(line)),
		reply,
		close: () => stream.close(),
		greeting: (): Promise<Reply> => (isGreeted ? waitFor(() => (isOpen ? { code: 220, lines: [] } : null)) : reply()),
	};
}

function wordsOf({ lines }: Reply): string {
	return lines.join(" ").slice(0, 200);
}

/** What a reply that is no success means. */
function failed(reply: Reply): AutonomyError {
	const { code } = reply;
	if (code >= 500) return new AutonomyError("bad_argument", `the server refuses it (${code}): ${wordsOf(reply)}`);
	return new AutonomyError("connection_failed", `${code} ${wordsOf(reply)}`);
}

export async function sendOver(mail: Mail, world: SmtpWorld): Promise<void> {
	const from = parseAddress(mail.from).mailbox;
	const to = mail.to.map((one) => parseAddress(one).mailbox);
	const body = mailText(mail, world.token);
	let isOut = false;
	const late = (): AutonomyError =>
		new AutonomyError(isOut ? "timeout" : "connection_failed", "the server does not answer in time");
	const dialog = openDialog(world, mail.security === "starttls");
	const greeting = world.timers.after(Math.min(GREETING_MS, mail.timeoutMs), () => dialog.fail(late()));
	const limit = world.timers.after(mail.timeoutMs, () => dialog.fail(late()));

	/** One command. */
	async function ask(line: string): Promise<Reply> {
		dialog.write(`${line}\r\n`);
		return dialog.reply();
	}
	async function must(line: string, wanted: number): Promise<Reply> {
		const reply = await ask(line);
		if (Math.floor(reply.code / 100) !== wanted) throw failed(reply);
		return reply;
	}
	async function login(hello: Reply): Promise<void> {
		const { user, password } = mail;
		if (user === null || password === null) return;
		const ways = hello.lines.flatMap((line) => /^AUTH[ =](.*)$/i.exec(line)?.[1]?.toUpperCase().split(/\s+/) ?? []);
		const base64 = (text: string): string => encodeBase64(encodeText(text));
		let reply: Reply;
		if (ways.includes("PLAIN")) reply = await ask(`AUTH PLAIN ${base64(`\0${user}\0${password}`)}`);
		else if (ways.includes("LOGIN")) {
			await must("AUTH LOGIN", 3);
			await must(base64(user), 3);
			reply = await ask(base64(password));
		} else throw new AutonomyError("refused", "the server offers no way to log in that we know (PLAIN, LOGIN)");
		// Its own words may quote what it was told.
		if (reply.code >= 500) throw new AutonomyError("refused", "the server refuses name or password");
		if (reply.code !== 235) throw new AutonomyError("connection_failed", `${reply.code}: no login now`);
	}
	async function talk(): Promise<void> {
		const hello = await dialog.greeting();
		greeting.close();
		if (hello.code !== 220) throw failed(hello);
		await login(await must(`EHLO ${world.name}`, 2));
		await must(`MAIL FROM:<${from}>`, 2);
		let refused: AutonomyError | null = null;
		let taken = 0;
		for (const one of to) {
			const reply = await ask(`RCPT TO:<${one}>`);
			if (Math.floor(reply.code / 100) === 2) taken++;
			else refused ??= failed(reply);
		}
		// Those it knows get it.
		if (taken === 0) throw refused ?? new AutonomyError("bad_argument", "nobody to send it to");
		await must("DATA", 3);
		isOut = true;
		// A line that begins with a dot gets another (RFC 5321 4.5.2).
		await must(`${body.replace(/^\./gm, "..")}.`, 2);
		dialog.write("QUIT\r\n");
	}

	try {
		await talk();
	} catch (error) {
		const isLost = error instanceof AutonomyError && error.code === "connection_failed" && isOut;
		throw isLost ? new AutonomyError("timeout", errorText(error)) : error;
	} finally {
		greeting.close();
		limit.close();
		dialog.close();
	}
}

/** A mail server (RFC 5321 with STARTTLS and AUTH PLAIN) on loopback that keeps what it gets; faults on demand. */

import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { createSecureContext, TLSSocket } from "node:tls";
import { argumentsOfAll } from "../publish/broker.ts";

export interface Mailbox {
	readonly port: number;
	readonly mails: {
		readonly from: string;
		readonly to: readonly string[];
		readonly data: string;
		readonly tls: boolean;
		readonly auth: string | null;
	}[];
	readonly commands: string[];
	/** What is offered for logging in. */
	logins: string;
	/** The arguments of every program, while a mail was taken. */
	seen: string;
	/** Reply to a command instead of the usual one; "hang" never answers, "drip" never comes to the end of its answer. */
	faults: Readonly<Record<string, string>>;
}

export async function smtpServer(
	t: TestContext,
	pem: { readonly key: string; readonly cert: string } | null,
	fromTheFirstByte = false,
): Promise<Mailbox> {
	const box: Mailbox = { port: 0, mails: [], commands: [], logins: "AUTH PLAIN", seen: "", faults: {} };
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on("error", () => undefined);
		if (pem === null || !fromTheFirstByte) talk(socket, box, pem);
		else {
			const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(pem) });
			secure.on("error", () => undefined);
			talk(secure, box, pem);
		}
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	t.after(() => {
		for (const socket of sockets) socket.destroy();
		server.close();
	});
	return Object.assign(box, { port: (server.address() as AddressInfo).port });
}

function talk(first: Socket, box: Mailbox, pem: { readonly key: string; readonly cert: string } | null): void {
	let socket: Socket = first;
	let pending = "";
	let data: string | null = null;
	let login: string[] | null = null;
	let mail = { from: "", to: [] as string[], auth: null as string | null };
	const say = (text: string) => socket.write(`${text}\r\n`);
	const onData = (chunk: Buffer): void => {
		pending += chunk.toString("utf8");
		for (let end = pending.indexOf("\r\n"); end >= 0; end = pending.indexOf("\r\n")) {
			const line = pending.slice(0, end);
			pending = pending.slice(end + 2);
			if (login !== null) {
				login.push(Buffer.from(line, "base64").toString("utf8"));
				mail.auth = login.join(" ");
				say(login.length < 2 ? "334 UGFzc3dvcmQ6" : "235 welcome");
				if (login.length === 2) login = null;
			} else if (data === null || (line === "." && box.faults["."] !== undefined)) command(line);
			else if (line === ".") {
				box.mails.push({ ...mail, data, tls: socket instanceof TLSSocket });
				data = null;
				say("250 taken");
			} else data += `${line.replace(/^\./, "")}\n`;
		}
	};
	const command = (line: string): void => {
		const word = (line.split(/[ :]/)[0] ?? "").toUpperCase();
		box.commands.push(word);
		const fault = box.faults[word];
		if (fault !== undefined) {
			if (fault === "drip") {
				const timer = setInterval(() => say("250-and"), 50);
				first.on("close", () => clearInterval(timer));
			} else if (fault !== "hang") say(fault);
			return;
		}
		switch (word) {
			case "EHLO":
				for (const part of [
					"250-test",
					...(pem !== null && !(socket instanceof TLSSocket) ? ["250-STARTTLS"] : []),
					`250-${box.logins}`,
					"250 8BITMIME",
				])
					say(part);
				return;
			case "STARTTLS":
				if (pem === null || socket instanceof TLSSocket) return void say("502 unknown command");
				say("220 go");
				first.removeAllListeners("data");
				socket = new TLSSocket(first, { isServer: true, secureContext: createSecureContext(pem) });
				socket.on("data", onData);
				socket.on("error", () => undefined);
				return;
			case "AUTH":
				if (line === "AUTH LOGIN") {
					login = [];
					return void say("334 VXNlcm5hbWU6");
				}
				mail.auth = Buffer.from(line.split(" ")[2] ?? "", "base64").toString("utf8");
				return void say("235 welcome");
			case "MAIL":
				mail = { ...mail, from: line.slice(10), to: [] };
				return void say("250 ok");
			case "RCPT":
				mail.to.push(line.slice(8));
				return void say("250 ok");
			case "DATA":
				data = "";
				box.seen = argumentsOfAll();
				return void say("354 go on");
			case "QUIT":
				say("221 bye");
				socket.end();
				return;
			default:
				say("250 ok");
		}
	};
	first.on("data", onData);
	say("220 test");
}

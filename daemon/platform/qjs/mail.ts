/** Mail on QuickJS: our own text and dialogue, over socat or, encrypted, over openssl. */
import type { Mail } from "../outlets.ts";
import type { ByteStream, StreamHandlers } from "../platform.ts";
import { qjsRandom, qjsTimers } from "./clock.ts";
import { qjsFiles } from "./files.ts";
import { isRefusal } from "./s-client.ts";
import { sendOver } from "./smtp.ts";
import { qjsStreams } from "./streams.ts";
import { connectTls } from "./tls.ts";

/** A full name, else an address literal (RFC 5321 4.1.4). */
function hostName(): string {
	const name = qjsFiles.readTextIfAny("/proc/sys/kernel/hostname")?.trim() ?? "";
	return /^[\w-]+(\.[\w-]+)+$/.test(name) ? name : "[127.0.0.1]";
}

export async function sendMail(mail: Mail): Promise<void> {
	const { host, port, security, caFile } = mail;
	const local = mail.localAddress === undefined ? {} : { localAddress: mail.localAddress };
	const name = hostName();
	const connect = (handlers: StreamHandlers): ByteStream => {
		if (security === "plain") return qjsStreams.connect({ kind: "tcp", host, port, ...local }, handlers);
		const upgrade = security === "starttls" ? { starttls: { protocol: "smtp", name } as const } : {};
		return connectTls({ host, port, ...local, caFile, certFile: null, keyFile: null, ...upgrade }, handlers);
	};
	const token = [0, 1, 2, 3].map(() => qjsRandom.uint32().toString(16).padStart(8, "0")).join("");
	await sendOver(mail, { timers: qjsTimers, connect, isRefusal, name, token });
}

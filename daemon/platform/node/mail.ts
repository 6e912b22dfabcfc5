/** One mail over SMTP with nodemailer, one connection each: alerts are rare. TLS is always verified. */
import { createTransport } from "nodemailer";
import { AutonomyError } from "../error.ts";
import type { Mail } from "../outlets.ts";
import { nodeFiles } from "./files.ts";

export async function sendMail(mail: Mail): Promise<void> {
	const { user, password, timeoutMs } = mail;
	let isOut = false;
	const nothing = (): void => undefined;
	const logger = {
		trace: nothing,
		debug: (entry: { readonly tnx?: unknown } | undefined, line: unknown): void => {
			if (entry?.tnx === "client" && line === "DATA") isOut = true;
		},
		info: nothing,
		warn: nothing,
		error: nothing,
		fatal: nothing,
	};
	const transport = createTransport({
		host: mail.host,
		port: mail.port,
		secure: mail.security === "tls",
		requireTLS: mail.security === "starttls",
		ignoreTLS: mail.security === "plain",
		tls: mail.caFile === null ? {} : { ca: nodeFiles.readText(mail.caFile) },
		...(user === null || password === null ? {} : { auth: { user, pass: password } }),
		...(mail.localAddress === undefined ? {} : { localAddress: mail.localAddress }),
		connectionTimeout: Math.min(10_000, timeoutMs),
		greetingTimeout: Math.min(10_000, timeoutMs),
		socketTimeout: timeoutMs,
		dnsTimeout: 5_000,
		// Nothing of a message names a file or an address to be fetched.
		disableFileAccess: true,
		disableUrlAccess: true,
		// Only to know how far it came; nothing of it is kept.
		logger,
		transactionLog: true,
	});
	// The library's limits begin anew with each byte that comes.
	const limit = new AbortController();
	const timer = setTimeout(() => limit.abort(), timeoutMs);
	try {
		await transport.sendMail({
			from: mail.from,
			to: [...mail.to],
			subject: mail.subject,
			text: mail.text,
			...(mail.html === undefined ? {} : { html: mail.html }),
			date: new Date(mail.dateMs),
			headers: { "Auto-Submitted": "auto-generated" },
			...(mail.urgent ? { priority: "high" } : {}),
			signal: limit.signal,
		});
	} catch (error) {
		throw limit.signal.aborted
			? new AutonomyError(isOut ? "timeout" : "connection_failed", "the server does not answer in time")
			: mailError(error);
	} finally {
		clearTimeout(timer);
		transport.close();
	}
}

/** Only the code and the server's own words are told: nodemailer's errors quote the dialogue. */
function mailError(error: unknown): AutonomyError {
	const { code, responseCode, message, command } = error as {
		readonly code?: string;
		readonly responseCode?: number;
		readonly message?: string;
		readonly command?: string;
	};
	const words = (message ?? "failed").slice(0, 200);
	if (code === "EAUTH" || code === "ENOAUTH")
		return new AutonomyError("refused", "the server refuses name or password", { code });
	if (code === "ETLS") return new AutonomyError("refused", `no encrypted connection: ${words}`, { code });
	if (responseCode !== undefined && responseCode >= 500) {
		return new AutonomyError("bad_argument", `the server refuses it (${responseCode}): ${words}`, { code });
	}
	const uncertain = command === "DATA" || command === "API";
	return new AutonomyError(uncertain ? "timeout" : "connection_failed", words, { code: code ?? null });
}

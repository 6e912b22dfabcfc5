/** E-mail over SMTP. The library behind it is loaded by the first mail; each way out is tried in turn. */
import type { Config } from "../../config/types.ts";
import { AutonomyError, type ErrorCode, errorText } from "../../platform/error.ts";
import type { Mail } from "../../platform/outlets.ts";
import type { Platform } from "../../platform/platform.ts";
import { type Channel, isCalm, type Sent } from "./channel.ts";

const LIMIT_MS = 30_000;
/** Only the owner can change that. */
const SETTINGS: ReadonlySet<ErrorCode> = new Set(["refused", "file_not_found", "file_denied", "tool_missing"]);

export interface MailWorld {
	readonly platform: Pick<Platform, "outlets">;
	/** Local addresses to try, best first; null: as the router sends by itself. */
	ways(): readonly (string | null)[];
}

export function createEmail(config: Config["email"], world: MailWorld): Channel {
	const { smtpHost, username, password, from } = config;
	const to = config.to ?? [];

	async function overAnyWay(mail: Omit<Mail, "localAddress">): Promise<void> {
		let last: unknown = null;
		for (const localAddress of world.ways()) {
			try {
				return await world.platform.outlets.sendMail({ ...mail, ...(localAddress === null ? {} : { localAddress }) });
			} catch (error) {
				last = error;
				// Whatever got as far as an answer would get the same over another way.
				if (!(error instanceof AutonomyError && error.code === "connection_failed")) throw error;
			}
		}
		throw last;
	}

	return {
		keepsLife: false,
		offline: false,
		missing: smtpHost === null ? "option smtp_host" : to.length === 0 ? "option to" : null,
		secrets: [username, password].filter((one) => one !== null),
		async send({ message, words, happenedUnixMs, nowUnixMs }): Promise<Sent> {
			try {
				await overAnyWay({
					host: smtpHost ?? "",
					port: config.smtpPort,
					security: config.useTls ? "tls" : config.useStarttls ? "starttls" : "plain",
					caFile: config.caFile,
					user: username,
					password,
					timeoutMs: LIMIT_MS,
					from: from ?? to[0] ?? "",
					to,
					subject: words.title,
					text: `${words.text}\n`,
					...(message.html === undefined ? {} : { html: message.html }),
					dateMs: message.kind === "report" ? nowUnixMs : happenedUnixMs,
					urgent: !isCalm(message) && (message.level === "critical" || message.level === "emergency"),
				});
				return { ok: true };
			} catch (error) {
				const code = error instanceof AutonomyError ? error.code : "internal";
				const text = errorText(error);
				if (code === "bad_argument") return { ok: false, why: "rejected", waitMs: null, text };
				return { ok: false, why: SETTINGS.has(code) ? "settings" : "again", waitMs: null, text };
			}
		},
	};
}

/**
 * Figures for Prometheus: over HTTP on 127.0.0.1 (/metrics, /healthz, /readyz), and as a file for node-exporter. Off unless
 * configured. Owns the server, its retry and the timer of the file; what fails is tried again and said in `problem`.
 */
import type { Config } from "../config/types.ts";
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";
import type { Closable, Platform } from "../platform/platform.ts";
import { EXPOSITION_TYPE, exposition } from "./exposition.ts";
import { metricsOf } from "./metrics.ts";
import type { Counters, Source } from "./source.ts";

const FILE_MS = 15_000;
const RETRY_MS = 30_000;

export interface Scrape extends Closable {
	configure(): void;
	/** What does not work, in words. */
	problems(): readonly string[];
	/** The port that is listened on; null: none. */
	port(): number | null;
}

export function createScrape(options: {
	readonly platform: Pick<Platform, "files" | "timers" | "outlets">;
	readonly log: Logger;
	readonly config: () => Config["metrics"];
	readonly source: Source;
	readonly counters: Counters;
}): Scrape {
	const { platform, log, config, source, counters } = options;
	const { files, timers, outlets } = platform;
	let server: (Closable & { readonly port: number }) | null = null;
	let wantedPort: number | null = null;
	let retry: Closable | null = null;
	let writer: Closable | null = null;
	let writerPath: string | null = null;
	let serverProblem: string | null = null;
	let fileProblem: string | null = null;
	let closed = false;

	const text = (): string => exposition(metricsOf(source, counters));

	function handle(path: string): { status: number; type: string; body: string } | null {
		switch (path) {
			case "/metrics":
				return { status: 200, type: EXPOSITION_TYPE, body: text() };
			case "/healthz":
			case "/health": {
				// That it answers at all is the point; what is degraded stands in the body.
				return { status: 200, type: "application/json", body: `${JSON.stringify(source.health())}\n` };
			}
			case "/readyz": {
				const { state, text: words } = source.status();
				const ready = state !== "starting";
				return {
					status: ready ? 200 : 503,
					type: "application/json",
					body: `${JSON.stringify({ ready, state, text: words })}\n`,
				};
			}
			default:
				return null;
		}
	}

	function open(port: number): void {
		outlets.listen({ host: "127.0.0.1", port, handle }).then(
			(opened) => {
				if (closed || wantedPort !== port || server !== null) {
					opened.close();
					return;
				}
				server = opened;
				serverProblem = null;
			},
			(error) => {
				if (closed || wantedPort !== port) return;
				const problem = `metrics: ${errorText(error)}; set option port of section metrics to another one`;
				if (serverProblem === null) log.warn("publish", { reason: problem });
				serverProblem = problem;
				retry = timers.after(RETRY_MS, () => open(port));
			},
		);
	}

	function write(path: string): void {
		try {
			files.writeAtomic(path, text(), 0o644);
			fileProblem = null;
		} catch (error) {
			const problem = `metrics: ${errorText(error)}`;
			if (fileProblem === null) log.warn("publish", { reason: problem });
			fileProblem = problem;
		}
	}

	return {
		configure() {
			const { enabled, port, textfile } = config();
			const wanted = enabled ? port : null;
			if (wanted !== wantedPort) {
				server?.close();
				retry?.close();
				server = null;
				serverProblem = null;
				wantedPort = wanted;
				if (wanted !== null) open(wanted);
			}
			if (textfile !== writerPath) {
				writer?.close();
				writer = null;
				fileProblem = null;
				writerPath = textfile;
				if (textfile !== null) {
					write(textfile);
					writer = timers.every(FILE_MS, () => write(textfile));
				}
			}
		},
		problems: () => [serverProblem, fileProblem].filter((one) => one !== null),
		port: () => server?.port ?? null,
		close() {
			closed = true;
			server?.close();
			retry?.close();
			writer?.close();
		},
	};
}

/** Start-up on any platform: reads the arguments, wires the rooms, runs. */
import { createConfigStore } from "../config/store.ts";
import { errorText } from "../platform/error.ts";
import type { Logger, LogLevel } from "../platform/log.ts";
import type { Platform } from "../platform/platform.ts";
import { parseArguments, USAGE } from "./arguments.ts";
import { createDaemon, STATE_DIR } from "./daemon.ts";
import { endsInOrder } from "./heartbeat.ts";
import { createLeave } from "./leave.ts";
import { giveBackLeftovers, validate } from "./offline.ts";

/** Set by the bundler from package.json. */
declare const AUTONOMY_VERSION: string;
const version = typeof AUTONOMY_VERSION === "string" ? AUTONOMY_VERSION : "0.0.0-source";

/** What a runtime brings. */
export interface Runtime {
	readonly platform: Platform;
	createLogger(level: LogLevel): Logger;
}

function run({ platform, createLogger }: Runtime, busPath: string | null, configDir: string | null): void {
	const { host } = platform;
	const log = createLogger("info");
	const store = createConfigStore({
		files: platform.files,
		log: log.child("config"),
		...(configDir === null ? {} : { configDir }),
	});
	store.load();
	const main = store.current().main;
	log.setLevel(main.logLevel);
	if (main.logFile !== null) log.alsoTo(main.logFile);
	log.info("startup", { version, runtime: host.runtime, mode: main.mode, pid: host.pid });
	if (!main.enable) {
		log.warn("shutdown", { reason: "option enable is '0' in /etc/config/autonomy: nothing is watched or moved" });
		endsInOrder(platform.files, STATE_DIR);
		host.exit(0);
	}
	const daemon = createDaemon({ platform, log, store, version, ...(busPath === null ? {} : { busPaths: [busPath] }) });

	const leave = createLeave({
		timers: platform.timers,
		log,
		stop: () => daemon.stop(),
		inOrder: () => endsInOrder(platform.files, STATE_DIR),
		exit: (code) => host.exit(code),
	});
	host.onSignal("SIGTERM", () => leave("SIGTERM", 0));
	host.onSignal("SIGINT", () => leave("SIGINT", 0));
	host.onSignal("SIGHUP", () => {
		log.info("configuration", { reason: "SIGHUP: reading the configuration again" });
		daemon.rooms.reload();
		if (!store.current().main.enable) leave("option enable is '0' now", 0);
	});
	host.onFatal((error) => {
		log.error("shutdown", {
			reason: `an error nobody expected: ${errorText(error)}`,
			stack: error instanceof Error ? error.stack : null,
		});
		leave("fatal error", 1);
	});
	daemon.start();
}

export async function start(runtime: Runtime): Promise<void> {
	const { platform, createLogger } = runtime;
	const { host } = platform;
	const finish = (outcome: { readonly text: string; readonly code: number }): never => {
		host.print(outcome.text);
		return host.exit(outcome.code);
	};
	const parsed = parseArguments(host.args);
	switch (parsed.kind) {
		case "help":
			finish({ text: USAGE, code: 0 });
			break;
		case "version":
			finish({ text: `autonomyd ${version} (${host.runtime})\n`, code: 0 });
			break;
		case "error":
			host.print(`${parsed.text}\n${USAGE}`, "stderr");
			host.exit(2);
			break;
		case "validate":
			finish(validate(platform.files, parsed.file, parsed.configDir));
			break;
		case "give_back":
			finish(await giveBackLeftovers(platform, createLogger("warn"), `${STATE_DIR}/steer.json`));
			break;
		case "run":
			run(runtime, parsed.busPath, parsed.configDir);
	}
}

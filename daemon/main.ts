/** Start-up: reads the arguments, builds the platform, wires the rooms, runs. No logic. */
import { createConfigStore } from "./config/store.ts";
import { parseArguments, USAGE } from "./loop/arguments.ts";
import { createDaemon, STATE_DIR } from "./loop/daemon.ts";
import { endsInOrder } from "./loop/heartbeat.ts";
import { giveBackLeftovers, validate } from "./loop/offline.ts";
import { errorText } from "./platform/error.ts";
import { createLogger } from "./platform/node/log.ts";
import { createNodePlatform } from "./platform/node/platform.ts";

/** Set by the bundler from package.json. */
declare const AUTONOMY_VERSION: string;
const version = typeof AUTONOMY_VERSION === "string" ? AUTONOMY_VERSION : "0.0.0-source";

const platform = createNodePlatform();
const { host } = platform;

function printAndExit(outcome: { readonly text: string; readonly code: number }): never {
	host.print(outcome.text);
	return host.exit(outcome.code);
}

function run(busPath: string | null, configDir: string | null): void {
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

	let leaving = false;
	const leave = (reason: string, code: number): void => {
		if (leaving) return;
		leaving = true;
		log.info("shutdown", { reason });
		void daemon.stop().then(() => {
			if (code === 0) endsInOrder(platform.files, STATE_DIR);
			host.exit(code);
		});
	};
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

const parsed = parseArguments(host.args);
switch (parsed.kind) {
	case "help":
		printAndExit({ text: USAGE, code: 0 });
		break;
	case "version":
		printAndExit({ text: `autonomyd ${version} (${host.runtime})\n`, code: 0 });
		break;
	case "error":
		host.print(`${parsed.text}\n${USAGE}`, "stderr");
		host.exit(2);
		break;
	case "validate":
		printAndExit(validate(platform.files, parsed.file, parsed.configDir));
		break;
	case "give_back":
		printAndExit(await giveBackLeftovers(platform, createLogger("warn"), `${STATE_DIR}/steer.json`));
		break;
	case "run":
		run(parsed.busPath, parsed.configDir);
}

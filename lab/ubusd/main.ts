/** Runs the stand-in broker as a process: main.ts PATH (or -s PATH, as ubusd takes it). Says "ready" when it listens. */
import { startUbusd } from "./ubusd.ts";

async function main(args: readonly string[]): Promise<void> {
	const path = args[0] === "-s" ? args[1] : args[0];
	if (path === undefined) {
		process.stderr.write("usage: main.ts SOCKET\n");
		process.exitCode = 1;
		return;
	}
	const ubusd = await startUbusd({ path });
	const stop = (): void => {
		ubusd.close().then(
			() => process.exit(0),
			() => process.exit(1),
		);
	};
	process.on("SIGTERM", stop);
	process.on("SIGINT", stop);
	process.stdout.write("ready\n");
}

main(process.argv.slice(2)).catch((error: unknown) => {
	process.stderr.write(`ubusd stand-in: ${String(error)}\n`);
	process.exitCode = 1;
});

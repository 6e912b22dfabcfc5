/**
 * How shell scripts of the router ask labd for something: a line into a named pipe ("<answer pipe> <words>"), a number
 * back through another. No program has to be started for it, so the stand-ins are as quick as the scripts they stand for.
 */
import { closeSync, constants, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { run } from "./run.ts";

const FOLDER = "/var/run/mwan3-lab";
const PATIENCE_MS = 20_000;

/** Opens without waiting for a reader, as long as there is patience: the asking script may be gone. */
async function answer(path: string, code: number): Promise<void> {
	const deadline = performance.now() + PATIENCE_MS;
	for (;;) {
		try {
			const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
			writeSync(fd, `${code}\n`);
			closeSync(fd);
			return;
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "ENXIO" || performance.now() > deadline) return;
			await new Promise((resolve) => setTimeout(resolve, 1));
		}
	}
}

export async function serveRequests(handle: (words: readonly string[]) => Promise<number>): Promise<void> {
	mkdirSync(FOLDER, { recursive: true });
	const path = `${FOLDER}/request`;
	rmSync(path, { force: true });
	await run(["mkfifo", path]);
	// Read and write: the pipe never ends while labd lives.
	const pipe = new Socket({
		fd: openSync(path, constants.O_RDWR | constants.O_NONBLOCK),
		readable: true,
		writable: false,
	});
	let rest = "";
	pipe.setEncoding("utf8").on("data", (text: string) => {
		const lines = (rest + text).split("\n");
		rest = lines.pop() ?? "";
		for (const line of lines) {
			const [to = "", ...words] = line.trim().split(" ");
			if (!/^\/var\/run\/mwan3-lab\/answer\.\d+$/.test(to)) continue;
			handle(words)
				.catch(() => 1)
				.then((code) => answer(to, code))
				.catch(() => {});
		}
	});
}

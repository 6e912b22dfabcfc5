/** The lab's stand-in broker for tests on QuickJS: the same program, on Node, beside them. */
import { std } from "../../../daemon/platform/qjs/engine.ts";
import { qjsProcesses } from "../../../daemon/platform/qjs/processes.ts";

export function startUbusd(options: { readonly path: string }): Promise<{ close(): Promise<void> }> {
	return new Promise((resolve, reject) => {
		let ended: () => void = () => undefined;
		const gone = new Promise<void>((done) => {
			ended = done;
		});
		const argv = [std.getenv("NODE") ?? "node", std.getenv("UBUSD_PROGRAM") ?? "", options.path] as const;
		const child = qjsProcesses.start(argv, {
			onStdoutLine() {
				const close = (): Promise<void> => {
					child.signal("SIGTERM");
					return gone;
				};
				resolve({ close });
			},
			onStderrLine: (line) => std.err.puts(`${line}\n`),
			onExit(code, error) {
				ended();
				reject(new Error(`the broker ended: ${error ?? code}`));
			},
		});
	});
}

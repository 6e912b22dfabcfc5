/** The bus broker of the lab's router as a process of its own, so that it can be stopped, killed and frozen. */
import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";

export interface BrokerProcess {
	start(): Promise<void>;
	stop(): Promise<void>;
	/** Frozen: connections stay, nothing is answered. */
	wedge(frozen: boolean): void;
}

export const SOCKET = "/var/run/ubus/ubus.sock";

export function createBrokerProcess(program: string): BrokerProcess {
	let child: ChildProcess | null = null;
	return {
		start() {
			if (child) return Promise.resolve();
			const process_ = spawn(process.execPath, [program, SOCKET], { stdio: ["ignore", "pipe", "inherit"] });
			child = process_;
			return new Promise((resolve, reject) => {
				process_.stdout.once("data", () => resolve());
				process_.once("exit", () => {
					if (child === process_) child = null;
					reject(new Error("the broker ended"));
				});
			});
		},
		stop() {
			const process_ = child;
			if (!process_) return Promise.resolve();
			child = null;
			const gone = new Promise<void>((resolve) => process_.once("exit", () => resolve()));
			process_.kill("SIGKILL");
			rmSync(SOCKET, { force: true });
			return gone;
		},
		wedge: (frozen) => void child?.kill(frozen ? "SIGSTOP" : "SIGCONT"),
	};
}

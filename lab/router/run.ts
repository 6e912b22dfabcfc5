/** Runs a program of the router to its end. Never through a shell. */
import { spawn } from "node:child_process";

export interface RunResult {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export function run(
	argv: readonly string[],
	stdin = "",
	options: { readonly env?: Readonly<Record<string, string>>; readonly timeoutMs?: number } = {},
): Promise<RunResult> {
	return new Promise((resolve) => {
		const child = spawn(argv[0] ?? "false", argv.slice(1), { stdio: "pipe", env: { ...process.env, ...options.env } });
		const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? 20_000);
		let stdout = "";
		let stderr = "";
		child.stdout.setEncoding("utf8").on("data", (text: string) => {
			stdout += text;
		});
		child.stderr.setEncoding("utf8").on("data", (text: string) => {
			stderr += text;
		});
		child.stdin.on("error", () => {});
		child.stdin.end(stdin);
		child.on("error", (error) => {
			clearTimeout(timer);
			resolve({ code: null, stdout, stderr: error.message });
		});
		child.on("close", (code) => {
			clearTimeout(timer);
			resolve({ code, stdout, stderr });
		});
	});
}

/** A real mosquitto on loopback, with TLS, client certificates and access lists when asked for; and a client that listens. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";

export const MOSQUITTO =
	["/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"].find((path) => existsSync(path)) ?? null;

export interface Broker {
	readonly port: number;
	readonly folder: string;
	start(): Promise<void>;
	/** At once and without a word, as a power cut; `orderly` lets it write its store (with `persistence true`). */
	stop(how?: "orderly"): Promise<void>;
}

/** Below those the kernel gives to who asks for any: it stays free until it is used, whatever else runs meanwhile. */
export async function freePort(): Promise<number> {
	for (;;) {
		const port = 10_000 + randomInt(20_000);
		const server = createServer();
		const isFree = await new Promise<boolean>((resolve) => {
			server.once("error", () => resolve(false));
			server.listen(port, "127.0.0.1", () => resolve(true));
		});
		if (!isFree) continue;
		await new Promise((resolve) => server.close(resolve));
		return port;
	}
}

/** `lines` of mosquitto.conf besides the listener; FOLDER stands for the folder of this broker. */
export async function brokerFor(
	t: TestContext,
	lines: string,
	files: Readonly<Record<string, string>> = {},
): Promise<Broker> {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-mosquitto-"));
	const port = await freePort();
	for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
	const conf = join(folder, "mosquitto.conf");
	writeFileSync(
		conf,
		`listener ${port} 127.0.0.1\nuser root\nmax_queued_messages 0\n${lines.replaceAll("FOLDER", folder)}\n`,
	);
	let child: ChildProcess | null = null;
	let ended: Promise<unknown> = Promise.resolve();
	const broker: Broker = {
		port,
		folder,
		async start() {
			const started = spawn(MOSQUITTO ?? "mosquitto", ["-c", conf], { stdio: ["ignore", "ignore", "pipe"] });
			let said = "";
			started.stderr?.on("data", (chunk: Buffer) => {
				said += chunk.toString("utf8");
			});
			child = started;
			ended = new Promise((resolve) => started.on("exit", resolve));
			await until("mosquitto", () => {
				if (started.exitCode !== null) throw new Error(`mosquitto ended: ${said}`);
				return answers(port);
			});
		},
		async stop(how) {
			child?.kill(how === "orderly" ? "SIGTERM" : "SIGKILL");
			await ended;
			child = null;
		},
	};
	t.after(async () => {
		await broker.stop();
		rmSync(folder, { recursive: true, force: true });
	});
	return broker;
}

function answers(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connectTcp(port, "127.0.0.1");
		socket.on("connect", () => {
			socket.destroy();
			resolve(true);
		});
		socket.on("error", () => resolve(false));
	});
}

export async function until(what: string, look: () => boolean | Promise<boolean>, limitMs = 120_000): Promise<void> {
	const end = Date.now() + limitMs;
	while (!(await look())) {
		if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

export interface Heard {
	readonly topic: string;
	readonly text: string;
	readonly retained: boolean;
	readonly qos: number;
}

export interface Listener {
	readonly client: MqttClient;
	readonly heard: Heard[];
	of(topic: string): Heard[];
	last(topic: string): Record<string, unknown> | null;
}

export async function listen(
	t: TestContext,
	port: number,
	topic = "#",
	options: IClientOptions = {},
): Promise<Listener> {
	const client = await connectAsync({ host: "127.0.0.1", port, protocol: "mqtt", reconnectPeriod: 0, ...options });
	const heard: Heard[] = [];
	client.on("message", (name, payload, { retain, qos }) =>
		heard.push({ topic: name, text: payload.toString("utf8"), retained: retain, qos }),
	);
	client.on("error", () => undefined);
	await client.subscribeAsync(topic, { qos: 1 });
	t.after(() => void client.end(true));
	const of = (name: string) => heard.filter((one) => one.topic === name);
	return {
		client,
		heard,
		of,
		last: (name) => JSON.parse(of(name).at(-1)?.text ?? "null") as Record<string, unknown> | null,
	};
}

/** A certificate authority, a server's and a client's certificate in this folder. */
export function makeCertificates(folder: string): void {
	const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
	openssl(
		"req",
		"-x509",
		"-newkey",
		"ec",
		"-pkeyopt",
		"ec_paramgen_curve:prime256v1",
		"-nodes",
		"-keyout",
		"ca.key",
		"-out",
		"ca.pem",
		"-days",
		"2",
		"-subj",
		"/CN=test ca",
	);
	for (const [name, san] of [
		["server", "IP:127.0.0.1"],
		["client", "DNS:client"],
	] as const) {
		openssl(
			"req",
			"-newkey",
			"ec",
			"-pkeyopt",
			"ec_paramgen_curve:prime256v1",
			"-nodes",
			"-keyout",
			`${name}.key`,
			"-out",
			`${name}.csr`,
			"-subj",
			`/CN=${name}`,
		);
		writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${san}\n`);
		openssl(
			"x509",
			"-req",
			"-in",
			`${name}.csr`,
			"-CA",
			"ca.pem",
			"-CAkey",
			"ca.key",
			"-CAcreateserial",
			"-days",
			"2",
			"-out",
			`${name}.pem`,
			"-extfile",
			`${name}.ext`,
		);
	}
}

/** The arguments of every program. */
export function argumentsOfAll(): string {
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.map((name) => {
			try {
				return readFileSync(`/proc/${name}/cmdline`, "utf8");
			} catch {
				return "";
			}
		})
		.join("\n");
}

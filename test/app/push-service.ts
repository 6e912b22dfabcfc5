/**
 * A push service inside the router's namespace, over TLS with a certificate the daemon is told to trust, and a browser's
 * end of it: Chromium itself would ask a service on the internet, so its PushManager is given a subscription of ours.
 */
import { execFileSync } from "node:child_process";
import { createDecipheriv, createECDH, hkdfSync, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext } from "playwright-core";
import type { RouterUnderTest } from "../../lab/under-test.ts";

/** Where the router has it. */
const CA_FILE = "/lab/push-ca.pem";
/** For the daemon: what Node and curl trust besides. */
export const TRUST = { NODE_EXTRA_CA_CERTS: CA_FILE, CURL_CA_BUNDLE: CA_FILE } as const;

/** Why there can be no push service; null when there can. */
export function cannotPush(): string | null {
	const missing = ["openssl", "curl"].find((name) => !existsSync(`/usr/bin/${name}`));
	return missing === undefined ? null : `${missing} is not installed (scripts/needs.sh)`;
}
const PORT = 8443;
const ENDPOINT = `https://127.0.0.1:${PORT}/send/of-this-very-phone`;

const PROGRAM = `
const { readFileSync } = require("node:fs");
const tls = { key: readFileSync("/lab/push-key.pem"), cert: readFileSync("${CA_FILE}") };
require("node:https").createServer(tls, (request, response) => {
	const parts = [];
	request.on("data", (part) => parts.push(part)).on("end", () => {
		console.log(JSON.stringify({ path: request.url, body: Buffer.concat(parts).toString("base64"), headers: request.headers }));
		response.writeHead(201).end();
	});
}).listen(${PORT}, "127.0.0.1", () => console.log("up"));
`;

export interface PushService {
	/** The next message, as the browser's worker would get it. */
	next(): Promise<string>;
	/** Whoever is told at this address, as push_subscribe wants it. */
	readonly subscription: { readonly endpoint: string; readonly p256dh: string; readonly auth: string };
	/** Gives this browser's pages the subscription; before they load. */
	subscribe(context: BrowserContext): Promise<void>;
}

export async function startPushService(router: RouterUnderTest): Promise<PushService> {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-ca-"));
	try {
		const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
		const files = ["-keyout", join(folder, "key"), "-out", join(folder, "cert")];
		const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
		execFileSync("openssl", ["req", "-x509", "-nodes", "-days", "2", ...kind, ...files, ...subject], {
			stdio: "ignore",
		});
		await router.put("/lab/push-key.pem", readFileSync(join(folder, "key"), "utf8"), 0o600);
		await router.put(CA_FILE, readFileSync(join(folder, "cert"), "utf8"));
	} finally {
		rmSync(folder, { recursive: true });
	}
	const ours = createECDH("prime256v1");
	ours.generateKeys();
	const auth = randomBytes(16);
	const lines: string[] = [];
	const waiting: ((line: string) => void)[] = [];
	const line = (): Promise<string> => {
		const ready = lines.shift();
		if (ready !== undefined) return Promise.resolve(ready);
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error("no push within 120 s")), 120_000);
			waiting.push((text) => {
				clearTimeout(timer);
				resolve(text);
			});
		});
	};
	await router.put("/lab/push.cjs", PROGRAM);
	await router.spawn([router.node, "/lab/push.cjs"], {
		onLine(text) {
			const taker = waiting.shift();
			if (taker) taker(text);
			else lines.push(text);
		},
	});
	await line();

	function open(body: Buffer): string {
		const [salt, sender] = [body.subarray(0, 16), body.subarray(21, 86)];
		const info = Buffer.concat([Buffer.from("WebPush: info\0"), ours.getPublicKey(), sender]);
		const material = Buffer.from(hkdfSync("sha256", ours.computeSecret(sender), auth, info, 32));
		const part = (name: string, length: number): Buffer =>
			Buffer.from(hkdfSync("sha256", material, salt, `Content-Encoding: ${name}\0`, length));
		const cipher = createDecipheriv("aes-128-gcm", part("aes128gcm", 16), part("nonce", 12));
		cipher.setAuthTag(body.subarray(-16));
		return Buffer.concat([cipher.update(body.subarray(86, -16)), cipher.final()])
			.subarray(0, -1)
			.toString("utf8");
	}

	return {
		subscription: {
			endpoint: ENDPOINT,
			p256dh: ours.getPublicKey("base64url"),
			auth: auth.toString("base64url"),
		},
		async next() {
			const { body } = JSON.parse(await line()) as { body: string };
			return open(Buffer.from(body, "base64"));
		},
		async subscribe(context) {
			const keys = { p256dh: [...ours.getPublicKey()], auth: [...auth] };
			await context.addInitScript(`
				const keys = ${JSON.stringify(keys)};
				let current = null;
				const made = { endpoint: ${JSON.stringify(ENDPOINT)}, getKey: (name) => Uint8Array.from(keys[name]).buffer, unsubscribe: async () => { current = null; return true; } };
				PushManager.prototype.getSubscription = async () => current;
				PushManager.prototype.subscribe = async (options) => {
					if (!options.userVisibleOnly || options.applicationServerKey.length !== 65) throw new Error("not as the standard wants it");
					return current = made;
				};
			`);
		},
	};
}

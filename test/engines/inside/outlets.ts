/**
 * The outlets of QuickJS, driven from outside: orders and answers are lines of JSON on standard input and output. Started by
 * test/support/qjs-outlets.ts, so that one suite of tests runs on both engines.
 */
import { AutonomyError, errorText } from "../../../daemon/platform/error.ts";
import type { ListenOptions, Mail, MqttLink, MqttOptions, PushToSend } from "../../../daemon/platform/outlets.ts";
import { createLineCutter } from "../../../daemon/platform/qjs/lines.ts";
import { readPipe } from "../../../daemon/platform/qjs/pipe.ts";
import { createQjsPlatform } from "../../../daemon/platform/qjs/platform.ts";

export type Pages = Readonly<Record<string, ReturnType<ListenOptions["handle"]>>>;

/** `link`: a number of the caller's own for what is opened. */
export type Order =
	| { readonly call: "openMqtt"; readonly link: number; readonly options: MqttOptions }
	| {
			readonly call: "publish";
			readonly link: number;
			readonly topic: string;
			readonly payload: string;
			readonly options: { readonly qos: 0 | 1 | 2; readonly retain: boolean };
	  }
	| { readonly call: "subscribe"; readonly link: number; readonly topics: readonly string[] }
	| { readonly call: "end" | "close"; readonly link: number }
	| { readonly call: "sendMail"; readonly mail: Mail }
	| { readonly call: "certificateEndUnixMs"; readonly pem: string }
	| {
			readonly call: "listen";
			readonly link: number;
			readonly host: string;
			readonly port: number;
			readonly pages: Pages;
			readonly idleMs: number | null;
	  }
	| { readonly call: "newPushKeys" }
	| { readonly call: "sealPush"; readonly push: PushToSend }
	| { readonly call: "memory" };

const { outlets, host } = createQjsPlatform();
const links = new Map<number, MqttLink>();
const servers = new Map<number, { close(): void }>();

function say(line: unknown): void {
	host.print(`${JSON.stringify(line)}\n`);
}

function linkOf(number: number): MqttLink {
	const link = links.get(number);
	if (link === undefined) throw new AutonomyError("connection_closed", "no such link");
	return link;
}

async function obey(order: Order): Promise<unknown> {
	switch (order.call) {
		case "openMqtt": {
			const { link } = order;
			links.set(
				link,
				await outlets.openMqtt(order.options, {
					onOpen: () => say({ link, event: "open" }),
					onMessage: (...message) => say({ link, event: "message", message }),
					onClose: (reason) => say({ link, event: "close", reason }),
				}),
			);
			return null;
		}
		case "publish":
			await linkOf(order.link).publish(order.topic, order.payload, order.options);
			return null;
		case "subscribe":
			await linkOf(order.link).subscribe(order.topics);
			return null;
		case "end":
			links.get(order.link)?.end();
			return null;
		case "close":
			links.get(order.link)?.close();
			servers.get(order.link)?.close();
			return null;
		case "sendMail":
			await outlets.sendMail(order.mail);
			return null;
		case "certificateEndUnixMs":
			return outlets.certificateEndUnixMs(order.pem);
		case "listen": {
			const { pages, port, idleMs } = order;
			const handle: ListenOptions["handle"] = (path) => {
				if (path === "/fails") throw new Error("no figures");
				// Orders are lines of 64 KiB at most.
				if (path === "/big") return { status: 200, type: "text/plain", body: "ü".repeat(200_000) };
				return Object.hasOwn(pages, path) ? (pages[path] ?? null) : null;
			};
			const server = await outlets.listen({
				host: order.host as "127.0.0.1",
				port,
				handle,
				...(idleMs === null ? {} : { idleMs }),
			});
			servers.set(order.link, server);
			return server.port;
		}
		case "newPushKeys":
			return outlets.newPushKeys();
		case "sealPush": {
			const { headers, body } = await outlets.sealPush(order.push);
			return { headers, body: [...body] };
		}
		case "memory":
			return host.memory();
	}
}

const orders = createLineCutter((line) => {
	const { id, order } = JSON.parse(line) as { readonly id: number; readonly order: Order };
	obey(order).then(
		(value) => say({ id, value }),
		(error) => say({ id, code: error instanceof AutonomyError ? error.code : "internal", text: errorText(error) }),
	);
});
host.onFatal((error) => {
	host.print(`${errorText(error)}\n`, "stderr");
	host.exit(1);
});
readPipe(0, orders.push, () => {
	for (const one of [...links.values(), ...servers.values()]) one.close();
	host.exit(0);
});

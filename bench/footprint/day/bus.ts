/** The lab's broker and a netifd in the daemon's own process, for virtual time: no socket, no other process. */
import type { BlobInputTable } from "../../../daemon/bus/blobmsg.ts";
import type { Bus } from "../../../daemon/bus/bus.ts";
import { createBus } from "../../../daemon/bus/client.ts";
import { createFrameReader } from "../../../daemon/bus/frame.ts";
import { parseMessage } from "../../../daemon/bus/message.ts";
import type { Logger } from "../../../daemon/platform/log.ts";
import type { Clock, StreamHandlers, Streams, Timers } from "../../../daemon/platform/platform.ts";
import { createBroker } from "../../../lab/ubusd/broker.ts";
import type { Link } from "../../soak/net.ts";

const SOCKET = "/var/run/ubus/ubus.sock";

/** Connections to the broker; each message takes a moment, as from one process to another. */
export function memoryBus(timers: Timers): Streams["connect"] {
	const broker = createBroker();
	return (target, handlers: StreamHandlers) => {
		let open = target.kind === "unix" && target.path === SOCKET;
		const later = (run: () => void): void =>
			void timers.after(0, () => {
				if (open) run();
			});
		if (!open) timers.after(0, () => handlers.onClose("no such socket"));
		later(() => handlers.onOpen());
		const send = (frame: Uint8Array): void => {
			const copy = frame.slice();
			later(() => handlers.onData(copy));
		};
		const client = broker.connect({ send, idle: () => true }, { user: "root", group: "root" });
		const reader = createFrameReader((frame) => broker.receive(client, parseMessage(frame), frame));
		return {
			write(bytes) {
				const copy = bytes.slice();
				later(() => reader.push(copy));
				return true;
			},
			pendingBytes: 0,
			pause: () => undefined,
			resume: () => undefined,
			close() {
				if (open) broker.disconnect(client);
				open = false;
			},
		};
	};
}

function interfaceOf(link: Link, metric: number): BlobInputTable {
	const { address, gateway } = link;
	return {
		interface: link.id,
		up: true,
		pending: false,
		available: true,
		autostart: true,
		dynamic: false,
		uptime: 1000,
		l3_device: link.device,
		device: link.device,
		proto: "dhcp",
		metric,
		"ipv4-address": [{ address: address.ipv4, mask: 24 }],
		"ipv6-address": [{ address: address.ipv6, mask: 64 }],
		route: [
			{ target: "0.0.0.0", mask: 0, nexthop: gateway.ipv4, source: `${address.ipv4}/32` },
			{ target: "::", mask: 0, nexthop: gateway.ipv6, source: "::/0" },
		],
		"dns-server": [gateway.ipv4],
		"dns-search": [],
		data: {},
	};
}

/** netifd's objects; the bus of its own may be used for questions to the daemon. */
export function serveNetifd(
	platform: { readonly streams: Streams; readonly timers: Timers; readonly clock: Clock },
	log: Logger,
	links: readonly Link[],
): Bus {
	const bus = createBus({ platform, log, paths: [SOCKET] });
	const all = links.map((link, index) => interfaceOf(link, (index + 1) * 10));
	bus.serve({ path: "network.interface", methods: { dump: { args: {}, handle: () => ({ interface: all }) } } });
	bus.serve({ path: "network.device", methods: { status: { args: { name: "string" }, handle: () => ({}) } } });
	return bus;
}

/** The bus objects of netifd: network, network.device, network.interface and one per interface. */
import type { BlobInputTable } from "../../daemon/bus/blobmsg.ts";
import type { Bus, ServedMethod, ServedObject } from "../../daemon/bus/bus.ts";
import { AutonomyError } from "../../daemon/platform/error.ts";
import type { Devices } from "./devices.ts";
import { createNetifd, type Netifd, type NetifdOptions } from "./netifd.ts";

const NOT_FOUND = 4;
const INVALID_ARGUMENT = 2;

function status(code: number, text: string): AutonomyError {
	return new AutonomyError(code === NOT_FOUND ? "bus_not_found" : "bus_bad_argument", text, { status: code });
}

type Method = ServedMethod["handle"];

export function serveNetifd(
	bus: Bus,
	devices: Devices,
	options: Pick<NetifdOptions, "offer" | "log" | "onRenew">,
): Netifd {
	const asks = { interface: "string" } as const;
	const one = (name: unknown): string => {
		if (typeof name !== "string") throw status(INVALID_ARGUMENT, "no interface given");
		if (!netifd.interfaces.has(name)) throw status(NOT_FOUND, `no interface ${name}`);
		return name;
	};
	const nothing = async (work: Promise<void>): Promise<null> => {
		await work;
		return null;
	};

	/** Methods that act on one interface: named by the object, or by an argument on the common object. */
	function interfaceMethods(which: (args: Record<string, unknown>) => string): Record<string, ServedMethod> {
		const method = (handle: Method): ServedMethod => ({ args: asks, handle });
		return {
			up: method((args) => nothing(netifd.up(which(args)))),
			down: method((args) => nothing(netifd.down(which(args)))),
			renew: method((args) => nothing(netifd.renew(which(args)))),
			status: method((args) => netifd.status(which(args)) ?? {}),
			prepare: method(() => null),
			dump: method(() => netifd.dump()),
		};
	}

	const common: ServedObject = bus.serve({
		path: "network.interface",
		methods: interfaceMethods((args) => one(args.interface)),
	});
	const deviceObject = bus.serve({
		path: "network.device",
		methods: {
			status: {
				args: { name: "string" },
				handle: ({ name }) => {
					if (typeof name === "string") {
						const found = devices.present(name) ? devices.status(name) : null;
						if (!found) throw status(NOT_FOUND, `no device ${name}`);
						return found;
					}
					const all: Record<string, BlobInputTable> = {};
					for (const device of devices.names()) all[device] = devices.status(device) ?? {};
					return all;
				},
			},
		},
	});
	bus.serve({
		path: "network",
		methods: {
			restart: { args: {}, handle: () => nothing(netifd.reload()) },
			reload: { args: {}, handle: () => nothing(netifd.reload()) },
			get_proto_handlers: {
				args: {},
				handle: () => ({ dhcp: { validate: {}, no_device: false }, static: { validate: {}, no_device: false } }),
			},
		},
	});

	const netifd = createNetifd({
		...options,
		bus,
		devices,
		serveInterface: (name) =>
			bus.serve({ path: `network.interface.${name}`, methods: interfaceMethods(() => one(name)) }),
		notifyInterfaces: (type, data) => void common.notify(type, data),
		notifyDevices: (type, data) => void deviceObject.notify(type, data),
	});
	return netifd;
}

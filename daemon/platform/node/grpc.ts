/**
 * Unary gRPC calls with @grpc/grpc-js. The library resolves names itself and has no option for a source address, but it
 * hands what a resolver returns to net.connect as it is: a resolver of our own adds `localAddress`. Every channel keeps
 * its connections to itself, or two dishes behind two uplinks (both 192.168.100.1) would share one.
 */
import { Client, credentials, experimental, status } from "@grpc/grpc-js";
import { AutonomyError } from "../error.ts";
import type { RpcChannel, RpcTarget } from "../platform.ts";
import { rpcError } from "../rpc-status.ts";

type Resolver = Parameters<typeof experimental.registerResolver>[1];
type Listener = ConstructorParameters<Resolver>[1];

const SCHEME = "bound";
/** The largest reply, an obstruction map, has 60 kB. */
const MAX_REPLY_BYTES = 1 << 20;

class BoundResolver {
	readonly #address: { readonly host: string; readonly port: number; readonly localAddress?: string };
	readonly #listener: Listener;
	/** Told once: there is nothing new to say when the library asks again after a failure, and it would try at once. */
	#told = false;

	constructor(target: { readonly path: string }, listener: Listener) {
		const [host = "", port = "", localAddress = ""] = target.path.split(",");
		this.#address = { host, port: Number(port), ...(localAddress === "" ? {} : { localAddress }) };
		this.#listener = listener;
	}

	updateResolution(): void {
		if (this.#told) return;
		this.#told = true;
		const endpoints = [{ addresses: [this.#address] }];
		// Not before the channel is ready for it.
		process.nextTick(() => this.#listener(experimental.statusOrFromValue(endpoints), {}, null, ""));
	}

	destroy(): void {
		this.#told = false;
	}

	static getDefaultAuthority(target: { readonly path: string }): string {
		return target.path.split(",").slice(0, 2).join(":");
	}
}

experimental.registerResolver(SCHEME, BoundResolver);

export function openChannel({ host, port, localAddress }: RpcTarget): RpcChannel {
	const client = new Client(`${SCHEME}:${host},${port},${localAddress ?? ""}`, credentials.createInsecure(), {
		"grpc.use_local_subchannel_pool": 1,
		"grpc.max_receive_message_length": MAX_REPLY_BYTES,
		"grpc.enable_retries": 0,
		"grpc.enable_http_proxy": 0,
		"grpc.enable_channelz": 0,
		"grpc.service_config_disable_resolution": 1,
	});
	let closed = false;
	return {
		call(path, message, timeoutMs) {
			return new Promise((resolve, reject) => {
				if (closed) {
					reject(new AutonomyError("connection_closed", "the channel is closed"));
					return;
				}
				const deadline = Date.now() + timeoutMs;
				client.makeUnaryRequest<Uint8Array, Uint8Array>(
					path,
					(bytes) => Buffer.from(bytes),
					(bytes) => bytes,
					message,
					{ deadline },
					(error, reply) => {
						if (error) reject(rpcError(error.code, error.details));
						else if (reply) resolve(reply);
						else reject(rpcError(status.INTERNAL, "an empty reply"));
					},
				);
			});
		},
		close() {
			closed = true;
			client.close();
		},
	};
}

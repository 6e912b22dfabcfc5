/** Is anybody at the dish's address, and at which of its doors? Bare connections: nothing is sent, nothing is loaded. */
import { AutonomyError } from "../../platform/error.ts";
import type { Platform } from "../../platform/platform.ts";

export type Door = "grpc" | "grpc-web";

export interface DishAddress {
	/** The same for every dish: what tells them apart is the uplink. */
	readonly host: string;
	readonly port: number;
	readonly webPort: number;
	/** Of the uplink: its source rule takes the question through it. */
	readonly localAddress: string;
}

const WAIT_MS = 2000;

function opens(platform: Platform, host: string, port: number, localAddress: string): Promise<boolean> {
	return new Promise((resolve) => {
		const done = (answer: boolean): void => {
			timer.close();
			stream.close();
			resolve(answer);
		};
		const timer = platform.timers.after(WAIT_MS, () => done(false));
		const stream = platform.streams.connect(
			{ kind: "tcp", host, port, localAddress },
			{ onOpen: () => done(true), onData: () => undefined, onClose: () => done(false) },
		);
	});
}

/**
 * Rejects with not_found when both are closed. Where both are open it is gRPC-Web's, unless it was found useless: asked once a second
 * by an HTTP/2 client in JavaScript the dish costs Node a tenth of a percent of a core and some 3 MB more (docs/bench.md).
 */
export async function knock(platform: Platform, address: DishAddress, useless: Door | null): Promise<Door> {
	const { host, port, webPort, localAddress } = address;
	const [grpc, web] = await Promise.all([
		opens(platform, host, port, localAddress),
		opens(platform, host, webPort, localAddress),
	]);
	if (web && !(grpc && useless === "grpc-web")) return "grpc-web";
	if (grpc) return "grpc";
	throw new AutonomyError("not_found", `no dish: nobody answers at ${host}, port ${port} or ${webPort}`);
}

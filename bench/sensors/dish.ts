/**
 * The dish of the reconnect bench, a process of its own: the lab's dish behind a relay that ends every connection, in turn
 * when the first answer has passed and when the first question has come. Tells its ports, then its count when asked.
 */
import { connect, createServer, type Server } from "node:net";
import { startDish } from "../../lab/dish/dish.ts";

const HOST = "127.0.0.1";
/** The reply to get_status has more bytes than all that the protocols say before it. */
const REPLY_BYTES = 240;

const counts = { grpc: 0, web: 0 };

function relay(to: number, name: keyof typeof counts): Server {
	return createServer((near) => {
		const far = connect(to, HOST);
		let heard = 0;
		let replied = 0;
		let early = false;
		const end = (): void => {
			near.destroy();
			far.destroy();
		};
		near.on("data", (bytes) => {
			// A knock says nothing, and is not counted.
			if (heard === 0) early = counts[name]++ % 2 === 1;
			heard += bytes.length;
			// HTTP/2 begins with settings from both sides; the question comes after them.
			if (early && (name === "web" || replied > 0)) end();
			else far.write(bytes);
		});
		far.on("data", (bytes) => {
			replied += bytes.length;
			if (replied < REPLY_BYTES) near.write(bytes);
			// A moment for what comes behind the message: gRPC's trailers.
			else near.write(bytes, () => setTimeout(end, 2));
		});
		for (const one of [near, far]) one.on("error", end).on("close", end);
	});
}

const listen = (server: Server): Promise<number> =>
	new Promise((resolve) => {
		server.listen(0, HOST, () => {
			const address = server.address();
			resolve(typeof address === "object" && address !== null ? address.port : 0);
		});
	});

const dish = await startDish({ host: HOST, port: 0, webPort: 0 });
const port = await listen(relay(dish.port, "grpc"));
const webPort = await listen(relay(dish.webPort, "web"));
process.on("message", () => process.send?.(counts));
process.on("disconnect", () => process.exit(0));
process.send?.({ port, webPort });

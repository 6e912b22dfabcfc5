/** Part of the sensors bench in a process of its own, with the Node flags of the installed daemon; one JSON line. */
import { fork } from "node:child_process";
import { decodeTimes } from "./decode.ts";
import { reconnects } from "./reconnect.ts";

const [part, ...numbers] = process.argv.slice(2);
const [a = 0, b = 0] = numbers.map(Number);

async function reconnectPart(door: "grpc" | "web", warmAt: number, endAt: number): Promise<unknown> {
	const dish = fork(new URL("./dish.ts", import.meta.url), { execArgv: ["--import", "tsx"] });
	const answer = <T>(): Promise<T> =>
		new Promise((resolve, reject) => {
			const over = (): void => reject(new Error("the dish ended"));
			dish.once("exit", over);
			dish.once("message", (message) => {
				dish.off("exit", over);
				resolve(message as T);
			});
		});
	try {
		const { port, webPort } = await answer<{ port: number; webPort: number }>();
		const connects = async (): Promise<number> => {
			const told = answer<{ grpc: number; web: number }>();
			dish.send("count");
			return (await told)[door];
		};
		// A port where nobody listens: the door beside the one that is measured.
		const closed = 1;
		const doors = door === "grpc" ? { port, webPort: closed } : { port: closed, webPort };
		return await reconnects({ ...doors, connects }, warmAt, endAt);
	} finally {
		dish.kill();
	}
}

const figures =
	part === "decode"
		? decodeTimes(a)
		: part === "reconnect" || part === "reconnect-web"
			? await reconnectPart(part === "reconnect" ? "grpc" : "web", a, b)
			: null;
if (figures === null) throw new Error(`no part ${part}`);
console.log(JSON.stringify(figures));
process.exit(0);

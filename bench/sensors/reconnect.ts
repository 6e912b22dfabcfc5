/**
 * A client whose dish drops every connection: each question is one connect more. In turn the dish drops it after its
 * answer (the library connects anew by itself) and before (our client makes its channel anew, after a knock). What the
 * client holds is looked at once everything is warm, and at the end.
 */
import { readdirSync } from "node:fs";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import { createDishClient } from "../../daemon/sense/starlink/client.ts";
import { usedBytes } from "../bus/measure.ts";

export interface Held {
	readonly connects: number;
	readonly bytes: number;
	readonly rssKb: number;
	/** Sockets, timers and the like that the loop waits for. */
	readonly handles: number;
	readonly files: number;
}

export interface ReconnectFigures {
	readonly warm: Held;
	readonly end: Held;
	readonly answered: number;
	readonly failed: number;
	readonly door: string;
}

const HOST = "127.0.0.1";
const TIMEOUT_MS = 5000;

/** A turn of the loop and more, for what is being closed. */
const settle = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface Doors {
	readonly port: number;
	readonly webPort: number;
	/** How many connections the dish took so far, those of knocks without a question left out. */
	connects(): Promise<number>;
}

export async function reconnects(doors: Doors, warmAt: number, endAt: number): Promise<ReconnectFigures> {
	const address = { host: HOST, port: doors.port, webPort: doors.webPort, localAddress: HOST };
	const client = createDishClient(createNodePlatform(), () => address);
	let answered = 0;
	let failed = 0;
	let why = "";
	async function until(wanted: number): Promise<Held> {
		let connects = await doors.connects();
		let idle = 0;
		while (connects < wanted) {
			const before = connects;
			for (let n = connects; n < wanted; n++) {
				try {
					await client.ask("get_status", TIMEOUT_MS);
					answered++;
				} catch (error) {
					failed++;
					why = String(error);
				}
			}
			connects = await doors.connects();
			// The last question may have found a connection that was just ending.
			idle = connects === before ? idle + 1 : 0;
			if (idle > 20) throw new Error(`the dish is not reached any more: ${why}`);
		}
		await settle(500);
		const bytes = await usedBytes();
		return {
			connects,
			bytes,
			rssKb: Math.round(process.memoryUsage.rss() / 1024),
			handles: process.getActiveResourcesInfo().length,
			files: readdirSync("/proc/self/fd").length,
		};
	}
	const warm = await until(warmAt);
	const end = await until(endAt);
	const door = client.door() ?? "none";
	client.close();
	return { warm, end, answered, failed, door };
}

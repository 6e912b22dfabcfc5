/** Puts a dish at an ISP of a lab: the address every dish has, behind that uplink alone, answering with real packets. */
import { REPO } from "../net/bundle.ts";
import type { Lab } from "../net/lab.ts";
import type { DishState } from "./dish.ts";

export interface PlacedDish {
	/** Resolves when the dish has it. */
	set(change: Partial<DishState> & { readonly drop?: true; readonly reset?: true }): Promise<void>;
}

const ADDRESS = "192.168.100.1";
const LIMIT_MS = 90_000;

export async function placeDish(lab: Lab, isp: number): Promise<PlacedDish> {
	const where = `isp${isp}` as const;
	const { code, stderr } = await lab.run({ where, argv: ["ip", "addr", "replace", `${ADDRESS}/32`, "dev", "lo"] });
	if (code !== 0) throw new Error(`no address for a dish at ISP ${isp}: ${stderr}`);
	const waiting: (() => void)[] = [];
	const answered = (): Promise<void> =>
		new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`the dish at ISP ${isp} does not listen`)), LIMIT_MS);
			waiting.push(() => {
				clearTimeout(timer);
				resolve();
			});
		});
	const ready = answered();
	const argv = [process.execPath, `${REPO}/build/lab/dish.mjs`, ADDRESS];
	const dish = await lab.spawn({ where, argv }, (line, stream) => {
		if (stream === "stdout") waiting.shift()?.();
		else console.error(`dish ${isp}: ${line}`);
	});
	await ready;
	return {
		async set(change) {
			const done = answered();
			await dish.write(`${JSON.stringify(change)}\n`);
			await done;
		},
	};
}

/** A dish as a process in an ISP's namespace: one JSON line per change on stdin; "ready", then what was asked, on stdout. */
import { createInterface } from "node:readline";
import { type DishState, startDish } from "./dish.ts";

const [host = "192.168.100.1"] = process.argv.slice(2);
const dish = await startDish({ host, port: 9200, webPort: 9201 });
console.log("ready");
createInterface({ input: process.stdin })
	.on("line", (line) => {
		const change = JSON.parse(line) as Partial<DishState> & { drop?: true; reset?: true };
		const { drop, reset, ...state } = change;
		if (reset) dish.reset();
		dish.set(state);
		if (drop) dish.drop();
		console.log(JSON.stringify(dish.asked));
	})
	.on("close", () => process.exit(0));

/** Writes the answers of dish.ts: the lab's dish, encoded; and where in the bytes its clock stands. */
import { mkdirSync, writeFileSync } from "node:fs";
import { historyAnswer, mapAnswer, type Plain, statusAnswer } from "../../../lab/dish/answers.ts";
import { encodeAnswer } from "../../../lab/dish/encode.ts";
import type { Marks } from "./dish.ts";

/** Thirty days: four bytes as a varint. */
export const DISH_BOOT_S = 2_592_000;

export function writeAnswers(folder: string): Marks {
	const status = statusAnswer().dish_get_status as Plain;
	const history = historyAnswer().dish_get_history as Plain;
	const answers: Record<string, (seconds: number) => Plain> = {
		status: (seconds) => ({ dish_get_status: { ...status, device_state: { uptime_s: seconds } } }),
		history: (seconds) => ({ dish_get_history: { ...history, current: seconds } }),
		info: () => ({ get_device_info: { device_info: status.device_info } }),
		map: () => ({ dish_get_obstruction_map: mapAnswer().dish_get_obstruction_map }),
		diagnostics: () => ({
			dish_get_diagnostics: { hardware_self_test: "PASSED", disablement_code: "OKAY" },
		}),
	};
	mkdirSync(folder, { recursive: true });
	const marks: Record<string, number | null> = {};
	for (const [name, make] of Object.entries(answers)) {
		const [bytes, other] = [0, 1].map((more) => encodeAnswer({ api_version: 42, ...make(DISH_BOOT_S + more) }));
		if (bytes === undefined || other === undefined) continue;
		const mark = bytes.findIndex((byte, at) => byte !== other[at]);
		marks[name] = mark < 0 ? null : mark;
		writeFileSync(`${folder}/${name}.bin`, bytes);
	}
	return marks;
}

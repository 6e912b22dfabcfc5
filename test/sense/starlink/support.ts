import { readConfig } from "../../../daemon/config/read.ts";
import type { Config } from "../../../daemon/config/types.ts";
import type { SensorContext } from "../../../daemon/sense/sensor.ts";
import { type DishStatus, readStatus } from "../../../daemon/sense/starlink/status.ts";
import { decodeAnswer } from "../../../daemon/sense/starlink/wire.ts";
import { parseUci } from "../../../daemon/uci/parse.ts";
import { type Plain, statusAnswer } from "../../../lab/dish/answers.ts";
import { encodeAnswer } from "../../../lab/dish/encode.ts";

const RECORDED = statusAnswer().dish_get_status as Plain;

/** A healthy dish's status with changes, through the wire. */
export function dishStatus(change: Plain = {}): DishStatus {
	const plain = Object.fromEntries(Object.entries({ ...RECORDED, ...change }).filter(([, value]) => value !== null));
	return readStatus(decodeAnswer("get_status", encodeAnswer({ dish_get_status: plain })));
}

export function outage(cause: string, durationMs: number): Plain {
	return { outage: { cause, start_timestamp_ns: "1468116354126161612", duration_ns: String(durationMs * 1_000_000) } };
}

export function config(text = ""): Config {
	return readConfig(parseUci(text, { file: "test" }), "test").config;
}

/** What a sensor said, in order. */
export interface Heard {
	readonly values: Parameters<SensorContext["observe"]>[0][];
	readonly risks: Parameters<SensorContext["risk"]>[0][];
	readonly suspects: string[];
	readonly events: string[];
	readonly classes: (string | null)[];
	/** Whether by the device alone, each time it was asked for. */
	readonly reached: (boolean | null)[];
}

type Mouth = Pick<SensorContext, "observe" | "risk" | "suspect" | "event" | "classify" | "reach">;

export function listener(): { readonly heard: Heard; readonly sink: Mouth } {
	const heard: Heard = { values: [], risks: [], suspects: [], events: [], classes: [], reached: [] };
	const sink: Mouth = {
		observe: (values) => void heard.values.push(values),
		risk: (risk) => void heard.risks.push(risk),
		suspect: (reason) => void heard.suspects.push(reason),
		event: (type, reason) => void heard.events.push(`${type}: ${reason}`),
		reach: (peer) => void heard.reached.push(peer === null ? null : peer.direct),
		classify: (found) => void heard.classes.push(found?.class ?? null),
	};
	return { heard, sink };
}

/** How much of a data plan is used. Pure. */
import type { ReplyOf } from "../../contract/api-schema.ts";
import type { USAGE_METHODS } from "../../contract/api-usage.ts";
import { bytes, day, percent } from "../format.ts";
import { say } from "../say.ts";

export type Use = ReplyOf<typeof USAGE_METHODS.data_usage.reply>["usage"][string];

export interface PlanUse {
	readonly tone: "good" | "warn" | "bad";
	/** 0 to 100, however much more was used. */
	readonly pct: number;
	readonly text: string;
}

/** Null: there is no plan. */
export function planUse(use: Use): PlanUse | null {
	if (typeof use.used_pct !== "number") return null;
	return {
		tone: use.cap === "reached" ? "bad" : use.cap === "near" ? "warn" : "good",
		pct: Math.min(100, Math.max(0, use.used_pct)),
		text: say(_("{used} of {limit} used ({pct}); {left} left until {day}."), {
			used: bytes(use.used_bytes),
			limit: bytes(use.limit_bytes),
			pct: percent(use.used_pct),
			left: bytes(use.left_bytes),
			day: day(use.reset_unix_ms),
		}),
	};
}

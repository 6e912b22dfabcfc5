/** data_usage for the terminal. Pure. */
import type { Reply } from "../../../contract/api.ts";
import { type TextStyle, type Tone, tableLines, wrap } from "./layout.ts";
import { amount, figure, when } from "./words.ts";

type Use = Reply<"data_usage">["usage"][string];

function tone(use: Use): Tone {
	if (use.cap === "reached") return "bad";
	return use.cap === "near" ? "warn" : "plain";
}

function both(rx: number | null | undefined, tx: number | null | undefined): string {
	return rx == null || tx == null ? "-" : amount(rx + tx);
}

export function usageText({ usage }: Reply<"data_usage">, style: TextStyle): string[] {
	const all = Object.entries(usage);
	if (all.length === 0) return ["There is no uplink."];
	const rows = all.map(([name, use]) => [
		{ text: name, tone: "strong" as const },
		{ text: both(use.today_rx_bytes, use.today_tx_bytes) },
		{ text: both(use.month_rx_bytes, use.month_tx_bytes) },
		{ text: use.limit_bytes == null ? "-" : amount(use.used_bytes) },
		{ text: amount(use.limit_bytes) },
		{ text: use.used_pct == null ? "-" : `${figure(use.used_pct, 0)} %`, tone: tone(use) },
		{ text: use.limit_bytes == null ? "-" : amount(use.daily_bytes) },
		{ text: use.reset_unix_ms == null || use.limit_bytes == null ? "-" : when(use.reset_unix_ms).slice(0, 10) },
	]);
	const right = (title: string, optional?: number) => ({ title, right: true, ...(optional ? { optional } : {}) });
	const columns = [
		{ title: "UPLINK", flexible: true },
		right("TODAY"),
		right("MONTH", 3),
		right("USED"),
		right("PLAN"),
		right("SHARE"),
		right("A DAY", 2),
		right("ANEW", 1),
	];
	const words = all.flatMap(([name, use]) => {
		if (use.state !== "ok" || use.problem) return wrap(`${name}: ${use.problem ?? use.text}`, style, "", "  ");
		if (use.cap === "reached")
			return wrap(`${name}: used up, it carries traffic only when nothing else does`, style, "", "  ");
		return use.cap === "near" ? wrap(`${name}: nearly used up, it is spared`, style, "", "  ") : [];
	});
	return [...tableLines(columns, rows, style), ...(words.length === 0 ? [] : ["", ...words])];
}

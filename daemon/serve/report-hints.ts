/** What to change, by the figures of a report: each hint with its arithmetic, so that the owner can check it. */
import type { Reply } from "../../contract/api.ts";
import type { ServeDeps } from "./deps.ts";

type Uplink = Reply<"report">["uplinks"][number];

const HOUR_MS = 3_600_000;

const gb = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;
const money = (amount: number): string => amount.toFixed(2);

export function hintsOf(
	deps: ServeDeps,
	uplinks: readonly Uplink[],
	spanMs: number,
	prices: ReadonlyMap<string, number | null>,
): string[] {
	const one = uplinks.length === 1 ? ["There is one uplink only: when it fails nothing can take over"] : [];
	return [...availability(uplinks, spanMs), ...one, ...plans(deps, prices), ...costs(uplinks, prices)];
}

function availability(uplinks: readonly Uplink[], spanMs: number): string[] {
	const hours = Math.round(spanMs / HOUR_MS);
	return uplinks.flatMap(({ name, availability_pct: worked, down_s: down }) => {
		if (worked == null || down == null || worked >= 99 || hours < 1) return [];
		const words = `${name} worked ${worked.toFixed(1)} % of ${hours} h: ${Math.round(down / 60)} min without connection`;
		const advice = "it is no good as first choice: give it a lower weight, or look at its link";
		return [worked < 90 ? `${words}; ${advice}` : words];
	});
}

/** Each plan carried on as it was used so far. */
function plans(deps: ServeDeps, prices: ReadonlyMap<string, number | null>): string[] {
	return deps.discovered().uplinks.flatMap(({ id }) => {
		const details = deps.sensors(id).find((one) => one.sensor === "usage")?.details;
		const number = (field: string): number | null => {
			const value = details?.[field];
			return typeof value === "number" ? value : null;
		};
		const [used, limit, days] = [number("used_bytes"), number("limit_bytes"), number("days_left")];
		const [from, reset] = [number("from_unix_ms"), number("reset_unix_ms")];
		if (used === null || limit === null || days === null || from === null || reset === null) return [];
		const all = (reset - from) / (24 * HOUR_MS);
		const gone = all - days;
		if (gone < 0.5 || all <= 0) return [];
		const expected = (used / gone) * all;
		const sum = `${gb(used)} in ${gone.toFixed(1)} days makes ${gb(expected)} in ${all.toFixed(0)} days`;
		const price = prices.get(id) ?? null;
		if (expected > limit) {
			const more = expected - limit;
			const each = price === null ? "" : `, ${money((more / 1e9) * price)} at ${money(price)} a GB`;
			return [`${id}: ${sum}; the plan has ${gb(limit)}: ${gb(more)} more are needed${each}, or less use`];
		}
		return expected < limit / 3 ? [`${id}: ${sum}; the plan has ${gb(limit)}: a smaller one would do`] : [];
	});
}

/** What the dearest uplink carried, at the price of the cheapest that was up as often. */
function costs(uplinks: readonly Uplink[], prices: ReadonlyMap<string, number | null>): string[] {
	const priced = uplinks.flatMap((one) => {
		const price = prices.get(one.name) ?? null;
		return price === null || one.bytes == null || one.cost == null
			? []
			: [{ ...one, price, bytes: one.bytes, cost: one.cost }];
	});
	return priced.flatMap((dear) => {
		const fit = priced.filter(
			(one) => one.price < dear.price && (one.availability_pct ?? 0) >= (dear.availability_pct ?? 100) - 1,
		);
		const cheap = fit.sort((a, b) => a.price - b.price)[0];
		const saved = cheap === undefined ? 0 : dear.cost - (dear.bytes / 1e9) * cheap.price;
		if (cheap === undefined || saved < 0.01 || saved < dear.cost / 10) return [];
		const sum = `${gb(dear.bytes)} at ${money(dear.price)} a GB cost ${money(dear.cost)}`;
		return [
			`${dear.name}: ${sum}; over ${cheap.name}, which worked as well, ${money((dear.bytes / 1e9) * cheap.price)}: give ${cheap.name} the higher weight`,
		];
	});
}

/** starlink_status and starlink_diagnostics for the terminal. Pure. */
import type { Reply } from "../../../contract/api.ts";
import { type TextStyle, type Tone, tableLines, wrap } from "./layout.ts";
import { figure, span } from "./words.ts";

type Dish = Reply<"starlink_status">["starlink"][string];
type Diagnosis = Reply<"starlink_diagnostics">["starlink"][string];

function tone(dish: Dish): Tone {
	if (dish.state !== "ok" || dish.outage != null) return "bad";
	return dish.alerts.some((alert) => alert.grade !== "info") || dish.danger != null ? "warn" : "good";
}

export function starlinkText(
	{ starlink, summary }: Reply<"starlink_status">,
	diagnostics: Reply<"starlink_diagnostics">,
	style: TextStyle,
): string[] {
	const uplinks = Object.entries(starlink);
	if (uplinks.length === 0) return ["There is no uplink that a dish could be behind."];
	const dishes = uplinks.filter(([, dish]) => dish.dish_state != null);
	const rows = dishes.map(([name, dish]) => [
		{ text: name, tone: "strong" as const },
		{ text: dish.dish_state ?? "-", tone: tone(dish) },
		{ text: figure(dish.drop_pct) },
		{ text: figure(dish.latency_ms, 0) },
		{ text: figure(dish.down_mbps) },
		{ text: figure(dish.up_mbps) },
		{ text: figure(dish.obstruction?.sky_pct, 2) },
		{ text: dish.uptime_s == null ? "-" : span(dish.uptime_s) },
		{ text: dish.hardware ?? "-" },
		{ text: dish.firmware ?? "-" },
	]);
	const right = (title: string, optional?: number) => ({ title, right: true, ...(optional ? { optional } : {}) });
	const columns = [
		{ title: "UPLINK", flexible: true },
		{ title: "STATE" },
		right("DROP %"),
		right("MS"),
		right("MBIT/S", 3),
		right("UP", 4),
		right("SKY %"),
		right("RUNS", 1),
		{ title: "HARDWARE", flexible: true, optional: 5 },
		{ title: "FIRMWARE", flexible: true, optional: 2 },
	];
	const words = uplinks.flatMap(([name, dish]) => {
		const head = wrap(`${name}: ${dish.text}`, style, "", "  ");
		const facts = dish.dish_state == null ? [] : factsOf(dish, diagnostics.starlink[name]);
		return [...head, ...facts.flatMap((fact) => wrap(fact, style, "  ", "    "))];
	});
	const { total, connected } = summary;
	return [
		...(rows.length === 0 ? [] : [...tableLines(columns, rows, style), ""]),
		...words,
		total === 0 ? "No dish answers." : `${connected} of ${total} ${total === 1 ? "dish" : "dishes"} connected`,
	];
}

function factsOf(dish: Dish, diagnosis: Diagnosis | undefined): string[] {
	const facts: (string | null)[] = [
		dish.danger == null ? null : `danger: ${dish.danger.text}`,
		outageWords(dish),
		obstructionWords(dish.obstruction),
		...dish.alerts.map(
			(alert) => `${alert.grade}: ${alert.text}${alert.text === alert.name ? "" : ` (${alert.name})`}`,
		),
		updateWords(dish.update),
		dish.restarts_seen ? `restarts since watched: ${dish.restarts_seen}${reasonWords(dish)}` : null,
		lately(dish.last_15_min),
		powerWords(dish),
		diagnosis === undefined ? null : diagnosisWords(diagnosis),
		...newFindings(dish, diagnosis).map((finding) => `look at: ${finding}`),
		dish.refused.length === 0 ? null : `refused: ${dish.refused.join(", ")}`,
	];
	return facts.filter((fact) => fact !== null);
}

/** Without what the lines above have said with more words. */
function newFindings({ alerts, outage }: Dish, diagnosis: Diagnosis | undefined): string[] {
	const said = new Set(alerts.map((alert) => `${alert.name}: ${alert.text}`));
	if (outage != null) said.add(`no service now: ${outage.text}`);
	return (diagnosis?.findings ?? []).filter((finding) => !said.has(finding));
}

function seconds(ms: number): string {
	return `${figure(ms / 1_000)} s`;
}

function outageWords({ outage, outages }: Dish): string | null {
	if (outage != null) return `outage for ${seconds(outage.duration_ms)}: ${outage.text} (${outage.cause})`;
	if (outages.length === 0) return null;
	const longest = Math.max(...outages.map((one) => one.duration_ms));
	const causes = [...new Set(outages.map((one) => one.cause))].join(", ");
	return `outages within 10 min: ${outages.length}, the longest ${seconds(longest)} (${causes})`;
}

function obstructionWords(obstruction: Dish["obstruction"]): string | null {
	if (obstruction == null) return null;
	const { sky_pct, time_pct, toward_pct, prolonged_s, prolonged_every_s, valid_s, now } = obstruction;
	const parts = [
		sky_pct == null ? null : `${figure(sky_pct, 2)} % of the sky`,
		time_pct == null ? null : `${figure(time_pct, 2)} % of the time`,
		toward_pct == null ? null : `${figure(toward_pct, 2)} % where it looks`,
		prolonged_s == null || prolonged_every_s == null
			? null
			: `for ${figure(prolonged_s)} s about every ${span(prolonged_every_s)}`,
		valid_s == null ? null : `surveyed for ${span(valid_s)}`,
	];
	return `obstructed${now ? " now" : ""}: ${parts.filter((part) => part !== null).join(", ") || "not known"}`;
}

function updateWords(update: Dish["update"]): string | null {
	if (update == null) return null;
	const { state, progress_pct, requires_reboot, reboot_ready, reboot_in_s, reboot_possible_in_s } = update;
	const parts = [
		state === "IDLE" || state === "UNKNOWN" ? null : state,
		progress_pct == null ? null : `${figure(progress_pct, 0)} % loaded`,
		requires_reboot ? "must restart for it" : null,
		reboot_ready ? "ready to restart" : null,
		reboot_possible_in_s == null ? null : `may restart in ${span(reboot_possible_in_s)}`,
		reboot_in_s == null ? null : `will restart in ${span(reboot_in_s)}`,
	].filter((part) => part !== null);
	return parts.length === 0 ? null : `update: ${parts.join(", ")}`;
}

function reasonWords({ reboot_reason }: Dish): string {
	return reboot_reason == null || reboot_reason === "NONE" ? "" : `, the last for ${reboot_reason}`;
}

function lately(last: Dish["last_15_min"]): string | null {
	if (last == null) return null;
	return `last ${span(last.seconds)}: drop ${figure(last.drop_pct, 2)} %, ${figure(last.latency_ms)} ms`;
}

function powerWords({ power_w, battery }: Dish): string | null {
	const parts = [
		power_w == null ? null : `${figure(power_w)} W`,
		battery == null ? null : `battery ${figure(battery.charge_pct, 0)} %${battery.charging ? ", charging" : ""}`,
	].filter((part) => part !== null);
	return parts.length === 0 ? null : `power: ${parts.join(", ")}`;
}

function diagnosisWords(diagnosis: Diagnosis): string {
	if (!diagnosis.asked) return "diagnostics: not told";
	const parts = [
		`self test ${(diagnosis.self_test ?? "NO_RESULT").toLowerCase().replace("_", " ")}`,
		diagnosis.alerts.length === 0 ? null : `alerts ${diagnosis.alerts.join(", ")}`,
		diagnosis.stowed === true ? "stowed" : null,
		diagnosis.rate_limited === true ? "slowed down by its plan" : null,
	];
	return `diagnostics: ${parts.filter((part) => part !== null).join(", ")}`;
}

/**
 * starlink_status, starlink_diagnostics and obstruction_map: what the dishes' sensors know now. Whatever they know of the
 * position stays out of all three: it belongs to `gps`, where the owner decides about it.
 */
import type { CallArgs, Reply } from "../../contract/api.ts";
import { AutonomyError } from "../platform/error.ts";
import type { SensorStatus } from "../sense/senses.ts";
import type { Details } from "../sense/sensor.ts";
import { encodeBase64 } from "./base64.ts";
import type { ServeDeps } from "./deps.ts";
import { findingsOf } from "./starlink-findings.ts";

export type Dish = Reply<"starlink_status">["starlink"][string];
type Diagnosis = Reply<"starlink_diagnostics">["starlink"][string];
type SkyMap = Reply<"obstruction_map">["maps"][string];
type Found = readonly (readonly [string, SensorStatus])[];

/** All maps of one reply, base64: the bus takes 1 MiB. */
const CELLS_TOGETHER = 700_000;

function sensorsOf(deps: ServeDeps): Found {
	return deps.discovered().uplinks.flatMap(({ id }) => {
		const sensor = deps.sensors(id).find((one) => one.sensor === "starlink");
		return sensor === undefined ? [] : [[id, sensor] as const];
	});
}

function wanted(deps: ServeDeps, name: string | undefined): Found {
	const all = sensorsOf(deps);
	if (name === undefined) return all;
	const found = all.filter(([id]) => id === name);
	if (found.length > 0) return found;
	const list = all.map(([id]) => id).join(", ") || "none";
	throw new AutonomyError("not_found", `no dish is looked for behind '${name}'; uplinks where one is: ${list}`);
}

/** The sensor names its details as the contract does (sense/starlink/describe.ts); state and danger are put in their place. */
function dishOf({ health, details }: SensorStatus): Dish {
	const { state, danger, location: _, diagnostics: __, ...rest } = details ?? ({} as Details);
	const { risk = null, ...why } = (danger ?? {}) as Details;
	const known = {
		outages: [],
		alerts: [],
		refused: [],
		...rest,
		state: health.state,
		text: health.text,
		dish_state: state,
		...(risk === null ? {} : { danger: why, predictive_risk: risk }),
	};
	// Details are plain JSON: that they are what the contract says is checked when the reply is encoded.
	return known as unknown as Dish;
}

export function starlinkStatusReply(deps: ServeDeps): Reply<"starlink_status"> {
	const dishes = sensorsOf(deps).map(([id, sensor]) => [id, dishOf(sensor)] as const);
	const answering = dishes.map(([, dish]) => dish).filter((dish) => dish.dish_state != null);
	const risks = answering.flatMap((dish) => dish.predictive_risk ?? []);
	const grave = answering.map((dish) => dish.alerts.filter((alert) => alert.grade !== "info").length);
	return {
		ts: deps.platform.clock.wallMs(),
		starlink: Object.fromEntries(dishes),
		summary: {
			total: answering.length,
			connected: answering.filter((dish) => dish.outage == null).length,
			alerts: grave.reduce((sum, count) => sum + count, 0),
			highest_risk: risks.length === 0 ? null : Math.max(...risks),
		},
	};
}

export function starlinkDiagnosticsReply(
	deps: ServeDeps,
	args: CallArgs<"starlink_diagnostics">,
): Reply<"starlink_diagnostics"> {
	const dishes = wanted(deps, args.interface).map(([id, sensor]) => [id, diagnosisOf(sensor)] as const);
	return { ts: deps.platform.clock.wallMs(), starlink: Object.fromEntries(dishes) };
}

function diagnosisOf(sensor: SensorStatus): Diagnosis {
	const dish = dishOf(sensor);
	const told = (sensor.details?.diagnostics ?? null) as Partial<Diagnosis> | null;
	const known: Diagnosis = {
		self_test_faults: [],
		alerts: [],
		...told,
		state: dish.state,
		text: dish.text,
		asked: told !== null,
		refused: dish.refused,
		findings: [],
	};
	if (dish.dish_state == null) return known;
	const findings = findingsOf(dish, known);
	return { ...known, healthy: findings.length === 0, findings };
}

export function obstructionMapReply(deps: ServeDeps, args: CallArgs<"obstruction_map">): Reply<"obstruction_map"> {
	let room = CELLS_TOGETHER;
	const maps = wanted(deps, args.interface).map(([id, sensor]) => {
		const map = mapOf(deps, id, sensor, room);
		room -= map.cells?.length ?? 0;
		return [id, map] as const;
	});
	return { ts: deps.platform.clock.wallMs(), maps: Object.fromEntries(maps) };
}

function mapOf(deps: ServeDeps, id: string, sensor: SensorStatus, room: number): SkyMap {
	const { state, text } = sensor.health;
	const picture = deps.picture(id);
	if (picture === null) return { state, text: state === "ok" ? whyNoMap(deps, dishOf(sensor)) : text };
	const ageMs = deps.platform.clock.monotonicMs() - picture.atMs;
	// Facts are plain JSON, as the details are.
	const facts = picture.facts as unknown as SkyMap;
	const fits = Math.ceil(picture.cells.length / 3) * 4 <= room;
	return { ...facts, state, age_s: Math.max(0, ageMs / 1_000), cells: fits ? encodeBase64(picture.cells) : null };
}

function whyNoMap(deps: ServeDeps, dish: Dish): string {
	if (!deps.config.current().starlink.obstructionMap) return "switched off: starlink.api.obstruction_map is 0";
	if (dish.refused.includes("dish_get_obstruction_map")) return "the dish refuses to tell its map";
	return "the dish has not told its map yet: it is asked every ten minutes";
}

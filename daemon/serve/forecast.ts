/** forecast: what the last tick foretold, and how the engine's predictions ended. */
import type { CallArgs, Reply } from "../../contract/api.ts";
import type { Uplink as EngineUplink } from "../decide/state.ts";
import { NO_SILENCES, ownShift } from "../forecast/silence.ts";
import type { Forecast } from "../forecast/types.ts";
import type { ServeDeps } from "./deps.ts";
import { unknownUplink } from "./series.ts";

type One = Reply<"forecast">["uplinks"][string];

/** Silences of the uplink itself, and what they do to the patience with the next. */
function silencesOf({ falseAlarms, silences = NO_SILENCES }: EngineUplink) {
	return {
		false_alarms: falseAlarms,
		silences: { lasted: Math.round(silences.lasted), ended: Math.round(silences.ended), odds: ownShift(silences) },
	};
}

function one(forecast: Forecast | undefined, engine: EngineUplink): One {
	const own = silencesOf(engine);
	if (forecast === undefined) {
		const text = "no probe of it was seen yet";
		return { known: false, cause: "unknown", text, confidence: 0, figures: [], ...own };
	}
	const { risks, cause, text, confidence, anomaly } = forecast;
	const figures = forecast.figures.filter((figure) => Number.isFinite(figure.value));
	const shared = { cause, text, confidence, figures: [...figures], ...own };
	const odd = anomaly === null ? {} : { anomaly };
	if (risks === null) return { known: false, ...shared, ...odd };
	return {
		known: true,
		...shared,
		...odd,
		risk_2s_in_3s: risks.any_2s_in_3s,
		risk_2s_in_10s: risks.any_2s_in_10s,
		risk_2s_in_30s: risks.any_2s_in_30s,
		risk_5s_in_3s: risks.any_5s_in_3s,
		risk_5s_in_10s: risks.any_5s_in_10s,
		risk_5s_in_30s: risks.any_5s_in_30s,
	};
}

export function forecastReply(deps: ServeDeps, args: CallArgs<"forecast">): Reply<"forecast"> {
	const { uplinks, modelDate, score } = deps.forecast();
	const { uplinks: engine, foresight, settings } = deps.engine();
	const wanted = engine.filter(({ facts }) => args.interface === undefined || facts.id === args.interface);
	if (args.interface !== undefined && wanted.length === 0) throw unknownUplink(deps, args.interface);
	const rows = wanted.map((engine) => {
		const { id } = engine.facts;
		return [
			id,
			one(
				uplinks.find((each) => each.uplink === id),
				engine,
			),
		] as const;
	});
	return {
		ts: deps.platform.clock.wallMs(),
		predictive: settings.predictive,
		...(modelDate === null ? {} : { model_date: modelDate }),
		uplinks: Object.fromEntries(rows),
		score: { ...score, pending: foresight.pending.length },
	};
}

/** Twice does no harm. */
export function forecastResetReply(deps: ServeDeps, args: CallArgs<"forecast_reset">): Reply<"forecast_reset"> {
	const { interface: name } = args;
	if (name !== undefined && !deps.engine().uplinks.some(({ facts }) => facts.id === name))
		throw unknownUplink(deps, name);
	deps.forgetForecast(name ?? null);
	const what = name === undefined ? "all uplinks, and the score of the forecast," : name;
	return { ok: true, text: `what was learnt of ${what} is forgotten` };
}

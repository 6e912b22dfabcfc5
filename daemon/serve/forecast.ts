/** forecast: what the last tick foretold, and how the engine's predictions ended. */
import type { CallArgs, Reply } from "../../contract/api.ts";
import type { Forecast } from "../forecast/types.ts";
import type { ServeDeps } from "./deps.ts";
import { unknownUplink } from "./series.ts";

type One = Reply<"forecast">["uplinks"][string];

function one(forecast: Forecast | undefined, falseAlarms: number): One {
	if (forecast === undefined) {
		const text = "no probe of it was seen yet";
		return { known: false, cause: "unknown", text, confidence: 0, figures: [], false_alarms: falseAlarms };
	}
	const { risks, cause, text, confidence, anomaly } = forecast;
	const figures = forecast.figures.filter((figure) => Number.isFinite(figure.value));
	const shared = { cause, text, confidence, figures: [...figures], false_alarms: falseAlarms };
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
	const { uplinks, modelDate } = deps.forecast();
	const { uplinks: engine, foresight, settings } = deps.engine();
	const wanted = engine.filter(({ facts }) => args.interface === undefined || facts.id === args.interface);
	if (args.interface !== undefined && wanted.length === 0) throw unknownUplink(deps, args.interface);
	const rows = wanted.map(({ facts, falseAlarms }) => {
		const forecast = uplinks.find((each) => each.uplink === facts.id);
		return [facts.id, one(forecast, falseAlarms)] as const;
	});
	const { right, early, wrong, pending } = foresight;
	return {
		ts: deps.platform.clock.wallMs(),
		predictive: settings.predictive,
		...(modelDate === null ? {} : { model_date: modelDate }),
		uplinks: Object.fromEntries(rows),
		score: { right, early, wrong, pending: pending.length },
	};
}

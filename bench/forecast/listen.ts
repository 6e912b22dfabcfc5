/**
 * The forecast beside the engine, as the daemon wires it: it hears what the engine hears, and speaks once per tick. One
 * forecaster per uplink here, since a trace may be put together of recordings that different models know.
 */
import type { Input } from "../../daemon/decide/types.ts";
import { createForecaster } from "../../daemon/forecast/forecaster.ts";
import { createTeller } from "../../daemon/forecast/teller.ts";
import type { Trace } from "../traces/types.ts";
import type { Models } from "./models.ts";

export function listen(trace: Trace, models: Models): (input: Input) => readonly Input[] {
	const forecasters = new Map(trace.tracks.map((one) => [one.uplink, createForecaster(models.of(trace, one))]));
	const teller = createTeller();
	return (input) => {
		switch (input.kind) {
			case "probe":
			case "reach":
			case "sense":
			case "traffic":
				forecasters.get(input.uplink)?.take(input);
				return [];
			case "tick": {
				const forecasts = [...forecasters.values()].flatMap((one) => one.tick(input.atMs));
				return teller.tell(forecasts).map((told) => ({ kind: "forecast", ...told }));
			}
			default:
				return [];
		}
	};
}

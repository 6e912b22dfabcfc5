/** The forecast beside the engine, as the daemon wires it: it hears what the engine hears, and speaks once per tick. */
import type { Input } from "../../daemon/decide/types.ts";
import { createForecaster } from "../../daemon/forecast/forecaster.ts";
import type { Model } from "../../daemon/forecast/model.ts";
import { createTeller } from "../../daemon/forecast/teller.ts";

export function listen(model: Model): (input: Input) => readonly Input[] {
	const forecaster = createForecaster(model);
	const teller = createTeller();
	return (input) => {
		switch (input.kind) {
			case "probe":
			case "reach":
			case "sense":
			case "traffic":
				forecaster.take(input);
				return [];
			case "tick":
				return teller.tell(forecaster.tick(input.atMs)).map((told) => ({ kind: "forecast", ...told }));
			default:
				return [];
		}
	};
}

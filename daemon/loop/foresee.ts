/**
 * The forecast beside the loop: hears every input, is asked at each tick, and feeds the engine what it has to hear. Its
 * answers are inputs like all others, so a recording replays without it. A model that cannot be read is said once; nothing
 * is foretold then.
 */
import type { Input } from "../decide/types.ts";
import { createForecaster, type Forecaster, type ForecasterOptions, USUAL_OPTIONS } from "../forecast/forecaster.ts";
import model from "../forecast/model.json" with { type: "json" };
import { createModel, type ModelFile } from "../forecast/model.ts";
import { type Moment, NOWHERE } from "../forecast/repeat.ts";
import { createTeller } from "../forecast/teller.ts";
import type { Forecast } from "../forecast/types.ts";
import { errorText } from "../platform/error.ts";
import type { Logger } from "../platform/log.ts";

export interface Foresee {
	take(input: Input): void;
	/** Once per tick; `feed` gets what the engine shall know. `inUse`: the uplink that carries the traffic, null while there is none. */
	tick(atMs: number, wanted: boolean, feed: (input: Input) => void, inUse?: string | null): void;
	latest(): readonly Forecast[];
	/** Of the model in use; null without one. */
	made(): { readonly date: string; readonly library: string } | null;
	/** Forgets what was learnt of the uplink; null: of all. */
	reset(uplink: string | null): void;
}

export interface ForeseeOptions {
	readonly settings?: () => ForecasterOptions;
	readonly moment?: () => Moment;
}

export function createForesee(log: Logger, options: ForeseeOptions = {}): Foresee {
	const teller = createTeller();
	const { settings = () => USUAL_OPTIONS, moment = () => NOWHERE } = options;
	let forecaster: Forecaster | null = null;
	try {
		// JSON is typed by its first tree; createModel checks what matters.
		forecaster = createForecaster(createModel(model as unknown as ModelFile), settings);
	} catch (error) {
		log.error("startup", { reason: `no forecast: ${errorText(error)}; uplinks are left when they fail, not before` });
	}
	return {
		take(input) {
			switch (input.kind) {
				case "probe":
				case "reach":
				case "sense":
				case "traffic":
					forecaster?.take(input);
					return;
				case "uplinks": {
					const dishes = input.uplinks.filter((one) => one.class === "starlink");
					forecaster?.keep(
						input.uplinks.map((one) => one.id),
						dishes.map((one) => one.id),
					);
					return;
				}
				case "link":
					forecaster?.forget(input.uplink);
					return;
				default:
					return;
			}
		},
		tick(atMs, wanted, feed, inUse = null) {
			const told = teller.tell(forecaster?.tick(atMs, moment(), inUse) ?? []);
			if (wanted) for (const one of told) feed({ kind: "forecast", ...one });
		},
		latest: () => forecaster?.latest() ?? [],
		made: () => (forecaster === null ? null : { date: model.made.date, library: model.made.library }),
		reset: (uplink) => forecaster?.reset(uplink),
	};
}

/** What serve/ asks of the running daemon, answered from the rooms. Everything here is cheap: nothing is measured. */
import { CONFIG_PACKAGE } from "../../contract/options.ts";
import type { Decision, EngineEvent } from "../decide/types.ts";
import { isTransient } from "../platform/error.ts";
import type { CommandOutcome, CommandRequest, ServeDeps } from "../serve/deps.ts";
import { packagePath } from "../uci/load.ts";
import type { Outlets } from "./outlets.ts";
import type { Rooms } from "./rooms.ts";

export function serveDeps(rooms: Rooms, { alerts, push, places }: Outlets): ServeDeps {
	const { platform, log, store, discovery, prober, steerer, recorder, senses, gps, loop, bus, foresee, score } = rooms;
	let system: string | null = null;
	let commands = 0;

	const askSystem = (): void => {
		bus.call("system", "board", {}).then(
			(board) => {
				const release = board.release;
				const text =
					typeof release === "object" && release !== null && "description" in release ? release.description : null;
				system = typeof text === "string" ? text : null;
			},
			(error) => {
				// A bus that comes up later asks again; a router without that object stays nameless.
				if (!isTransient(error)) log.debug("startup", { reason: "the system has no name" });
			},
		);
	};
	bus.onState((state) => {
		if (state === "connected" && system === null) askSystem();
	});

	return {
		platform,
		log: log.child("serve"),
		version: rooms.version,
		system: () => system,
		load: () => rooms.load(),
		startedAtMs: rooms.startedAtMs,
		engine: () => loop.state(),
		discovered: () => discovery.current(),
		probes: () => prober.status(),
		sensors: (uplink) => senses.status(uplink),
		picture: (uplink) => senses.picture(uplink),
		gps: () => gps.picture(),
		forecast: () => ({
			uplinks: foresee.latest(),
			modelDate: foresee.made()?.date ?? null,
			score: score.sums(loop.state()),
		}),
		forgetForecast(uplink) {
			foresee.reset(uplink);
			loop.feed({ kind: "forget", atMs: platform.clock.monotonicMs(), uplink });
			if (uplink === null) score.reset(loop.state());
		},
		steering: () => steerer.status(),
		recorder,
		alerts,
		push,
		places: (count) => places.worst(count),
		config: {
			current: () => store.current(),
			problems: () =>
				store
					.report()
					.filter((entry) => entry.level !== "info")
					.map((entry) => entry.message),
			readPackage: () => store.readPackage(),
			file: packagePath(platform.files, CONFIG_PACKAGE),
			reload: () => rooms.reload(),
		},
		command: (request) => Promise.resolve(command(request)),
		setLogLevel: (level) => log.setLevel(level),
		problems: () => rooms.problems(),
	};

	function command(request: CommandRequest): CommandOutcome {
		const id = `c${++commands}`;
		const atMs = platform.clock.monotonicMs();
		const { name, uplink, forMs, reason } = request;
		const output = loop.ask({ kind: "command", atMs, id, name, uplink, forMs, reason });
		return outcomeOf(request, output.decisions, output.events);
	}
}

/** A command that was carried out leaves a decision; a refused one an event that says why. */
function outcomeOf(
	request: CommandRequest,
	decisions: readonly Decision[],
	events: readonly EngineEvent[],
): CommandOutcome {
	const decision = decisions[0]; // what follows in the same step are consequences
	if (decision) return { ok: true, text: decision.text, decisionId: decision.id };
	const refused = events.find(
		(event) => (event.type === "command" || event.type === "throttle") && event.reason.includes(" refused: "),
	);
	if (refused) return { ok: false, text: refused.reason, decisionId: refused.decisionId };
	const told = events.find((event) => event.type === "command" || event.type === "throttle");
	return { ok: told !== undefined, text: told?.reason ?? `${request.name}: nothing to do`, decisionId: null };
}

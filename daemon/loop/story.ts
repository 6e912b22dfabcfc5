/** Decisions and events as log lines, with the field names of docs/logging.md. */
import type { Decision, EngineEvent } from "../decide/types.ts";
import type { Logger } from "../platform/log.ts";
import type { LoopOutput } from "./loop.ts";

/** Message names users filter by (prior generations used the same). */
const MESSAGES: Readonly<Record<EngineEvent["type"], string>> = {
	member_state: "state_change",
	member_discovered: "discovery",
	member_lost: "discovery",
	cooldown: "throttle",
	throttle: "throttle",
	command: "command",
	steer_failed: "switch",
	settings: "configuration",
	prediction: "prediction",
};

export function logOutput(log: Logger, output: LoopOutput): void {
	for (const event of output.events) logEvent(log, event);
	for (const decision of output.decisions) logDecision(log, decision);
}

function logDecision(log: Logger, decision: Decision): void {
	const moved = decision.from !== decision.to && decision.to !== null;
	log.info("decision", {
		decision_id: decision.id,
		kind: decision.kind,
		rule: decision.rule,
		from: decision.from,
		to: decision.to,
		reason: decision.text,
		...(decision.observed ? { observed: true } : {}),
		...(moved ? Object.fromEntries(decision.figures.map((figure) => [figure.name, figure.value])) : {}),
	});
}

function logEvent(log: Logger, event: EngineEvent): void {
	const fields = {
		event_id: event.id,
		member: event.uplink,
		from: event.from,
		to: event.to,
		reason: event.reason,
		...(event.decisionId === null ? {} : { decision_id: event.decisionId }),
	};
	if (event.type === "steer_failed") log.error(MESSAGES[event.type], fields);
	else log.info(MESSAGES[event.type], fields);
}

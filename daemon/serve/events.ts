/** events, decisions and explain: what happened, what was decided, and why. */
import type { CallArgs, Reply } from "../../contract/api.ts";
import type { Decision } from "../decide/types.ts";
import { AutonomyError } from "../platform/error.ts";
import type { RecordedEvent } from "../record/recorder.ts";
import type { ServeDeps } from "./deps.ts";

type UnixMs = (atMs: number) => number;

export function eventReply(event: RecordedEvent, unixMs: UnixMs): Reply<"events">["events"][number] {
	return {
		id: event.id,
		ts: unixMs(event.atMs),
		type: event.type,
		name: event.uplink,
		from: event.from,
		to: event.to,
		reason: event.reason,
		decision_id: event.decisionId,
	};
}

export function decisionReply(decision: Decision, unixMs: UnixMs): Reply<"decisions">["decisions"][number] {
	const { id, kind, rule, from, to, text, observed } = decision;
	return { id, ts: unixMs(decision.atMs), kind, rule, from, to, text, observed };
}

export function eventsReply(deps: ServeDeps, args: CallArgs<"events">): Reply<"events"> {
	const events = deps.recorder.events(args.limit, args.type);
	return { events: events.map((event) => eventReply(event, deps.recorder.toUnixMs)) };
}

export function decisionsReply(deps: ServeDeps, args: CallArgs<"decisions">): Reply<"decisions"> {
	const decisions = deps.recorder.decisions(args.limit);
	return { decisions: decisions.map((decision) => decisionReply(decision, deps.recorder.toUnixMs)) };
}

export function explainReply(deps: ServeDeps, args: CallArgs<"explain">): Reply<"explain"> {
	const recorded = deps.recorder.decision(args.id);
	if (recorded === null) {
		const which = args.id === undefined ? "no decision" : `no decision ${args.id}`;
		throw new AutonomyError("not_found", `${which} is on record; 'autonomyctl events' lists what is`);
	}
	const unixMs = deps.recorder.toUnixMs;
	const { decision, actions, results } = recorded;
	return {
		...decisionReply(decision, unixMs),
		figures: decision.figures.map(({ name, value, threshold, unit }) => ({ name, value, threshold, unit })),
		candidates: decision.candidates.map((candidate) => ({
			name: candidate.uplink,
			state: candidate.state,
			score: candidate.score,
			eligible: candidate.eligible,
			why_not: candidate.whyNot,
		})),
		actions: actions.flatMap((action) =>
			action.kind === "steer"
				? [
						{
							id: action.id,
							mode: action.mode,
							primary: action.plan.primary,
							released: action.release.map((one) => one.uplink),
						},
					]
				: [],
		),
		results: results.map((result) => ({
			action_id: result.actionId,
			ts: unixMs(result.atMs),
			ok: result.ok,
			method: result.method,
			duration_ms: result.durationMs,
			text: result.text,
		})),
	};
}

/** action and its short forms: what an operator may tell the daemon to do. Refusals are answers in words. */
import type { CallArgs, Reply } from "../../contract/api.ts";
import { AutonomyError } from "../platform/error.ts";
import type { LogLevel } from "../platform/log.ts";
import type { ServeDeps } from "./deps.ts";
import { unknownUplink } from "./series.ts";

type Answer = Reply<"action">;

/** Commands that make no sense without an uplink. */
const NEEDS_NAME: ReadonlySet<string> = new Set(["promote"]);
/** Commands that do not look at an uplink; a name given with them is a mistake worth telling. */
const TAKES_NO_NAME: ReadonlySet<string> = new Set(["restore", "set_level"]);

export async function actionReply(deps: ServeDeps, args: CallArgs<"action">): Promise<Answer> {
	const { cmd, name, level } = args;
	if (name !== undefined && TAKES_NO_NAME.has(cmd)) {
		throw new AutonomyError("bad_argument", `${cmd} is not about one uplink: leave out the name`);
	}
	if (name === undefined && NEEDS_NAME.has(cmd)) {
		throw new AutonomyError("bad_argument", `${cmd} needs the name of an uplink`);
	}
	if (name !== undefined && !deps.engine().uplinks.some((uplink) => uplink.facts.id === name)) {
		throw unknownUplink(deps, name);
	}
	if (cmd === "set_level") {
		if (level === undefined) {
			throw new AutonomyError("bad_argument", "set_level needs a level: trace, debug, info, warn or error");
		}
		return setLevel(deps, level);
	}
	const outcome = await deps.command({
		name: cmd,
		uplink: name ?? null,
		forMs: args.for_s === undefined ? null : args.for_s * 1_000,
		reason: args.reason,
	});
	return {
		ok: outcome.ok,
		text: outcome.text,
		code: outcome.ok ? null : "refused",
		decision_id: outcome.decisionId,
	};
}

export async function failoverReply(deps: ServeDeps, args: CallArgs<"failover">): Promise<Answer> {
	const { member, interface: iface, for_s, reason } = args;
	if (member !== undefined && iface !== undefined && member !== iface) {
		throw new AutonomyError("bad_argument", "member and interface name two different uplinks");
	}
	return await actionReply(deps, { cmd: "failover", name: member ?? iface, level: undefined, for_s, reason });
}

export function plainAction(deps: ServeDeps, cmd: "restore" | "recheck"): Promise<Answer> {
	return actionReply(deps, { cmd, name: undefined, level: undefined, for_s: undefined, reason: "" });
}

export function setLevel(deps: ServeDeps, level: LogLevel): Answer {
	deps.setLogLevel(level);
	return { ok: true, text: `log level is ${level} until the next restart or reload` };
}

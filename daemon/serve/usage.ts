/** data_usage and data_limit_*: what the usage sensor of each uplink knows now. */
import type { CallArgs, Reply } from "../../contract/api.ts";
import type { ServeDeps } from "./deps.ts";
import { unknownUplink } from "./series.ts";

type Use = Reply<"data_usage">["usage"][string];

function uses(deps: ServeDeps): readonly (readonly [string, Use])[] {
	return deps.discovered().uplinks.flatMap(({ id }) => {
		const sensor = deps.sensors(id).find((one) => one.sensor === "usage");
		if (sensor === undefined) return [];
		const { state, text } = sensor.health;
		// Details are plain JSON: that they are what the contract says is checked when the reply is encoded.
		return [[id, { ...sensor.details, state, text } as unknown as Use] as const];
	});
}

export function dataUsageReply(deps: ServeDeps, args: CallArgs<"data_usage">): Reply<"data_usage"> {
	const wanted = uses(deps).filter(([id]) => args.interface === undefined || id === args.interface);
	if (args.interface !== undefined && wanted.length === 0) throw unknownUplink(deps, args.interface);
	return { ts: deps.platform.clock.wallMs(), usage: Object.fromEntries(wanted) };
}

export function dataLimitStatusReply(deps: ServeDeps): Reply<"data_limit_status"> {
	const limits = uses(deps).filter(([, one]) => one.limit_bytes !== undefined);
	const count = (cap: Use["cap"]): number => limits.filter(([, one]) => one.cap === cap).length;
	return {
		ts: deps.platform.clock.wallMs(),
		limits: Object.fromEntries(limits),
		summary: { total: limits.length, near: count("near"), reached: count("reached") },
	};
}

export function dataLimitInterfaceReply(
	deps: ServeDeps,
	args: CallArgs<"data_limit_interface">,
): Reply<"data_limit_interface"> {
	const found = uses(deps).find(([id]) => id === args.interface);
	if (found === undefined) throw unknownUplink(deps, args.interface);
	return { name: found[0], ...found[1] };
}

/** Typed client of `luci.autonomy`, the plugin of rpcd that answers whether the daemon runs or not. */
import type { RPCD_OBJECT, RpcdArgs, RpcdError, RpcdMethod, RpcdReply } from "../contract/api-rpcd.ts";
import { ApiError, callTable, type Transport } from "./api.ts";

const OBJECT: typeof RPCD_OBJECT = "luci.autonomy";
/** What is still going on is asked for again, so often and so far apart. */
const TRIES = 20;
const PAUSE_MS = 1000;

export class RpcdProblem extends ApiError {
	readonly reason: RpcdError["code"];
	readonly reasons: readonly string[];

	constructor({ code, message, reasons }: RpcdError) {
		super("refused", message);
		this.name = "RpcdProblem";
		this.reason = code;
		this.reasons = reasons ?? [];
	}
}

type GivenArgs<M extends RpcdMethod> = { readonly [K in keyof RpcdArgs<M>]?: RpcdArgs<M>[K] };

export interface Rpcd {
	call<M extends RpcdMethod>(method: M, args?: GivenArgs<M>): Promise<RpcdReply<M>>;
}

export function createRpcd(transport: Transport, sleep: (ms: number) => Promise<void>): Rpcd {
	return {
		async call(method, args = {}) {
			for (let turn = 1; ; turn++) {
				const reply = await callTable(transport, OBJECT, method, args);
				if (!("error" in reply)) return reply as RpcdReply<typeof method>;
				const problem = new RpcdProblem(readError(reply.error));
				// service_control answers pending once and is not to be done twice: service tells how it went.
				if (problem.reason !== "pending" || method === "service_control" || turn >= TRIES) throw problem;
				await sleep(PAUSE_MS);
			}
		},
	};
}

function readError(given: unknown): RpcdError {
	const { code, message, reasons } = (typeof given === "object" && given !== null ? given : {}) as Partial<RpcdError>;
	return {
		code: code ?? "failed",
		message: typeof message === "string" ? message : _("The router gave no reason."),
		reasons: Array.isArray(reasons) ? reasons.map(String) : [],
	};
}

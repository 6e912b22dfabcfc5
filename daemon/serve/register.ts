/**
 * Puts the object `autonomy` on the bus. From the contract come names, argument types and checks, rights, and the wire
 * types of replies; from the handlers only values. What is asked for by people, not by programs at rest, is loaded when it is
 * first asked for.
 *
 * How a call is refused: a wrong type is INVALID_ARGUMENT (by the bus room). A method with right "read" ends with the ubus
 * status of the error. A method with right "write", and render, answer with ok false, a code and words.
 */

import { API, API_OBJECT, type MethodName } from "../../contract/api.ts";
import { checkCall } from "../../contract/api-check.ts";
import type { MethodSpec } from "../../contract/api-schema.ts";
import type { BlobInputTable, BlobTable } from "../bus/blobmsg.ts";
import type { Bus, Caller, ServedMethod, ServedObject } from "../bus/bus.ts";
import { AutonomyError, errorText, isAutonomyError } from "../platform/error.ts";
import type { Closable } from "../platform/platform.ts";
import { healthReply, infoReply } from "./about.ts";
import { actionReply, failoverReply, plainAction, setLevel } from "./action.ts";
import { alertAckReply, alertHistoryReply, alertsReply, notificationStatusReply, testReply } from "./alerts.ts";
import type { Handlers, ServeDeps } from "./deps.ts";
import { encodeReply } from "./encode.ts";
import { decisionsReply, eventsReply, explainReply } from "./events.ts";
import { membersReply } from "./members.ts";
import { createNotifier, type Notifier } from "./notify.ts";
import { createRateLimit } from "./rate-limit.ts";
import { historyReply, metricsReply } from "./series.ts";
import { statusReply } from "./status.ts";
import type { WhatIf } from "./what-if.ts";

export interface Api extends Closable {
	/** Call after each step of the engine that had something to say: subscribers are told. */
	readonly output: Notifier["output"];
	/** A step in the life of an alert. */
	readonly alert: Notifier["alert"];
}

const WRITES = 10;
const WRITE_WINDOW_MS = 10_000;

export function registerApi(options: { readonly bus: Bus; readonly deps: ServeDeps }): Api {
	const { bus, deps } = options;
	let whatIf: WhatIf | null = null;
	const writes = createRateLimit(WRITES, WRITE_WINDOW_MS);
	let calls = 0;
	let object: ServedObject | null = null;
	const notifier = createNotifier(deps, () => object);

	const handlers: Handlers = {
		status: () => statusReply(deps),
		members: () => membersReply(deps),
		metrics: (args) => metricsReply(deps, args),
		history: (args) => historyReply(deps, args),
		events: (args) => eventsReply(deps, args),
		decisions: (args) => decisionsReply(deps, args),
		explain: (args) => explainReply(deps, args),
		async what_if(args) {
			const { createWhatIf } = await import("./what-if.ts");
			whatIf ??= createWhatIf(deps);
			return whatIf.ask(args);
		},
		action: (args) => actionReply(deps, args),
		failover: (args) => failoverReply(deps, args),
		restore: () => plainAction(deps, "restore"),
		recheck: () => plainAction(deps, "recheck"),
		setlog: (args) => setLevel(deps, args.level),
		"config.get": async () => (await import("./config.ts")).configReply(deps),
		"config.set": async (args) => (await import("./config.ts")).configSetReply(deps, bus, args),
		reload: async () => (await import("./config.ts")).reloadReply(deps),
		health: () => healthReply(deps, bus),
		info: () => infoReply(deps, calls),
		starlink_status: async () => (await import("./starlink.ts")).starlinkStatusReply(deps),
		starlink_diagnostics: async (args) => (await import("./starlink.ts")).starlinkDiagnosticsReply(deps, args),
		obstruction_map: async (args) => (await import("./starlink.ts")).obstructionMapReply(deps, args),
		cellular_status: async () => (await import("./cellular.ts")).cellularStatusReply(deps),
		cellular_analysis: async (args) => (await import("./cellular.ts")).cellularAnalysisReply(deps, args),
		wifi_status: async () => (await import("./wifi.ts")).wifiStatusReply(deps),
		gps: async () => (await import("./gps.ts")).gpsReply(deps),
		gps_status: async () => (await import("./gps.ts")).gpsStatusReply(deps),
		data_usage: async (args) => (await import("./usage.ts")).dataUsageReply(deps, args),
		data_limit_status: async () => (await import("./usage.ts")).dataLimitStatusReply(deps),
		data_limit_interface: async (args) => (await import("./usage.ts")).dataLimitInterfaceReply(deps, args),
		alerts: () => alertsReply(deps),
		alert_history: (args) => alertHistoryReply(deps, args),
		alert_ack: (args) => alertAckReply(deps, args),
		notification_status: () => notificationStatusReply(deps),
		push_status: async () => (await import("./push.ts")).pushStatusReply(deps),
		push_key: async () => (await import("./push.ts")).pushKeyReply(deps),
		push_subscribe: async (args) => (await import("./push.ts")).pushSubscribeReply(deps, args),
		push_unsubscribe: async (args) => (await import("./push.ts")).pushUnsubscribeReply(deps, args),
		send_test_notification: (args) => testReply(deps, args),
		forecast: async (args) => (await import("./forecast.ts")).forecastReply(deps, args),
		forecast_reset: async (args) => (await import("./forecast.ts")).forecastResetReply(deps, args),
		report: async (args) => (await import("./report.ts")).reportReply(deps, args),
		render: async (args) => (await import("./render.ts")).renderReply(handlers, deps.platform.clock.wallMs(), args),
	};

	/** Throws rate_limited when too much was written lately. */
	function limitWrites(name: string): void {
		const waitMs = writes.take(deps.platform.clock.monotonicMs());
		if (waitMs !== null) {
			const wait = Math.ceil(waitMs / 1_000);
			deps.log.warn("throttle", { what: name, remaining_s: wait });
			const text = `more than ${WRITES} changes within ${WRITE_WINDOW_MS / 1_000} s; try again in ${wait} s`;
			throw new AutonomyError("rate_limited", text);
		}
	}

	function refusal(spec: MethodSpec, name: string, error: unknown): BlobInputTable {
		const code = error instanceof AutonomyError ? error.code : "internal";
		if (code === "internal") {
			deps.log.error("api", { what: name, reason: errorText(error) });
		}
		// Fields that must be there and are of no use in a refusal: lists, which are empty.
		const lists = Object.entries(spec.reply).flatMap(([field, { type }]) => (type === "list" ? [[field, []]] : []));
		const reply = { ...Object.fromEntries(lists), ok: false, code, text: errorText(error) };
		return encodeReply(spec.reply, reply, name);
	}

	async function later(spec: MethodSpec, name: string, reply: Promise<object>): Promise<BlobInputTable> {
		try {
			return encodeReply(spec.reply, await reply, name);
		} catch (error) {
			if (answersInWords(name, spec)) {
				return refusal(spec, name, error);
			}
			throw error;
		}
	}

	function run(name: MethodName, given: BlobTable, caller: Caller): BlobInputTable | Promise<BlobInputTable> {
		const spec: MethodSpec = API[name];
		calls++;
		try {
			const checked = checkCall(spec.args, { ...given, ...named(caller.unknownArgs) });
			if ("problem" in checked) {
				throw new AutonomyError("bad_argument", checked.problem, { method: name, argument: checked.argument });
			}
			if (spec.rights === "write") {
				limitWrites(name);
			}
			// checkCall has made the arguments what CallArgs<M> says; the compiler cannot follow from table to type.
			const handler = handlers[name] as unknown as (
				args: Readonly<Record<string, unknown>>,
			) => object | Promise<object>;
			const reply = handler(checked.args);
			return reply instanceof Promise ? later(spec, name, reply) : encodeReply(spec.reply, reply, name);
		} catch (error) {
			if (answersInWords(name, spec)) {
				return refusal(spec, name, error);
			}
			if (isAutonomyError(error, "bad_argument")) {
				deps.log.debug("api", { what: name, reason: error.message });
			}
			throw error;
		}
	}

	const methods: Record<string, ServedMethod> = {};
	for (const name of Object.keys(API) as MethodName[]) {
		const spec: MethodSpec = API[name];
		const args = Object.fromEntries(Object.entries(spec.args).map(([arg, { type }]) => [arg, type]));
		methods[name] = { args, handle: (given, caller) => run(name, given, caller) };
	}
	object = bus.serve({ path: API_OBJECT, methods, onSubscribers: (active) => notifier.setActive(active) });

	return {
		output: notifier.output,
		alert: notifier.alert,
		close() {
			notifier.close();
			whatIf?.close();
			object?.close();
			object = null;
		},
	};
}

function answersInWords(name: string, spec: MethodSpec): boolean {
	return spec.rights === "write" || name === "render";
}

/** The bus room drops what is not declared; the check below must still see the names to refuse them. */
function named(unknownArgs: readonly string[]): Record<string, true> {
	return Object.fromEntries(unknownArgs.map((name) => [name, true]));
}

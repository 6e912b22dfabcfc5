/**
 * Scenario files: what goes wrong in a lab, and when. JSON, described in lab/README.md. Reading is strict: a scenario that
 * says something nobody understands is refused with the place and the reason, not played in part.
 */
export type Step =
	| {
			readonly do: "blackhole" | "gateway_only" | "icmp_filtered" | "dns_dead" | "ipv6_only" | "ipv4_only";
			readonly isp: number;
	  }
	| { readonly do: "loss"; readonly isp: number; readonly pct: number }
	| { readonly do: "one_way_loss"; readonly isp: number; readonly pct: number; readonly direction: "down" | "up" }
	| { readonly do: "latency"; readonly isp: number; readonly ms: number; readonly jitter_ms?: number }
	| { readonly do: "carrier"; readonly isp: number; readonly up: boolean }
	| { readonly do: "target_dead"; readonly isp?: number; readonly targets: readonly string[] }
	| {
			readonly do: "flap";
			readonly isp: number;
			readonly times: number;
			readonly down_s: number;
			readonly up_s: number;
	  }
	| {
			readonly do:
				| "mwan3_rebuild"
				| "mwan3_restart"
				| "mwan3_stop"
				| "mwan3_start"
				| "ubusd_restart"
				| "ubusd_wedge"
				| "ubusd_unwedge";
	  }
	| { readonly do: "renew" | "ifup" | "ifdown"; readonly isp: number }
	| {
			readonly do: "fade" | "walk";
			readonly isp: number;
			readonly from_dbm: number;
			readonly to_dbm: number;
			readonly over_s: number;
			readonly dead_dbm: number;
	  }
	| { readonly do: "use_data"; readonly isp: number; readonly mb: number }
	| { readonly do: "roaming"; readonly isp: number; readonly on: boolean }
	| { readonly do: "sim_out" | "deregister"; readonly isp: number }
	| { readonly do: "dish"; readonly isp: number }
	| { readonly do: "dish_state"; readonly isp: number; readonly outage: string | null }
	| { readonly do: "dish_outage"; readonly isp: number; readonly cause: string; readonly for_s: number }
	| { readonly do: "dish_restart"; readonly isp: number; readonly in_s: number; readonly for_s: number }
	| { readonly do: "clock_jump"; readonly seconds: number }
	| { readonly do: "heal"; readonly isp?: number };

export type TimedStep = Step & { readonly at_s: number };

export interface Expectation {
	/** Looked at this many seconds after the start. */
	readonly at_s: number;
	/** netifd name of the uplink new flows must use then; null: nobody. */
	readonly via?: number | null;
	/** Longest gap of new flows since the start may not exceed this, ms. */
	readonly gap_ms_max?: number;
}

export interface Scenario {
	readonly name: string;
	readonly about: string;
	readonly isps: number;
	readonly layout: "mwan3" | "plain";
	/** ISPs reached by a modem. */
	readonly modems: readonly number[];
	/** ISPs reached over Wi-Fi. */
	readonly radios: readonly number[];
	/** The router's /etc/config/autonomy; "": none. */
	readonly autonomy: string;
	/** Whole length, s. */
	readonly length_s: number;
	readonly steps: readonly TimedStep[];
	readonly expect: readonly Expectation[];
}

type Kind =
	| "isp"
	| "isp?"
	| "dbm"
	| "pct"
	| "ms"
	| "ms?"
	| "seconds"
	| "boolean"
	| "direction"
	| "targets"
	| "count"
	| "mb"
	| "cause"
	| "cause or null";

const ISP = { isp: "isp" } as const;
/** Step -> its fields. */
const STEPS: Readonly<Record<Step["do"], Readonly<Record<string, Kind>>>> = {
	blackhole: ISP,
	gateway_only: ISP,
	icmp_filtered: ISP,
	dns_dead: ISP,
	ipv6_only: ISP,
	ipv4_only: ISP,
	loss: { isp: "isp", pct: "pct" },
	one_way_loss: { isp: "isp", pct: "pct", direction: "direction" },
	latency: { isp: "isp", ms: "ms", jitter_ms: "ms?" },
	carrier: { isp: "isp", up: "boolean" },
	target_dead: { isp: "isp?", targets: "targets" },
	flap: { isp: "isp", times: "count", down_s: "seconds", up_s: "seconds" },
	mwan3_rebuild: {},
	mwan3_restart: {},
	mwan3_stop: {},
	mwan3_start: {},
	ubusd_restart: {},
	ubusd_wedge: {},
	ubusd_unwedge: {},
	renew: ISP,
	ifup: ISP,
	ifdown: ISP,
	fade: { isp: "isp", from_dbm: "dbm", to_dbm: "dbm", over_s: "seconds", dead_dbm: "dbm" },
	walk: { isp: "isp", from_dbm: "dbm", to_dbm: "dbm", over_s: "seconds", dead_dbm: "dbm" },
	use_data: { isp: "isp", mb: "mb" },
	roaming: { isp: "isp", on: "boolean" },
	sim_out: ISP,
	deregister: ISP,
	dish: ISP,
	dish_state: { isp: "isp", outage: "cause or null" },
	dish_outage: { isp: "isp", cause: "cause", for_s: "seconds" },
	dish_restart: { isp: "isp", in_s: "seconds", for_s: "seconds" },
	clock_jump: { seconds: "seconds" },
	heal: { isp: "isp?" },
};

function isNumber(value: unknown, min: number, max: number): boolean {
	return typeof value === "number" && value >= min && value <= max;
}

/** What is wrong with a field; null when nothing is. */
function problem(kind: Kind, value: unknown, isps: number): string | null {
	if (value === undefined && kind.endsWith("?")) return null;
	switch (kind) {
		case "isp":
		case "isp?":
			return Number.isInteger(value) && isNumber(value, 1, isps) ? null : `must be an ISP, 1-${isps}`;
		case "pct":
			return isNumber(value, 0.01, 100) ? null : "must be 0.01-100";
		case "dbm":
			return isNumber(value, -139, -40) ? null : "must be -139 to -40";
		case "ms":
		case "ms?":
			return isNumber(value, 0, 60_000) ? null : "must be 0-60000";
		case "seconds":
			return isNumber(value, -4e9, 4e9) ? null : "must be a number of seconds";
		case "mb":
			return isNumber(value, 0.01, 100) ? null : "must be 0.01-100";
		case "count":
			return Number.isInteger(value) && isNumber(value, 1, 1000) ? null : "must be a whole number 1-1000";
		case "cause or null":
			return value === null ? null : problem("cause", value, isps);
		case "cause":
			return typeof value === "string" && /^[A-Z_]{3,40}$/.test(value) ? null : "must be a DishOutage.Cause";
		case "boolean":
			return typeof value === "boolean" ? null : "must be true or false";
		case "direction":
			return value === "down" || value === "up" ? null : 'must be "down" or "up"';
		case "targets": {
			const good =
				Array.isArray(value) && value.every((item) => typeof item === "string" && /^[0-9a-f.:]+$/i.test(item));
			return good ? null : "must be a list of addresses";
		}
	}
}

function readStep(raw: unknown, where: string, isps: number): TimedStep {
	if (typeof raw !== "object" || raw === null) throw new Error(`${where}: must be an object`);
	const step = raw as Record<string, unknown>;
	const name = String(step.do);
	if (!Object.hasOwn(STEPS, name))
		throw new Error(`${where}: unknown step "${name}"; known: ${Object.keys(STEPS).join(", ")}`);
	const fields = STEPS[name as Step["do"]];
	if (!isNumber(step.at_s, 0, 86_400)) throw new Error(`${where}: at_s must be 0-86400`);
	for (const [field, kind] of Object.entries(fields)) {
		const wrong = problem(kind, step[field], isps);
		if (wrong !== null) throw new Error(`${where}: ${field} ${wrong}`);
	}
	for (const field of Object.keys(step)) {
		if (field !== "do" && field !== "at_s" && !Object.hasOwn(fields, field))
			throw new Error(`${where}: unknown field ${field}`);
	}
	return step as unknown as TimedStep;
}

function readExpectation(raw: unknown, where: string): Expectation {
	const one = (raw ?? {}) as Record<string, unknown>;
	if (!isNumber(one.at_s, 0, 86_400)) throw new Error(`${where}: at_s must be 0-86400`);
	if (one.via !== undefined && one.via !== null && !Number.isInteger(one.via))
		throw new Error(`${where}: via must be an ISP or null`);
	if (one.gap_ms_max !== undefined && !isNumber(one.gap_ms_max, 0, 1e9))
		throw new Error(`${where}: gap_ms_max must be a number`);
	return one as unknown as Expectation;
}

/** Throws an Error that names the file, the step and what is wrong. */
export function readScenario(text: string, file: string): Scenario {
	let raw: Record<string, unknown>;
	try {
		raw = JSON.parse(text) as Record<string, unknown>;
	} catch (error) {
		throw new Error(`${file}: ${error instanceof Error ? error.message : error}`);
	}
	if (typeof raw !== "object" || raw === null || Array.isArray(raw)) throw new Error(`${file}: must be an object`);
	const isps = raw.isps ?? 3;
	if (!Number.isInteger(isps) || !isNumber(isps, 1, 16)) throw new Error(`${file}: isps must be 1-16`);
	if (raw.layout !== undefined && raw.layout !== "mwan3" && raw.layout !== "plain") {
		throw new Error(`${file}: layout must be "mwan3" or "plain"`);
	}
	const ispList = (name: "modems" | "radios"): readonly number[] => {
		const list = raw[name] ?? [];
		if (Array.isArray(list) && list.every((one) => problem("isp", one, isps as number) === null)) return list;
		throw new Error(`${file}: ${name} must be a list of ISPs, 1-${isps}`);
	};
	if (raw.autonomy !== undefined && typeof raw.autonomy !== "string") {
		throw new Error(`${file}: autonomy must be the text of /etc/config/autonomy`);
	}
	if (!Array.isArray(raw.steps)) throw new Error(`${file}: steps must be a list`);
	const steps = raw.steps.map((step, n) => readStep(step, `${file}: step ${n + 1}`, isps as number));
	steps.sort((a, b) => a.at_s - b.at_s);
	const expect = Array.isArray(raw.expect)
		? raw.expect.map((one, n) => readExpectation(one, `${file}: expectation ${n + 1}`))
		: [];
	const last = Math.max(0, ...steps.map((step) => step.at_s), ...expect.map((one) => one.at_s));
	const length = raw.length_s ?? last + 5;
	if (!isNumber(length, last, 86_400)) throw new Error(`${file}: length_s must be at least ${last}`);
	return {
		name: typeof raw.name === "string" ? raw.name : file,
		about: typeof raw.about === "string" ? raw.about : "",
		isps: isps as number,
		layout: raw.layout === "plain" ? "plain" : "mwan3",
		modems: ispList("modems"),
		radios: ispList("radios"),
		autonomy: typeof raw.autonomy === "string" ? raw.autonomy : "",
		length_s: length as number,
		steps,
		expect,
	};
}

/** health and info: the daemon about itself. */
import type { Reply } from "../../contract/api.ts";
import type { Bus } from "../bus/bus.ts";
import type { ServeDeps } from "./deps.ts";
import { uptimeS } from "./status.ts";

type Component = Reply<"health">["components"][number];

export function healthReply(deps: ServeDeps, bus: Bus): Reply<"health"> {
	const components = [
		configComponent(deps),
		discoveryComponent(deps),
		probeComponent(deps),
		steeringComponent(deps),
		recordComponent(deps),
		{ name: "bus", ok: bus.connected, text: bus.connected ? "connected to ubus" : "not connected to ubus" },
		...deps.problems().map((text) => ({ name: "daemon", ok: false, text })),
	];
	return {
		status: components.every((component) => component.ok) ? "ok" : "degraded",
		uptime_s: uptimeS(deps),
		components,
	};
}

function judged(name: string, problems: readonly string[], well: string): Component {
	return { name, ok: problems.length === 0, text: problems.length === 0 ? well : problems.slice(0, 5).join("; ") };
}

function configComponent(deps: ServeDeps): Component {
	return judged("configuration", deps.config.problems(), "fine");
}

function discoveryComponent(deps: ServeDeps): Component {
	const { uplinks, problems } = deps.discovered();
	return judged("discovery", problems, `${uplinks.length} uplinks found`);
}

function probeComponent(deps: ServeDeps): Component {
	const probes = deps.probes();
	const odd = probes.flatMap((probe) => (probe.text === null ? [] : [`${probe.uplink}: ${probe.text}`]));
	return judged("probing", odd, `${probes.length} uplinks watched`);
}

function steeringComponent(deps: ServeDeps): Component {
	const { methods, problems, repairs } = deps.steering();
	const error = deps.engine().steering.lastError;
	const how = `ipv4: ${methods.ipv4}, ipv6: ${methods.ipv6}, ${repairs} repairs`;
	return judged("steering", error === null ? problems : [error, ...problems], how);
}

function recordComponent(deps: ServeDeps): Component {
	const { snapshot, samples } = deps.recorder.stats();
	const problems = snapshot.problem === null ? [] : [`snapshot ${snapshot.path}: ${snapshot.problem}`];
	return judged("record", problems, `${samples.rows} rows in ${Math.round(samples.bytes / 1_024)} KiB`);
}

export function infoReply(deps: ServeDeps, calls: number): Reply<"info"> {
	const { host, processes } = deps.platform;
	const memory = host.memory();
	const record = deps.recorder.stats();
	const load = deps.load();
	return {
		version: deps.version,
		runtime: host.runtime,
		platform: deps.system(),
		pid: host.pid,
		uptime_s: uptimeS(deps),
		log_level: deps.log.level(),
		...(load === null ? {} : { cpu_pct: load.cpuPct, lag_ms: load.lagMs }),
		memory: { rss_bytes: memory.rssBytes, heap_bytes: memory.heapBytes },
		record: {
			max_bytes: record.maxBytes,
			samples: record.samples.rows,
			samples_bytes: record.samples.bytes,
			inputs: record.inputs.count,
			inputs_bytes: record.inputs.bytes,
			inputs_since_unix_ms: record.inputs.oldestMs === null ? null : deps.recorder.toUnixMs(record.inputs.oldestMs),
			events: record.lists.events.count,
			decisions: record.lists.decisions.count,
			snapshot_bytes: record.snapshot.bytes,
			snapshot_problem: record.snapshot.problem,
			at_start: record.snapshot.atStart,
		},
		started_processes: processes.started(),
		calls,
	};
}

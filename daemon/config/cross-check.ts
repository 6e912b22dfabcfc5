/**
 * Options that are each right but contradict one another. The stricter or safer reading is used, and told. Pure.
 */
import type { Reporter } from "./report.ts";
import type { Config, MainConfig, MemberConfig, RestoreConfig } from "./types.ts";

export function crossCheck(config: Config, reporter: Reporter): Config {
	return {
		...config,
		main: checkMain(config, reporter),
		restore: checkRestore(config, reporter),
		members: checkMembers(config, reporter),
	};
}

function checkMain(config: Config, reporter: Reporter): MainConfig {
	const { main, failover } = config;
	const severeLossPct = Math.max(main.severeLossPct, failover.lossPct);
	if (severeLossPct !== main.severeLossPct) {
		reporter.add({
			level: "warning",
			section: "main",
			option: "severe_loss",
			value: String(main.severeLossPct),
			problem: `is below failover.loss '${failover.lossPct}', so nothing would be severe and merely bad`,
			used: `'${severeLossPct}'`,
		});
	}
	const severeDurationS = Math.min(main.severeDurationS, failover.minDurationS);
	if (severeDurationS !== main.severeDurationS) {
		reporter.add({
			level: "warning",
			section: "main",
			option: "severe_duration_s",
			value: String(main.severeDurationS),
			problem: `is longer than failover.min_duration_s '${failover.minDurationS}', so severe loss would be left later than mild loss`,
			used: `'${severeDurationS}'`,
		});
	}
	const holdDownMaxS = Math.max(main.holdDownMaxS, main.holdDownS);
	if (holdDownMaxS !== main.holdDownMaxS) {
		reporter.add({
			level: "warning",
			section: "main",
			option: "hold_down_max_s",
			value: String(main.holdDownMaxS),
			problem: `is below hold_down_s '${main.holdDownS}'`,
			used: `'${holdDownMaxS}'`,
		});
	}
	return { ...main, severeLossPct, severeDurationS, holdDownMaxS };
}

/** An uplink that is good again while it is still bad would go back and forth for ever. */
function checkRestore(config: Config, reporter: Reporter): RestoreConfig {
	const { failover, restore } = config;
	const limit = (option: "loss" | "latency", bad: number, good: number): number => {
		if (good < bad) return good;
		const contradicts = good > bad;
		reporter.add({
			level: contradicts ? "warning" : "info",
			section: "restore",
			option,
			value: String(good),
			problem: contradicts
				? `is above failover.${option} '${bad}', so an uplink would be good and bad at once`
				: `equals failover.${option}, so the smallest change counts; a lower value keeps traffic calmer`,
			...(contradicts ? { used: `'${bad}'` } : {}),
		});
		return bad;
	};
	return {
		...restore,
		lossPct: limit("loss", failover.lossPct, restore.lossPct),
		latencyMs: limit("latency", failover.latencyMs, restore.latencyMs),
	};
}

function checkMembers(config: Config, reporter: Reporter): ReadonlyMap<string, MemberConfig> {
	const members = new Map<string, MemberConfig>();
	for (const [name, member] of config.members) {
		const wildcard = /^(starlink|cellular|wifi|lan|other)_any$/.exec(name)?.[1];
		if (wildcard === undefined || member.class === null) {
			members.set(name, member);
			continue;
		}
		reporter.add({
			level: "warning",
			section: name,
			option: "class",
			value: member.class,
			problem: `cannot be set for a whole class; set it in the section of one uplink`,
			used: `'${wildcard}'`,
		});
		members.set(name, { ...member, class: null });
	}
	return members;
}

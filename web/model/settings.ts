/** Settings from the contract: which options are shown at once, and each one's help with range and default. Pure. */
import type { OptionSpec, SectionSpec } from "../../contract/schema.ts";
import { checkOption, expectation, uciText } from "../../contract/values.ts";
import { fieldLabel } from "../labels.ts";
import { say } from "../say.ts";
import { told } from "../told.ts";

/** What most people want to see; everything else is folded away. */
const BASIC: Readonly<Record<string, readonly string[]>> = {
	main: ["enable", "mode", "use_mwan3", "predictive", "switch_margin", "data_cap_mode", "pin_s", "log_level"],
	failover: ["loss", "latency", "min_duration_s"],
	restore: ["loss", "latency", "min_duration_s"],
	probe: ["target4", "target6", "use_track_ip"],
	member: ["detect", "class", "weight", "metered", "data_limit_mb", "data_period", "data_reset_day"],
};

/** Written by the daemon, not by people. */
const HIDDEN: readonly string[] = ["migrated_from"];

/** Shown in the grid of uplinks; the rest in its dialog. */
export const GRID_COLUMNS: readonly string[] = ["class", "weight", "metered", "data_limit_mb"];

/** Of a section without a list of its own everything is shown, once it is switched on. */
export function isBasic(section: SectionSpec["key"], option: OptionSpec): boolean {
	return BASIC[section]?.includes(option.name) ?? true;
}

/** The option that switches the whole section on; the others are of no use before. */
export function switchOf(section: SectionSpec): string | null {
	if (section.key === "main" || section.name === null) return null;
	return section.options.find((option) => option.type === "bool" && /^enabled?$/.test(option.name))?.name ?? null;
}

export type Group = "traffic" | "sensors" | "alerts" | "publish";

const GROUPS: Readonly<Record<Group, readonly SectionSpec["key"][]>> = {
	traffic: ["main", "member", "failover", "restore", "probe"],
	sensors: ["gps", "starlink"],
	alerts: [],
	publish: ["mqtt", "metrics"],
};

/** Empty: what is of daily use needs no title above it. */
export function groupTitle(group: Group): string {
	const titles: Readonly<Record<Group, string>> = {
		traffic: "",
		sensors: _("Position and dishes"),
		alerts: _("Alerts"),
		publish: _("MQTT and Prometheus"),
	};
	return titles[group];
}

/** Sections that are named nowhere are about alerts: there are many kinds of those. */
export function groupOf({ key }: SectionSpec): Group {
	return (["traffic", "sensors", "publish"] as const).find((group) => GROUPS[group].includes(key)) ?? "alerts";
}

/** Groups as above, and within them as there, else as in the contract. */
export function inOrder(sections: readonly SectionSpec[]): readonly SectionSpec[] {
	const names = Object.keys(GROUPS) as Group[];
	const place = (one: SectionSpec): number => {
		const group = groupOf(one);
		return names.indexOf(group) * 100 + Math.max(0, GROUPS[group].indexOf(one.key));
	};
	return [...sections].sort((a, b) => place(a) - place(b));
}

export function shownOptions(section: SectionSpec): readonly OptionSpec[] {
	return section.options.filter((option) => !HIDDEN.includes(option.name));
}

export function optionLabel(option: OptionSpec): string {
	return _(fieldLabel(option.name));
}

export function unitWord(unit: string | undefined): string {
	if (unit === "points") return _("points");
	return unit === "hours" ? "h" : (unit ?? "");
}

/** Help, what it takes, and what holds while nothing is set. */
export function optionHelp(option: OptionSpec): string {
	const parts = [`${_(option.help)}.`];
	if (option.type === "int" || option.type === "number") {
		const unit = unitWord(option.unit);
		parts.push(
			say(_("{min} to {max}{unit}."), { min: option.min, max: option.max, unit: unit === "" ? "" : ` ${unit}` }),
		);
	} else if (option.type === "list") {
		parts.push(say(_("At most {count}."), { count: option.maxItems }));
	}
	const unset = unsetText(option);
	if (unset !== "" && option.type !== "bool") parts.push(say(_("Empty: {unset}."), { unset }));
	return parts.join(" ");
}

/** What an empty field means. */
export function unsetText(option: OptionSpec): string {
	if (option.default !== null) {
		const text = uciText(option.default);
		return typeof text === "string" ? text : text.join(", ");
	}
	return option.unset === undefined ? "" : _(option.unset);
}

/** The same check as the daemon's; true, or what is wrong. Empty is always right: the default holds then. */
export function validate(option: OptionSpec, value: unknown, all: unknown): true | string {
	const items = Array.isArray(value) ? value.map(String) : [String(value ?? "")];
	if (items.every((item) => item.trim() === "")) return true;
	if (option.type === "list") {
		if (Array.isArray(all) && all.length > option.maxItems)
			return say(_("has more than {count} entries"), { count: option.maxItems });
		const [wrong] = checkOption(option, items).problems;
		return wrong === undefined ? true : told(wrong);
	}
	const { value: checked } = checkOption(option, items[0] ?? "");
	return checked === null ? say(_("must be {what}"), { what: told(expectation(option)) }) : true;
}

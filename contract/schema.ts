/**
 * How an option of /etc/config/autonomy is described. The description is data: validation, defaults, the default file,
 * forms and reference pages are made from it. contract/ imports nothing outside itself and runs in browsers too.
 */
interface OptionBase {
	/** As written in UCI. */
	readonly name: string;
	/** Name in the typed Config when it is not just the camel-case form (units belong in names: loss -> lossPct). */
	readonly field?: string;
	/** One line for people, without a full stop. */
	readonly help: string;
	/** What happens while it is not set; only for options without a default of their own. */
	readonly unset?: string;
	/** Never shown, logged or reported. */
	readonly secret?: true;
	/** Names under which earlier versions knew it, in the same section. */
	readonly legacy?: readonly string[];
}

/** A default of null means: may be left unset, and that is a value of its own. */
export interface BoolOption extends OptionBase {
	readonly type: "bool";
	readonly default: boolean | null;
}

export interface NumberOption extends OptionBase {
	/** int: whole numbers only. */
	readonly type: "int" | "number";
	readonly unit?: Unit;
	/** Both ends belong to the range. */
	readonly min: number;
	readonly max: number;
	readonly default: number | null;
}

export interface EnumOption extends OptionBase {
	readonly type: "enum";
	readonly values: readonly string[];
	readonly default: string | null;
}

export interface TextOption extends OptionBase {
	readonly type: "text";
	readonly format: TextFormat;
	readonly default: string | null;
}

export interface ListOption extends OptionBase {
	readonly type: "list";
	readonly format: ItemFormat;
	readonly maxItems: number;
	readonly default: readonly string[] | readonly number[] | null;
}

export type OptionSpec = BoolOption | NumberOption | EnumOption | TextOption | ListOption;

export type Unit = "ms" | "s" | "min" | "hours" | "%" | "MiB" | "bytes/day" | "points" | "dBm" | "dB" | "m" | "MB";

/**
 * path: an absolute file name; hostname: a DNS name; word: letters, digits, underscore; word_dash: also dashes and dots;
 * token: a key of some service; line: anything printable; url: http or https; clock: 22:00; mail: an address;
 * topic: levels of an MQTT topic; template: printable, and longer than the others.
 */
export type TextFormat =
	| "path"
	| "hostname"
	| "ipv4"
	| "word"
	| "word_dash"
	| "token"
	| "line"
	| "url"
	| "clock"
	| "mail"
	| "topic"
	| "template";

/** ports become numbers, the rest stays text. */
export type ItemFormat = "ipv4" | "ipv6" | "port" | "mail" | "phone";

export type OptionValue = boolean | number | string | readonly string[] | readonly number[] | null;

export interface SectionSpec {
	/** Name of this part in the typed Config. */
	readonly key:
		| "main"
		| "failover"
		| "restore"
		| "predictive"
		| "probe"
		| "gps"
		| "starlink"
		| "notify"
		| "notifyEvents"
		| "notifyLevels"
		| "pushover"
		| "email"
		| "slack"
		| "discord"
		| "telegram"
		| "pagerduty"
		| "webhook"
		| "push"
		| "sms"
		| "mqtt"
		| "metrics"
		| "member";
	/** The word after `config`. */
	readonly type: string;
	/** Types under which earlier versions wrote it. */
	readonly legacyTypes: readonly string[];
	/** The section's own name; null: named by the user, any number of them. */
	readonly name: string | null;
	/** The name earlier versions gave it; others may have had it too. */
	readonly legacyName?: string;
	/** One line for people. */
	readonly help: string;
	readonly options: readonly OptionSpec[];
}

/** poll_interval_ms -> pollIntervalMs. */
export function fieldName(option: OptionSpec): string {
	return option.field ?? option.name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

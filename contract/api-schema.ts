/**
 * How a method of the ubus object `autonomy` is described. The description is data: argument checks, the wire types of
 * replies, access lists and docs/reference/ubus.md are made from it. contract/ imports nothing outside itself and runs in
 * browsers too.
 */

/** An argument. Without `required` and `default` it may be absent, and absence means what `help` says. */
export interface ArgSpec {
	readonly type: "string" | "int32" | "double" | "bool" | "table";
	readonly help: string;
	readonly unit?: string;
	readonly required?: true;
	readonly default?: string | number | boolean;
	/** Both ends belong to the range; for strings the length in characters (default 0-256). */
	readonly min?: number;
	readonly max?: number;
	readonly values?: readonly string[];
}

export type Args = Readonly<Record<string, ArgSpec>>;

interface FieldBase {
	readonly help: string;
	/** Left out while it is not known. */
	readonly optional?: true;
}

/** One number, text or truth value. The wire type is fixed here and never depends on the value. */
export interface PlainField extends FieldBase {
	readonly type: "string" | "int32" | "int64" | "double" | "bool";
	readonly unit?: string;
	readonly values?: readonly string[];
	/** Texts only: longer ones are cut; 4096 unless said otherwise. */
	readonly maxLength?: number;
}

export interface TableField extends FieldBase {
	readonly type: "table";
	readonly fields: Fields;
}

/** A table whose member names are data (uplinks, options); all members are alike. */
export interface MapField extends FieldBase {
	readonly type: "map";
	readonly of: Field;
}

export interface ListField extends FieldBase {
	readonly type: "list";
	readonly of: Field;
}

/** Text, or a list of texts: the value of a UCI option. */
export interface UciField extends FieldBase {
	readonly type: "uci";
}

export type Field = PlainField | TableField | MapField | ListField | UciField;

export type Fields = Readonly<Record<string, Field>>;

export interface MethodSpec {
	readonly help: string;
	readonly rights: "read" | "write";
	readonly args: Args;
	readonly reply: Fields;
	/** Refusals besides wrong arguments, in words: "not_found: no uplink of this name". */
	readonly errors: readonly string[];
}

/** The value a reply field takes in TypeScript; what is not known may be null or left out. */
export type ValueOf<F> = F extends { readonly type: "string"; readonly values: readonly (infer V)[] }
	? V
	: F extends { readonly type: "string" }
		? string
		: F extends { readonly type: "int32" | "int64" | "double" }
			? number
			: F extends { readonly type: "bool" }
				? boolean
				: F extends { readonly type: "table"; readonly fields: infer T }
					? ReplyOf<T>
					: F extends { readonly type: "list"; readonly of: infer I }
						? readonly ValueOf<I>[]
						: F extends { readonly type: "map"; readonly of: infer I }
							? Readonly<Record<string, ValueOf<I>>>
							: F extends { readonly type: "uci" }
								? string | readonly string[]
								: never;

export type ReplyOf<T> = {
	readonly [K in keyof T as T[K] extends { readonly optional: true } ? never : K]: ValueOf<T[K]>;
} & {
	readonly [K in keyof T as T[K] extends { readonly optional: true } ? K : never]?: ValueOf<T[K]> | null | undefined;
};

type ArgValue<A> = A extends { readonly type: "string"; readonly values: readonly (infer V)[] }
	? V
	: A extends { readonly type: "string" }
		? string
		: A extends { readonly type: "int32" | "double" }
			? number
			: A extends { readonly type: "bool" }
				? boolean
				: Readonly<Record<string, unknown>>;

/** Arguments after checking: those with a default are always there, other optional ones may be undefined. */
export type ArgsOf<A> = {
	readonly [K in keyof A]: A[K] extends { readonly required: true } | { readonly default: string | number | boolean }
		? ArgValue<A[K]>
		: ArgValue<A[K]> | undefined;
};

// Short forms, so that contract/api.ts reads as a table.

export const text = <const H extends string>(help: H) => ({ type: "string", help }) as const;

export const oneOf = <const V extends readonly string[]>(values: V, help: string) =>
	({ type: "string", values, help }) as const;

export const flag = (help: string) => ({ type: "bool", help }) as const;

export const int32 = (unit: string, help: string) => ({ type: "int32", unit, help }) as const;

export const int64 = (unit: string, help: string) => ({ type: "int64", unit, help }) as const;

export const double = (unit: string, help: string) => ({ type: "double", unit, help }) as const;

export const table = <const F extends Fields>(help: string, fields: F) => ({ type: "table", help, fields }) as const;

export const list = <const F extends Field>(help: string, of: F) => ({ type: "list", help, of }) as const;

export const map = <const F extends Field>(help: string, of: F) => ({ type: "map", help, of }) as const;

export const uci = (help: string) => ({ type: "uci", help }) as const;

export const maybe = <const F extends Field>(field: F): F & { readonly optional: true } => ({
	...field,
	optional: true,
});

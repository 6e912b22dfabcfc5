/**
 * Reads access lists as rpcd does at login (measured): a login names groups (globs, `!` denies) to read and to write, to
 * write includes to read; a scope is a table {object: [functions]}, or a list of objects, whose function is then `read` or
 * `write`. Objects and functions are matched by fnmatch without escapes, `*` crosses everything.
 */
export type Scope = Readonly<Record<string, readonly string[]>> | readonly string[];

export interface Group {
	readonly description: string;
	readonly read?: Readonly<Record<string, Scope>>;
	readonly write?: Readonly<Record<string, Scope>>;
}

export interface Login {
	readonly read: readonly string[];
	readonly write: readonly string[];
}

type Side = "read" | "write";

export function fnmatch(pattern: string, text: string): boolean {
	const source = pattern
		.replace(/[.+^${}()|\\]/g, "\\$&")
		.replace(/\*/g, "[^]*")
		.replace(/\?/g, "[^]");
	return new RegExp(`^${source.replaceAll("[!", "[^")}$`).test(text);
}

function granted(groups: readonly string[], name: string): boolean {
	if (groups.some((one) => one.startsWith("!") && fnmatch(one.slice(1), name))) return false;
	return groups.some((one) => !one.startsWith("!") && fnmatch(one, name));
}

export function access(
	lists: Readonly<Record<string, Group>>,
	login: Login,
	scope: string,
	object: string,
	fn: string,
): boolean {
	return Object.entries(lists).some(([name, group]) => {
		const sides: Side[] = [];
		const writes = granted(login.write, name);
		if (writes) sides.push("write");
		if (writes || granted(login.read, name)) sides.push("read");
		return sides.some((side) => matches(group[side]?.[scope] ?? {}, side, object, fn));
	});
}

function matches(scope: Scope, side: Side, object: string, fn: string): boolean {
	if (Array.isArray(scope)) return fn === side && scope.some((one: string) => fnmatch(one, object));
	return Object.entries(scope).some(
		([pattern, functions]) => fnmatch(pattern, object) && functions.some((one: string) => fnmatch(one, fn)),
	);
}

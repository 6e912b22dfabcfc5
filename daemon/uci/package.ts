/**
 * A UCI package as read: sections in order, each with its options in order. Only syntax; what an option means is the
 * business of config/, uplink/ and steer/. A value is a string or a list of strings; an option without a value does not
 * exist (libuci drops it), so an empty string never appears as an option, only as an item of a list.
 */
export type UciValue = string | readonly string[];

export interface UciSection {
	/** Given name, or the generated id (cfg0222f1) of an anonymous section. Such ids shift; never remember one. */
	readonly name: string;
	readonly type: string;
	readonly anonymous: boolean;
	readonly options: ReadonlyMap<string, UciValue>;
}

/** Something the reader passed over, as libuci does silently. */
export interface UciWarning {
	readonly file: string;
	/** Line from 1. */
	readonly line: number;
	readonly text: string;
}

export interface UciPackage {
	readonly name: string;
	readonly sections: readonly UciSection[];
	readonly warnings: readonly UciWarning[];
}

/** The first section of that name; undefined when there is none. */
export function findSection(pkg: UciPackage, name: string): UciSection | undefined {
	return pkg.sections.find((section) => section.name === name);
}

export function sectionsOfType(pkg: UciPackage, type: string): UciSection[] {
	return pkg.sections.filter((section) => section.type === type);
}

/** An option as one string; a list gives its items joined by a space, as `uci get` prints them. */
export function optionText(section: UciSection, name: string): string | undefined {
	const value = section.options.get(name);
	return value === undefined || typeof value === "string" ? value : value.join(" ");
}

/** An option as a list. A plain string counts as words separated by white space, as netifd and rpcd read it. */
export function optionList(section: UciSection, name: string): readonly string[] {
	const value = section.options.get(name);
	if (value === undefined) return [];
	return typeof value === "string" ? value.split(/\s+/).filter((word) => word !== "") : value;
}

/** Section and option names: letters, digits and underscore (a shell variable must be possible). */
export function isUciName(text: string): boolean {
	return /^[A-Za-z0-9_]+$/.test(text);
}

/** Section types: any printable ASCII character but the space. */
export function isUciType(text: string): boolean {
	return /^[!-~]+$/.test(text);
}

/** Values that the command line tool and delta files accept: no control character but TAB, LF and CR. */
export function isUciText(text: string): boolean {
	for (let i = 0; i < text.length; i++) {
		const code = text.charCodeAt(i);
		if (code < 32 && code !== 9 && code !== 10 && code !== 13) return false;
	}
	return true;
}

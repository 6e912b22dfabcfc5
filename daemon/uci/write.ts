/**
 * Package -> UCI text in the form `uci export` writes: a blank line before each section, a TAB before options, values in
 * single quotes. Reading it back gives the same package. Comments are not kept: UCI has none in its model.
 */
import { AutonomyError } from "../platform/error.ts";
import { isUciName, isUciType, type UciPackage } from "./package.ts";

export interface WriteOptions {
	/** Begin with `package <name>`, as `uci export` does; files in /etc/config have none. Default false. */
	readonly header?: boolean;
	/** Write the generated names of anonymous sections, as `uci export -n`. Default false. */
	readonly names?: boolean;
}

/** The only escape UCI knows: the quote itself, outside of quotes, behind a backslash. */
export function quoteUci(text: string): string {
	return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Throws uci_invalid for what cannot be written so that it reads back the same. */
export function formatUci(pkg: UciPackage, options: WriteOptions = {}): string {
	let text = options.header === true ? `package ${pkg.name}\n` : "";
	for (const section of pkg.sections) {
		if (!isUciType(section.type)) throw invalid(pkg, `section type ${JSON.stringify(section.type)}`);
		if (!isUciName(section.name)) throw invalid(pkg, `section name ${JSON.stringify(section.name)}`);
		const named = !section.anonymous || options.names === true;
		text += `\nconfig ${bareOrQuoted(section.type)}${named ? ` '${section.name}'` : ""}\n`;
		for (const [name, value] of section.options) {
			if (!isUciName(name)) throw invalid(pkg, `option name ${JSON.stringify(name)}`);
			if (typeof value === "string") {
				if (value !== "") text += `\toption ${name} ${checked(pkg, name, value)}\n`;
			} else {
				for (const item of value) text += `\tlist ${name} ${checked(pkg, name, item)}\n`;
			}
		}
	}
	return `${text}\n`;
}

/** libuci writes types bare, which it could not read back when they hold a quote, `#`, `;` or a backslash. */
function bareOrQuoted(type: string): string {
	return /['"#;\\]/.test(type) ? quoteUci(type) : type;
}

function checked(pkg: UciPackage, option: string, value: string): string {
	if (value.includes("\0")) throw invalid(pkg, `a NUL byte in option ${option}`);
	return quoteUci(value);
}

function invalid(pkg: UciPackage, what: string): AutonomyError {
	return new AutonomyError("uci_invalid", `cannot write ${pkg.name}: ${what} is not possible in UCI`, {
		package: pkg.name,
	});
}

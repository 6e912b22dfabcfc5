/** The command line of autonomyd. Pure. */
export const USAGE = `usage: autonomyd [--ubus SOCKET] [--config DIR]
       autonomyd --validate [FILE]   checks the configuration and tells what would be corrected
       autonomyd --give-back         undoes what a daemon that died has left on the router
       autonomyd --version | --help
`;

export type Arguments =
	| { readonly kind: "run"; readonly busPath: string | null; readonly configDir: string | null }
	| { readonly kind: "validate"; readonly file: string | null; readonly configDir: string | null }
	| { readonly kind: "give_back" }
	| { readonly kind: "version" }
	| { readonly kind: "help" }
	| { readonly kind: "error"; readonly text: string };

export function parseArguments(args: readonly string[]): Arguments {
	let busPath: string | null = null;
	let configDir: string | null = null;
	let mode: "run" | "validate" | "give_back" = "run";
	let file: string | null = null;
	for (let at = 0; at < args.length; at++) {
		const word = args[at] ?? "";
		if (word === "--help" || word === "-h") return { kind: "help" };
		if (word === "--version" || word === "-V") return { kind: "version" };
		if (word === "--give-back") mode = "give_back";
		else if (word === "--validate") {
			mode = "validate";
			const next = args[at + 1];
			if (next !== undefined && !next.startsWith("-")) {
				file = next;
				at++;
			}
		} else if (word === "--ubus" || word === "--config") {
			const value = args[++at];
			if (value === undefined || value === "") return { kind: "error", text: `${word} needs a value` };
			if (word === "--ubus") busPath = value;
			else configDir = value;
		} else return { kind: "error", text: `unknown argument ${word}` };
	}
	if (mode === "give_back") return { kind: "give_back" };
	return mode === "validate" ? { kind: "validate", file, configDir } : { kind: "run", busPath, configDir };
}

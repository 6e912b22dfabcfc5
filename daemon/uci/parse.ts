/**
 * UCI text -> package. Strict mode (the default) is what `uci`, rpcd and LuCI use: one bad line and the whole package is
 * refused. Lenient mode is what the shell functions use (`config_load` runs `uci -S`): bad lines are passed over, with a
 * warning each. Pure; what comes from files is read by load.ts.
 */
import { AutonomyError, isAutonomyError } from "../platform/error.ts";
import { MAX_TEXT, PackageDraft, type SectionDraft } from "./build.ts";
import { isUciName, isUciType, type UciPackage } from "./package.ts";
import { UciScanner } from "./scan.ts";

export interface ParseOptions {
	/** Path for messages; its last part is the package name. */
	readonly file: string;
	/** Default true. */
	readonly strict?: boolean;
}

/** Throws uci_parse with file, line, byte and reason in its context. */
export function parseUci(text: string, options: ParseOptions): UciPackage {
	const draft = new PackageDraft(options.file.slice(options.file.lastIndexOf("/") + 1));
	const warnings = parseInto(draft, text, options);
	return draft.finish(warnings);
}

/** Refuses what cannot be UCI text at all. */
export function refuseUnreadable(text: string, file: string): void {
	if (text.length > MAX_TEXT) {
		const reason = "file too large";
		throw new AutonomyError("uci_parse", `${file}: ${reason} (${text.length} characters, limit ${MAX_TEXT})`, {
			file,
			reason,
		});
	}
	const nul = text.indexOf("\0");
	if (nul >= 0) {
		const line = text.slice(0, nul).split("\n").length;
		const reason = "NUL byte";
		throw new AutonomyError("uci_parse", `${file}: ${reason} in line ${line}: this is not a text file`, {
			file,
			line,
			reason,
		});
	}
}

export function parseInto(draft: PackageDraft, text: string, options: ParseOptions): UciScanner["warnings"] {
	const { file, strict = true } = options;
	refuseUnreadable(text, file);
	const scan = new UciScanner(text, file);
	const parser = new LineParser(scan, draft, strict);
	while (scan.nextLine()) {
		try {
			parser.line();
		} catch (error) {
			// Errors without a reason of the scanner (too many sections) end lenient reading too.
			if (strict || !isAutonomyError(error, "uci_parse") || error.context.byte === undefined) throw error;
			scan.warn(`line ignored: ${String(error.context.reason)}`);
		}
	}
	return scan.warnings;
}

class LineParser {
	readonly #scan: UciScanner;
	readonly #draft: PackageDraft;
	readonly #strict: boolean;
	#section: SectionDraft | null = null;

	constructor(scan: UciScanner, draft: PackageDraft, strict: boolean) {
		this.#scan = scan;
		this.#draft = draft;
		this.#strict = strict;
	}

	line(): void {
		const scan = this.#scan;
		scan.skipBlanks();
		for (;;) {
			const word = scan.command();
			if (word === null || word.startsWith("#")) return;
			switch (word) {
				case "package":
				case "p":
					this.#package();
					break;
				case "config":
				case "c":
					this.#config();
					break;
				case "option":
				case "o":
					this.#option("option");
					break;
				case "list":
				case "l":
					this.#option("list");
					break;
				default:
					scan.fail(
						"invalid command",
						word.startsWith("\uFEFF") ? "the file begins with a byte order mark; save it without one" : undefined,
					);
			}
		}
	}

	/** Inside a file of /etc/config the word is accepted and means nothing. */
	#package(): void {
		this.#scan.passCommand("package");
		const name = this.#required();
		if (!/^[A-Za-z0-9_-]+$/.test(name)) this.#scan.fail("invalid character in name field");
		this.#endCommand();
	}

	#config(): void {
		const scan = this.#scan;
		scan.passCommand("config");
		const type = this.#required();
		if (!isUciType(type)) scan.fail("invalid character in type field");
		const name = scan.argument();
		if (name !== "" && !isUciName(name)) scan.fail("invalid character in name field");
		this.#endCommand();
		if (name === "") {
			this.#section = this.#draft.addAnonymous(type);
			return;
		}
		const existing = this.#draft.find(name);
		if (existing !== undefined && existing.type !== type) {
			if (this.#strict) scan.fail("section of different type overwrites prior section with same name");
			this.#draft.setType(existing, type);
		}
		this.#section = existing ?? this.#draft.addNamed(name, type);
	}

	#option(kind: "option" | "list"): void {
		const scan = this.#scan;
		const section = this.#section ?? scan.fail("option/list command found before the first section");
		scan.passCommand("option");
		const name = this.#required();
		if (!isUciName(name)) scan.fail("invalid character in name field");
		const value = scan.argument();
		this.#endCommand();
		if (kind === "list") this.#draft.addToList(section, name, value);
		// An empty value means "not set"; in a file it does not even clear an earlier one (measured).
		else if (value !== "") this.#draft.setOption(section, name, value);
	}

	#required(): string {
		const value = this.#scan.argument();
		if (value === "") this.#scan.fail("insufficient arguments");
		return value;
	}

	#endCommand(): void {
		if (this.#scan.argument() !== "" && this.#strict) this.#scan.fail("too many arguments");
	}
}

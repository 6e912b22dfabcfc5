/**
 * Cuts UCI text into lines, command words and arguments, with the rules of libuci (facts measured with its own `uci`
 * command): single quotes take everything, double quotes and bare words know a backslash that makes the next character
 * literal, quotes may span lines, a backslash before the line end joins lines, `#` ends a bare word and the line.
 *
 * libuci works in place in one buffer, and some of that shows: `;` after a bare word swallows the rest of the line,
 * after a quoted word it separates commands. We read what libuci reads, and say so in a warning.
 */
import { AutonomyError } from "../platform/error.ts";
import type { UciWarning } from "./package.ts";

const END = -1;
const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const DOUBLE_QUOTE = 34;
const HASH = 35;
const SINGLE_QUOTE = 39;
const SEMICOLON = 59;
const BACKSLASH = 92;

/** White space of the C locale. */
function isBlank(code: number): boolean {
	return code === SPACE || (code >= TAB && code <= CR);
}

/** Length in bytes when written as UTF-8: positions are counted as libuci counts them. */
export function utf8Length(text: string, from = 0, to = text.length): number {
	let bytes = 0;
	for (let i = from; i < to; i++) {
		const code = text.charCodeAt(i);
		if (code < 0x80) bytes += 1;
		else if (code < 0x800 || (code >= 0xd800 && code <= 0xdfff)) bytes += 2;
		else bytes += 3;
	}
	return bytes;
}

export class UciScanner {
	readonly file: string;
	readonly warnings: UciWarning[] = [];
	/** Number of the last physical line read, from 1. */
	line = 0;
	readonly #text: string;
	#pos = 0;
	/** End of what may be read now: the end of the line, or earlier once `#` or `;` cut it off. */
	#limit = 0;
	#nextLine = 0;
	#lineStart = 0;
	/** Bytes left out by joined lines: libuci's byte counts do not include them. */
	#joinedBytes = 0;
	#wordEnd = 0;

	constructor(text: string, file: string) {
		this.#text = text;
		this.file = file;
	}

	/** Goes to the next line; false at the end of the text. */
	nextLine(): boolean {
		if (this.#nextLine >= this.#text.length) return false;
		this.#pos = this.#nextLine;
		this.#lineStart = this.#pos;
		this.#joinedBytes = 0;
		this.#extend();
		return true;
	}

	/** Nothing is left on this line. */
	atEnd(): boolean {
		return this.#pos >= this.#limit;
	}

	skipBlanks(): void {
		while (isBlank(this.#current())) this.#pos++;
	}

	/** The next word, up to a space or tab, without stepping over it; null when there is none. */
	command(): string | null {
		let from = this.#pos;
		while (from < this.#limit && this.#isSeparator(from)) from++;
		if (from >= this.#limit) return null;
		let to = from;
		while (to < this.#limit && !this.#isSeparator(to)) to++;
		this.#wordEnd = to;
		return this.#text.slice(from, to);
	}

	/** Steps over the word that command() gave; an error when the text ends with it. */
	passCommand(word: string): void {
		if (this.#wordEnd >= this.#limit) this.fail(`${word} without name`);
		this.#pos = this.#wordEnd + 1;
	}

	/** The next argument without its quotes; empty when there is none. */
	argument(): string {
		this.skipBlanks();
		if (this.#current() === SEMICOLON) {
			this.#pos++;
			return "";
		}
		let value = "";
		let run = this.#pos;
		let literal = true;
		for (;;) {
			const code = this.#current();
			if (code === SINGLE_QUOTE || code === DOUBLE_QUOTE) {
				value += this.#text.slice(run, this.#pos) + this.#quoted(code);
				run = this.#pos;
				literal = false;
			} else if (code === BACKSLASH) {
				value += this.#text.slice(run, this.#pos);
				run = this.#afterBackslash();
				literal = false;
			} else if (code === END || code === HASH || code === SEMICOLON || isBlank(code)) {
				value += this.#text.slice(run, this.#pos);
				this.#endArgument(code, literal);
				return value;
			} else {
				this.#pos++;
			}
		}
	}

	/** Throws uci_parse with libuci's own words, and line and byte as libuci counts them. */
	fail(reason: string, hint?: string): never {
		const byte = utf8Length(this.#text, this.#lineStart, this.#pos) - this.#joinedBytes;
		const where = `${this.file}: Parse error (${reason}) at line ${this.line}, byte ${byte}`;
		throw new AutonomyError("uci_parse", hint === undefined ? where : `${where}: ${hint}`, {
			file: this.file,
			line: this.line,
			byte,
			reason,
		});
	}

	warn(text: string): void {
		this.warnings.push({ file: this.file, line: this.line, text });
	}

	#current(): number {
		return this.#pos < this.#limit ? this.#text.charCodeAt(this.#pos) : END;
	}

	#isSeparator(index: number): boolean {
		const code = this.#text.charCodeAt(index);
		return code === SPACE || code === TAB;
	}

	/** Takes one more physical line onto this one; false when there is none. */
	#extend(): boolean {
		if (this.#nextLine >= this.#text.length) return false;
		const newline = this.#text.indexOf("\n", this.#nextLine);
		this.#nextLine = newline < 0 ? this.#text.length : newline + 1;
		this.#limit = this.#nextLine;
		this.line++;
		return true;
	}

	#endArgument(code: number, literal: boolean): void {
		if (code === HASH) {
			this.#limit = this.#pos;
		} else if (code === SEMICOLON) {
			const rest = this.#text.slice(this.#pos + 1, this.#limit).trim();
			if (literal) this.#limit = this.#pos;
			if (literal && rest !== "" && !rest.startsWith("#")) {
				this.warn("everything after ';' is ignored here, as libuci does; put each option on a line of its own");
			}
		} else if (code !== END) {
			this.#pos++;
		}
	}

	/** Behind a backslash: joins lines, or makes the next character literal. Returns where the next run begins. */
	#afterBackslash(): number {
		this.#pos++;
		const code = this.#current();
		const lineEnds =
			code === END ||
			code === LF ||
			(code === CR && this.#pos + 2 === this.#limit && this.#text.charCodeAt(this.#pos + 1) === LF);
		if (!lineEnds) {
			this.#pos++;
			return this.#pos - 1;
		}
		this.#joinedBytes += this.#limit - this.#pos;
		this.#pos = this.#limit;
		this.#extend();
		return this.#pos;
	}

	#quoted(quote: number): string {
		const openedAt = this.line;
		this.#pos++;
		let value = "";
		let run = this.#pos;
		for (;;) {
			const code = this.#current();
			if (code === quote) {
				value += this.#text.slice(run, this.#pos);
				this.#pos++;
				return value;
			}
			if (code === END) {
				if (this.#extend()) continue;
				this.fail(`EOF with unterminated ${String.fromCharCode(quote)}`, `the quote opens in line ${openedAt}`);
			}
			if (code === BACKSLASH && quote === DOUBLE_QUOTE) {
				value += this.#text.slice(run, this.#pos);
				run = this.#afterBackslash();
			} else {
				this.#pos++;
			}
		}
	}
}

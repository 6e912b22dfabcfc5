/**
 * A UCI package under construction: what parser and delta files do to it, with libuci's rules for names, order and
 * merging. Bounded: hostile input is refused, not stored. Nobody outside this folder sees the mutable form.
 */
import { AutonomyError } from "../platform/error.ts";
import type { UciPackage, UciSection, UciValue, UciWarning } from "./package.ts";

/** Far beyond any router's configuration; libuci itself searches linearly. */
export const MAX_SECTIONS = 4096;
export const MAX_VALUES = 65_536;
/** Longest text of a file or delta file, in characters. */
export const MAX_TEXT = 1024 * 1024;

export interface SectionDraft {
	name: string;
	type: string;
	anonymous: boolean;
	options: Map<string, string | string[]>;
}

/** The hash in the name of an anonymous section: Bernstein's, over the type, low 16 bits. */
function typeHash(type: string): number {
	let hash = 5381;
	for (let i = 0; i < type.length; i++) hash = (Math.imul(hash, 33) + type.charCodeAt(i)) | 0;
	return hash & 0xffff;
}

function hex(value: number, digits: number): string {
	return value.toString(16).padStart(digits, "0");
}

export class PackageDraft {
	readonly name: string;
	readonly sections: SectionDraft[] = [];
	/** Counts every section ever made, named ones too: the first two digits of generated names. */
	#made = 0;
	#values = 0;
	/** First section of each name; null after a change of order or names. */
	#index: Map<string, SectionDraft> | null = new Map();

	constructor(name: string) {
		this.name = name;
	}

	static from(pkg: UciPackage): PackageDraft {
		const draft = new PackageDraft(pkg.name);
		for (const section of pkg.sections) {
			const copy = draft.#add(section.name, section.type, section.anonymous);
			for (const [name, value] of section.options)
				copy.options.set(name, typeof value === "string" ? value : [...value]);
		}
		return draft;
	}

	find(name: string): SectionDraft | undefined {
		if (this.#index === null) {
			this.#index = new Map();
			for (const section of this.sections) {
				if (!this.#index.has(section.name)) this.#index.set(section.name, section);
			}
		}
		return this.#index.get(name);
	}

	addAnonymous(type: string): SectionDraft {
		return this.#add(`cfg${hex(this.#made + 1, 2)}${hex(typeHash(type), 4)}`, type, true);
	}

	addNamed(name: string, type: string): SectionDraft {
		return this.#add(name, type, false);
	}

	/** Gives a section another type. libuci forgets that it was anonymous when the length differs (it copies then). */
	setType(section: SectionDraft, type: string): void {
		if (section.type.length !== type.length) section.anonymous = false;
		section.type = type;
	}

	setOption(section: SectionDraft, name: string, value: string): void {
		if (!section.options.has(name)) this.#countValue();
		section.options.set(name, value);
	}

	/** Appends to a list; a plain value becomes its first item. */
	addToList(section: SectionDraft, name: string, item: string): void {
		this.#countValue();
		const old = section.options.get(name);
		if (old === undefined) section.options.set(name, [item]);
		else if (typeof old === "string") section.options.set(name, [old, item]);
		else old.push(item);
	}

	remove(section: SectionDraft): void {
		this.sections.splice(this.sections.indexOf(section), 1);
		this.#index = null;
	}

	/** A renamed section counts as named. */
	rename(section: SectionDraft, name: string): void {
		section.name = name;
		section.anonymous = false;
		this.#index = null;
	}

	/** Keeps the option's place; when the new name is taken, the earlier one of both stays, as libuci looks it up. */
	renameOption(section: SectionDraft, from: string, to: string): void {
		const renamed = new Map<string, string | string[]>();
		for (const [name, value] of section.options) {
			const key = name === from ? to : name;
			if (!renamed.has(key)) renamed.set(key, value);
		}
		section.options = renamed;
	}

	/** Moves a section to a place counted from 0; beyond the end means last. */
	move(section: SectionDraft, place: number): void {
		this.sections.splice(this.sections.indexOf(section), 1);
		this.sections.splice(Math.max(0, Math.min(place, this.sections.length)), 0, section);
		this.#index = null;
	}

	finish(warnings: readonly UciWarning[]): UciPackage {
		return Object.freeze({
			name: this.name,
			sections: Object.freeze(this.sections.map(finishSection)),
			warnings: Object.freeze([...warnings]),
		});
	}

	#add(name: string, type: string, anonymous: boolean): SectionDraft {
		if (this.sections.length >= MAX_SECTIONS) this.#tooMuch(`more than ${MAX_SECTIONS} sections`);
		this.#made++;
		const section: SectionDraft = { name, type, anonymous, options: new Map() };
		this.sections.push(section);
		if (this.#index !== null && !this.#index.has(name)) this.#index.set(name, section);
		return section;
	}

	#countValue(): void {
		this.#values++;
		if (this.#values > MAX_VALUES) this.#tooMuch(`more than ${MAX_VALUES} values`);
	}

	#tooMuch(what: string): never {
		throw new AutonomyError("uci_parse", `${this.name}: ${what}; this is no configuration file we can use`, {
			package: this.name,
			reason: what,
		});
	}
}

/** A list without items says nothing and is left out. */
function finishSection(draft: SectionDraft): UciSection {
	const options = new Map<string, UciValue>();
	for (const [name, value] of draft.options) {
		if (typeof value === "string") options.set(name, value);
		else if (value.length > 0) options.set(name, Object.freeze([...value]));
	}
	return Object.freeze({ name: draft.name, type: draft.type, anonymous: draft.anonymous, options });
}

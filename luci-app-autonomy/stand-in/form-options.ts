/** Fields of the stand-in's forms: what they show, what they take, when a value goes back to UCI. */
import { dom } from "./dom.ts";
import type { createUci } from "./uci.ts";

type Value = string | string[] | null;

/** What a field needs to know of its section (form.ts). */
interface Section {
	readonly map: { readonly config: string; readonly uci: ReturnType<typeof createUci> };
}

let ids = 0;

export class Option {
	default: string | null = null;
	placeholder: string | null = null;
	rmempty = true;
	optional = true;
	password = false;
	modalonly: boolean | null = null;
	validate: ((sectionId: string, value: unknown) => true | string) | null = null;
	readonly choices: [string, string][] = [];
	readonly nodes = new Map<string, HTMLElement>();
	readonly section: Section;
	readonly name: string;
	readonly title: string;
	readonly description: string;

	constructor(section: Section, name: string, title = "", description = "") {
		this.section = section;
		this.name = name;
		this.title = title;
		this.description = description;
	}

	value(key: string, label = key): void {
		this.choices.push([key, label]);
	}

	depends(): void {}

	cfgvalue(id: string): unknown {
		return this.section.map.uci.get(this.section.map.config, id, this.name);
	}

	textvalue(id: string): unknown {
		const value = this.cfgvalue(id);
		return Array.isArray(value) ? value.join(" ") : (value ?? this.default);
	}

	write(id: string, value: unknown): void {
		this.section.map.uci.set(this.section.map.config, id, this.name, value as string);
	}

	remove(id: string): void {
		this.section.map.uci.unset(this.section.map.config, id, this.name);
	}

	widget(_id: string, _labelled: string): HTMLElement {
		return document.createElement("span");
	}

	formvalue(_id: string): Value {
		return null;
	}

	/** As `dom.append` gives them: a description is markup, as in LuCI. */
	row(id: string): HTMLElement {
		const labelled = `widget-${++ids}`;
		const node = this.widget(id, labelled);
		this.nodes.set(id, node);
		const field = dom.create("div", { class: "cbi-value-field" }, [node]) as HTMLElement;
		if (this.description !== "") {
			const help = document.createElement("div");
			help.className = "cbi-value-description";
			help.innerHTML = this.description;
			field.append(help);
		}
		return dom.create("div", { class: "cbi-value", "data-name": this.name }, [
			dom.create("label", { class: "cbi-value-title", for: labelled }, [this.title]),
			field,
		]) as HTMLElement;
	}

	check(id: string): string | null {
		if (!this.nodes.has(id)) return null;
		const value = this.formvalue(id);
		for (const one of Array.isArray(value) ? value : [value ?? ""]) {
			const told = this.validate?.(id, one) ?? true;
			this.nodes.get(id)?.classList.toggle("cbi-input-invalid", told !== true);
			if (told !== true) return `${this.title}: ${told}`;
		}
		return null;
	}

	parse(id: string): void {
		if (!this.nodes.has(id)) return;
		const value = this.formvalue(id);
		const empty = value === null || value === "" || (Array.isArray(value) && value.length === 0);
		if (empty || (this.rmempty && value === this.default)) {
			if (this.cfgvalue(id) !== null) this.remove(id);
		} else if (JSON.stringify(value) !== JSON.stringify(this.cfgvalue(id))) this.write(id, value);
	}
}

export class TextOption extends Option {
	override widget(id: string, labelled: string): HTMLElement {
		const value = this.cfgvalue(id) ?? this.default ?? "";
		const type = this.password ? "password" : "text";
		const attributes = {
			id: labelled,
			type,
			class: "cbi-input-text",
			placeholder: this.placeholder,
			value: String(value),
		};
		return dom.create("input", attributes) as HTMLElement;
	}
	override formvalue(id: string): Value {
		return (this.nodes.get(id) as HTMLInputElement | undefined)?.value ?? null;
	}
}

export class FlagOption extends Option {
	override default = "0";
	override widget(id: string, labelled: string): HTMLElement {
		const node = dom.create("input", { id: labelled, type: "checkbox" }) as HTMLInputElement;
		node.checked = (this.cfgvalue(id) ?? this.default) === "1";
		return node;
	}
	override formvalue(id: string): Value {
		return (this.nodes.get(id) as HTMLInputElement | undefined)?.checked ? "1" : "0";
	}
}

export class ListOption extends Option {
	override widget(id: string, labelled: string): HTMLElement {
		const node = dom.create("select", { id: labelled, class: "cbi-input-select" }) as HTMLSelectElement;
		for (const [key, label] of this.choices) node.append(dom.create("option", { value: key }, [label]));
		node.value = String(this.cfgvalue(id) ?? this.default ?? "");
		return node;
	}
	override formvalue(id: string): Value {
		return (this.nodes.get(id) as HTMLSelectElement | undefined)?.value ?? null;
	}
}

/** One field; entries are separated by spaces here. */
export class ManyOption extends Option {
	override widget(id: string, labelled: string): HTMLElement {
		const value = this.cfgvalue(id);
		const text = Array.isArray(value) ? value.join(" ") : (value ?? "");
		return dom.create("input", {
			id: labelled,
			class: "cbi-dynlist",
			placeholder: this.placeholder,
			value: text,
		}) as HTMLElement;
	}
	override formvalue(id: string): Value {
		const text = (this.nodes.get(id) as HTMLInputElement | undefined)?.value ?? "";
		return text.split(/\s+/).filter((one) => one !== "");
	}
}

export class DummyOption extends Option {
	override widget(id: string): HTMLElement {
		return dom.create("span", {}, [String(this.textvalue(id) ?? "")]) as HTMLElement;
	}
	override parse(): void {}
}

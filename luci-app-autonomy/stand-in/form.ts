/**
 * The part of LuCI's form that the pages use: Map, NamedSection, TypedSection and GridSection with Value, Flag, ListValue,
 * DynamicList and DummyValue. Same rules as the original where it matters: load reads UCI, save validates every field
 * first and rejects, an empty value or (rmempty) the default is removed from UCI, outside texts go in as given.
 */
import { dom } from "./dom.ts";
import type { createUci } from "./uci.ts";
import type { createUi } from "./ui.ts";

type Uci = ReturnType<typeof createUci>;
type Value = string | string[] | null;

let ids = 0;

class Option {
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

class TextOption extends Option {
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

class FlagOption extends Option {
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

class ListOption extends Option {
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
class ManyOption extends Option {
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

class DummyOption extends Option {
	override widget(id: string): HTMLElement {
		return dom.create("span", {}, [String(this.textvalue(id) ?? "")]) as HTMLElement;
	}
	override parse(): void {}
}

type OptionKind = new (section: Section, name: string, title?: string, description?: string) => Option;

class Section {
	readonly options: { option: Option; tab: string | null }[] = [];
	readonly tabs: [string, string][] = [];
	anonymous = false;
	addremove = false;
	readonly map: FormMap;
	readonly type: string;
	readonly title: string;
	readonly description: string;

	constructor(map: FormMap, type: string, title = "", description = "") {
		this.map = map;
		this.type = type;
		this.title = title;
		this.description = description;
	}

	tab(name: string, title: string): void {
		this.tabs.push([name, title]);
	}

	option(kind: OptionKind, name: string, title?: string, description?: string): Option {
		return this.taboption(null, kind, name, title, description);
	}

	taboption(tab: string | null, kind: OptionKind, name: string, title?: string, description?: string): Option {
		const option = new kind(this, name, title, description);
		this.options.push({ option, tab });
		return option;
	}

	filter(_id: string): boolean {
		return true;
	}

	ids(): string[] {
		return this.map.uci
			.sections(this.map.config, this.type)
			.map((one) => one[".name"])
			.filter((id) => this.filter(id));
	}

	body(id: string): HTMLElement {
		const box = document.createElement("div");
		// False means: in the grid only.
		const shown = this.options.filter(({ option }) => option.modalonly !== false);
		for (const { option, tab } of shown) if (tab === null) box.append(option.row(id));
		for (const [name, title] of this.tabs) {
			const inside = shown.filter((one) => one.tab === name).map(({ option }) => option.row(id));
			box.append(dom.create("fieldset", { "data-tab": name }, [dom.create("legend", {}, [title]), ...inside]));
		}
		return box;
	}

	/** Title and description are markup, as in LuCI. */
	head(): HTMLElement {
		const parts = [dom.create("h3", {}, this.title)];
		if (this.description !== "") parts.push(dom.create("div", { class: "cbi-section-descr" }, this.description));
		return dom.create("div", { class: "cbi-section" }, parts) as HTMLElement;
	}

	render(): HTMLElement {
		const box = this.head();
		for (const id of this.ids()) box.append(this.body(id));
		return box;
	}
}

class NamedSection extends Section {
	readonly name: string;
	constructor(map: FormMap, name: string, type: string, title?: string, description?: string) {
		super(map, type, title, description);
		this.name = name;
	}
	override ids(): string[] {
		return this.map.uci.get(this.map.config, this.name) === null ? [] : [this.name];
	}
}

class GridSection extends Section {
	override render(): HTMLElement {
		const shown = this.options.filter(({ option }) => option.modalonly !== true).map((one) => one.option);
		const cells = (tag: "th" | "td", values: readonly string[]): Node[] =>
			values.map((value) => dom.create(tag, { class: tag }, [value]));
		const table = dom.create("table", { class: "table cbi-section-table" }, [
			dom.create("tr", { class: "tr table-titles" }, [
				...cells("th", ["", ...shown.map((one) => one.title)]),
				dom.create("th", {}, [_("Actions")]),
			]),
		]) as HTMLElement;
		for (const id of this.ids()) {
			const edit = dom.create("button", { type: "button", class: "btn", click: () => this.edit(id) }, [_("Edit")]);
			const remove = dom.create(
				"button",
				{
					type: "button",
					class: "btn cbi-button-remove",
					click: () => {
						this.map.uci.remove(this.map.config, id);
						this.map.redraw();
					},
				},
				[_("Delete")],
			);
			table.append(
				dom.create("tr", { class: "tr", "data-sid": id }, [
					...cells("td", [id, ...shown.map((option) => String(option.textvalue(id) ?? ""))]),
					dom.create("td", {}, this.addremove ? [edit, remove] : [edit]),
				]),
			);
		}
		const box = this.head();
		box.append(table);
		if (!this.addremove) return box;
		const name = dom.create("input", { class: "cbi-section-create-name", "aria-label": _("Name") }) as HTMLInputElement;
		const add = dom.create(
			"button",
			{
				type: "button",
				class: "btn cbi-button-add",
				click: () => {
					if (!/^[A-Za-z0-9_]+$/.test(name.value)) return;
					this.map.uci.add(this.map.config, this.type, name.value);
					this.map.redraw();
					this.edit(name.value);
				},
			},
			[_("Add")],
		);
		box.append(dom.create("div", { class: "cbi-section-create" }, [name, add]));
		return box;
	}

	edit(id: string): void {
		const save = dom.create(
			"button",
			{
				type: "button",
				class: "btn cbi-button-save",
				click: () => {
					if (this.options.some(({ option }) => option.check(id) !== null)) return;
					for (const { option } of this.options) option.parse(id);
					for (const { option } of this.options) option.nodes.delete(id);
					this.map.ui.hideModal();
					this.map.redraw();
				},
			},
			[_("Save")],
		);
		this.map.ui.showModal(id, [this.body(id), dom.create("div", { class: "right" }, [save])], "cbi-modal");
	}
}

class FormMap {
	readonly sections: Section[] = [];
	root: HTMLElement | null = null;
	readonly config: string;
	readonly title: string;
	readonly description: string;
	readonly uci: Uci;
	readonly ui: ReturnType<typeof createUi>;

	constructor(config: string, title: string, description: string, uci: Uci, ui: ReturnType<typeof createUi>) {
		this.config = config;
		this.title = title;
		this.description = description;
		this.uci = uci;
		this.ui = ui;
	}

	section(kind: new (map: FormMap, ...args: never[]) => Section, ...args: never[]): Section {
		const section = new kind(this, ...args);
		this.sections.push(section);
		return section;
	}

	load(): Promise<void> {
		return this.uci.load(this.config);
	}

	redraw(): void {
		const parts = this.sections.map((section) => section.render());
		this.root?.replaceChildren(...(this.title === "" ? [] : [dom.create("h2", {}, [this.title])]), ...parts);
	}

	async render(): Promise<HTMLElement> {
		await this.load();
		const root = dom.create("div", { class: "cbi-map", id: `cbi-${this.config}` }) as HTMLElement;
		this.root = root;
		dom.bindClassInstance(root, this);
		this.redraw();
		return root;
	}

	async save(): Promise<void> {
		const fields = this.sections.flatMap((section) =>
			section.ids().flatMap((id) => section.options.map(({ option }) => ({ option, id }))),
		);
		const wrong = fields.map(({ option, id }) => option.check(id)).filter((text) => text !== null);
		if (wrong.length > 0) throw new Error(wrong.join("; "));
		for (const { option, id } of fields) option.parse(id);
		await this.uci.save();
	}

	async reset(): Promise<void> {
		this.redraw();
	}
}

export function createForm(uci: Uci, ui: ReturnType<typeof createUi>) {
	return {
		Map: class extends FormMap {
			constructor(config: string, title = "", description = "") {
				super(config, title, description, uci, ui);
			}
		},
		NamedSection,
		TypedSection: Section,
		GridSection,
		Value: TextOption,
		Flag: FlagOption,
		ListValue: ListOption,
		DynamicList: ManyOption,
		DummyValue: DummyOption,
	};
}

/**
 * The part of LuCI's form that the pages use: Map, NamedSection, TypedSection and GridSection with Value, Flag, ListValue,
 * DynamicList and DummyValue. Same rules as the original where it matters: load reads UCI, save validates every field
 * first and rejects, an empty value or (rmempty) the default is removed from UCI, outside texts go in as given.
 */
import { dom } from "./dom.ts";
import { DummyOption, FlagOption, ListOption, ManyOption, type Option, TextOption } from "./form-options.ts";
import type { createUci } from "./uci.ts";
import type { createUi } from "./ui.ts";

type Uci = ReturnType<typeof createUci>;
type OptionKind = new (section: Section, name: string, title?: string, description?: string) => Option;

export class Section {
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

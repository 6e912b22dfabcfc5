/**
 * The part of LuCI's client framework that only its own modules here use, checked against the JSDoc of modules/luci-base
 * (25.12); what every page uses is in web/pages/shell.d.ts. Modules arrive as globals of the names in the `'require ...'`
 * directives at the top of each file.
 */
interface LuciClass<T> {
	new (): T;
	extend<M extends object>(members: M & ThisType<M & T>): LuciClass<M & T>;
}

interface LuciView {
	load?(): unknown;
	render?(loaded: never): Node | Promise<Node>;
	handleSave?: ((event: Event) => unknown) | null;
	handleSaveApply?: ((event: Event, mode: string) => unknown) | null;
	handleReset?: ((event: Event) => unknown) | null;
	super(name: string, args?: readonly unknown[]): unknown;
}

declare const baseclass: LuciClass<object>;
declare const view: LuciClass<LuciView>;

declare const uci: {
	load(packages: string | readonly string[]): Promise<unknown>;
	unload(packages: string | readonly string[]): void;
	get(config: string, section: string, option?: string): unknown;
	set(config: string, section: string, option: string, value: string | readonly string[]): void;
	unset(config: string, section: string, option?: string): void;
	add(config: string, type: string, name?: string): string;
	remove(config: string, section: string): void;
	sections(config: string, type?: string): readonly { readonly ".name": string; readonly ".type": string }[];
	save(): Promise<unknown>;
};

interface LuciOption {
	default: string | null;
	placeholder: string | null;
	datatype: string;
	optional: boolean;
	rmempty: boolean;
	password: boolean;
	/** Keep the value in UCI while a dependency hides the field. */
	retain: boolean;
	modalonly: boolean | null;
	editable: boolean;
	width: string;
	multiple: boolean;
	validate: ((sectionId: string, value: never) => true | string) | null;
	cfgvalue(sectionId: string): unknown;
	textvalue(sectionId: string): unknown;
	write(sectionId: string, value: unknown): unknown;
	remove(sectionId: string): unknown;
	value(key: string, label?: string): void;
	depends(field: string, value: string): void;
	super(name: string, args?: readonly unknown[]): unknown;
}

interface LuciSection {
	anonymous: boolean;
	addremove: boolean;
	sortable: boolean;
	nodescriptions: boolean;
	modaltitle: string | ((sectionId: string) => string);
	addbtntitle: string;
	tab(name: string, title: string, description?: string): void;
	option(kind: LuciOptionKind, name: string, title?: string, description?: string): LuciOption;
	taboption(tab: string, kind: LuciOptionKind, name: string, title?: string, description?: string): LuciOption;
	handleAdd(event: Event, name?: string): unknown;
	filter(sectionId: string): boolean;
	super(name: string, args?: readonly unknown[]): unknown;
}

declare class LuciOptionKind {
	readonly luciOption: true;
}
declare class LuciSectionKind {
	readonly luciSection: true;
}

interface LuciMap {
	section(kind: typeof LuciSectionKind, type: string, title?: string, description?: string): LuciSection;
	section(kind: typeof LuciSectionKind, name: string, type: string, title?: string, description?: string): LuciSection;
	render(): Promise<HTMLElement>;
	save(callback?: () => void, silent?: boolean): Promise<unknown>;
	reset(): Promise<unknown>;
	load(): Promise<unknown>;
}

declare const form: {
	Map: new (config: string, title?: string, description?: string) => LuciMap;
	NamedSection: typeof LuciSectionKind;
	TypedSection: typeof LuciSectionKind;
	GridSection: typeof LuciSectionKind;
	Value: LuciOptionKind;
	Flag: LuciOptionKind;
	ListValue: LuciOptionKind;
	DynamicList: LuciOptionKind;
	DummyValue: LuciOptionKind;
};

/** LuCI's uci: a copy of what rpcd has, changed here, handed back by save(); values are texts or lists of texts. */
import type { createRpc } from "./rpc.ts";

type Value = string | readonly string[];
export type Section = Record<string, unknown> & { ".name": string; ".type": string; ".index"?: number };

interface Pending {
	readonly add: { config: string; type: string; name: string }[];
	readonly remove: { config: string; section: string }[];
	readonly set: Map<string, Map<string, Value | null>>;
}

export function createUci(rpc: ReturnType<typeof createRpc>) {
	const loaded = new Map<string, Map<string, Section>>();
	let pending: Pending = { add: [], remove: [], set: new Map() };
	const ask = (method: string, args: Record<string, unknown>): Promise<unknown> =>
		rpc.declare({ object: "uci", method, params: Object.keys(args), reject: true })(...Object.values(args));

	function note(config: string, section: string, option: string, value: Value | null): void {
		const key = `${config}.${section}`;
		const options = pending.set.get(key) ?? new Map<string, Value | null>();
		pending.set.set(key, options.set(option, value));
	}

	return {
		async load(packages: string | readonly string[]): Promise<void> {
			for (const config of typeof packages === "string" ? [packages] : packages) {
				if (loaded.has(config)) continue;
				const reply = (await ask("get", { config })) as { values?: Record<string, Section> } | number;
				loaded.set(config, new Map(Object.entries(typeof reply === "object" ? (reply.values ?? {}) : {})));
			}
		},
		unload(packages: string | readonly string[]): void {
			for (const config of typeof packages === "string" ? [packages] : packages) loaded.delete(config);
		},
		sections(config: string, type?: string): Section[] {
			const all = [...(loaded.get(config)?.values() ?? [])];
			return all.filter((one) => type === undefined || one[".type"] === type);
		},
		get(config: string, section: string, option?: string): unknown {
			const found = loaded.get(config)?.get(section);
			return option === undefined ? (found ?? null) : (found?.[option] ?? null);
		},
		set(config: string, section: string, option: string, value: Value): void {
			const found = loaded.get(config)?.get(section);
			if (!found) return;
			found[option] = value;
			note(config, section, option, value);
		},
		unset(config: string, section: string, option?: string): void {
			const found = loaded.get(config)?.get(section);
			if (!found || option === undefined) return;
			delete found[option];
			note(config, section, option, null);
		},
		add(config: string, type: string, name = `new${Date.now()}`): string {
			loaded.get(config)?.set(name, { ".name": name, ".type": type });
			pending.add.push({ config, type, name });
			return name;
		},
		remove(config: string, section: string): void {
			if (loaded.get(config)?.delete(section)) pending.remove.push({ config, section });
		},
		async save(): Promise<void> {
			const { add, remove, set } = pending;
			pending = { add: [], remove: [], set: new Map() };
			for (const one of add) await ask("add", one);
			for (const [key, options] of set) {
				const [config = "", section = ""] = key.split(".");
				const values = [...options].filter(([, value]) => value !== null);
				const gone = [...options].filter(([, value]) => value === null).map(([option]) => option);
				if (values.length > 0) await ask("set", { config, section, values: Object.fromEntries(values) });
				if (gone.length > 0) await ask("delete", { config, section, options: gone });
			}
			for (const one of remove) await ask("delete", one);
			document.dispatchEvent(new CustomEvent("uci-saved"));
		},
	};
}

/**
 * LuCI's loader for tests: reads the directives of a module, evaluates it as a function on one line, hands over instances;
 * views live as they do in LuCI. Written from the behaviour of luci.js (OpenWrt 25.12), not from its text.
 */
import { type Base, baseclass, type Ctor } from "./class.ts";
import { dom } from "./dom.ts";
import { createForm } from "./form.ts";
import { createPoll } from "./poll.ts";
import { createRpc } from "./rpc.ts";
import { createUci } from "./uci.ts";
import { createUi } from "./ui.ts";

interface Env {
	readonly sessionid: string;
	readonly requestpath: readonly string[];
	readonly nodespec: { readonly readonly: boolean };
	readonly ubuspath: string;
	readonly base_url: string;
	readonly pollinterval: number;
}

declare global {
	interface Window {
		TR?: Readonly<Record<string, string>>;
		luciEnv: Env;
	}
}

const env = window.luciEnv;
const translate = (text: string): string => window.TR?.[text.replace(/\s+/g, " ").trim()] ?? text;
Object.assign(window, {
	_: translate,
	N_: (n: number, one: string, many: string) => translate(n === 1 ? one : many),
	E: dom.create,
});

const rpc = createRpc(
	env.ubuspath,
	() => env.sessionid,
	() => {
		poll.stop();
		ui.showModal(translate("Session expired"), [
			dom.create("p", {}, [translate("A new login is required since the authentication session expired.")]),
		]);
	},
);
const poll = createPoll(env.pollinterval);
const ui = createUi(() => env.sessionid);
const uci = createUci(rpc);
document.addEventListener("poll-start", () => ui.showIndicator("poll-status", "Refreshing", () => poll.stop()));
document.addEventListener("poll-stop", () => ui.showIndicator("poll-status", "Paused", () => poll.start(), "inactive"));

function footer(page: Base): Node {
	const work = (name: string): unknown => Reflect.get(page, name);
	const writable = L.hasViewPermission();
	const button = (name: string, kind: string, text: string): Node | null => {
		const handler = work(name);
		if (typeof handler !== "function") return null;
		const click = (event: Event): void => {
			Promise.resolve(Reflect.apply(handler, page, [event, "0"])).catch((error: Error) =>
				ui.addNotification(null, [dom.create("p", {}, [error.message])], "danger"),
			);
		};
		return dom.create("button", { class: `btn cbi-button cbi-button-${kind}`, disabled: writable ? null : "", click }, [
			text,
		]);
	};
	const buttons = [
		button("handleSaveApply", "apply", "Save & Apply"),
		button("handleSave", "save", "Save"),
		button("handleReset", "reset", "Reset"),
	];
	return buttons.some((one) => one !== null)
		? dom.create("div", { class: "cbi-page-actions" }, buttons)
		: document.createDocumentFragment();
}

const view = baseclass.extend({
	__init__(this: Base & { load(): unknown; render(loaded: unknown): unknown }) {
		const place = document.getElementById("view");
		if (!place) return;
		Promise.resolve()
			.then(() => this.load())
			.then((loaded) => this.render(loaded))
			.then((nodes) => {
				dom.content(place, nodes);
				place.append(footer(this));
			})
			.catch((error: Error) => {
				ui.addNotification("View failed", [dom.create("pre", {}, [error.stack ?? error.message])], "danger");
			});
	},
	load() {},
	render() {},
	async handleSave() {
		for (const map of document.querySelectorAll("#maincontent .cbi-map")) await dom.callClassMethod(map, "save");
	},
	async handleSaveApply(this: { handleSave(event: Event): Promise<void> }, event: Event) {
		await this.handleSave(event);
		await ui.changes.apply();
	},
	async handleReset() {
		for (const map of document.querySelectorAll("#maincontent .cbi-map")) await dom.callClassMethod(map, "reset");
	},
});

const request = {
	async get(url: string): Promise<{ ok: boolean; status: number; text(): string }> {
		const response = await fetch(url);
		const text = await response.text();
		return { ok: response.ok, status: response.status, text: () => text };
	},
};

const instances = new Map<string, unknown>(
	Object.entries({ baseclass, dom, poll, request, rpc, ui, uci, view, form: createForm(uci, ui), session: {} }),
);
const loading = new Map<string, Promise<unknown>>();

/** Module name and alias of each directive at the top; the first other string literal ends the search. */
export function directives(source: string): { name: string; alias: string }[] {
	const found: { name: string; alias: string }[] = [];
	const token = /\/\/[^\n]*\n|\/\*[\s\S]*?\*\/|(["'])((?:\\[\s\S]|(?!\1)[^\\])*)\1/g;
	for (const [, quote, text = ""] of source.matchAll(token)) {
		if (quote === undefined || /^use[ \t]+strict$/.test(text)) continue;
		const [, name, alias] = /^require[ \t]+(\S+)(?:[ \t]+as[ \t]+([a-zA-Z_]\S*))?$/.exec(text) ?? [];
		if (name === undefined) break;
		found.push({ name, alias: alias ?? name.replace(/[^a-zA-Z0-9_]/g, "_") });
	}
	return found;
}

async function load(name: string, from: readonly string[]): Promise<unknown> {
	const url = `${env.base_url}/${name.replaceAll(".", "/")}.js`;
	const response = await request.get(url);
	if (!response.ok) throw new Error(`NetworkError: HTTP error ${response.status} while loading class file "${url}"`);
	const source = response.text();
	const wanted = directives(source);
	const given = await Promise.all(wanted.map((one) => require(one.name, [name, ...from])));
	const names = wanted.map((one) => `, ${one.alias}`).join("");
	// On one line, as LuCI does: a module that ends in a comment swallows the end.
	// biome-ignore lint/security/noGlobalEval: that is how LuCI loads modules, and what is tested here
	const factory = window.eval(`(function(window, document, L${names}) { ${source} })\n//# sourceURL=${url}`) as (
		...args: unknown[]
	) => Ctor;
	const made = factory(window, document, L, ...given);
	if (!baseclass.isSubclass(made)) throw new TypeError(`"${name}" factory yields invalid constructor`);
	const instance = new made();
	instances.set(name, instance);
	return instance;
}

function require(name: string, from: readonly string[] = []): Promise<unknown> {
	if (from.includes(name)) throw new Error(`DependencyError: Circular dependency: class "${name}" depends on itself`);
	if (instances.has(name)) return Promise.resolve(instances.get(name));
	const started = loading.get(name) ?? load(name, from);
	loading.set(name, started);
	return started;
}

const L = {
	env,
	require,
	ui,
	uci,
	url: (...parts: readonly string[]) => ["/cgi-bin/luci", ...parts].join("/"),
	resource: (...parts: readonly string[]) => [env.base_url, ...parts].join("/"),
	hasViewPermission: () => !env.nodespec.readonly,
	resolveDefault: (promise: Promise<unknown>, instead: unknown) => promise.catch(() => instead),
	toArray: (value: unknown) => (Array.isArray(value) ? value : value === null || value === undefined ? [] : [value]),
};
Object.assign(window, { L });
document.dispatchEvent(new CustomEvent("luci-loaded"));

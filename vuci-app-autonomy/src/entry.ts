/**
 * The component RutOS loads: it renders nothing of its own, and puts our page beside its place. All pages are in one
 * further file, which both forms of this one load, the module of 7.8 and later and the script of 7.5 to 7.7; Vue 2 calls
 * beforeDestroy what Vue 3 calls beforeUnmount.
 */
import type { HostComponent } from "./host.ts";
import type { App } from "./main.ts";

/** Set by the build: where that file is, and the name it leaves its page under. */
declare const MAIN_FILE: string;
declare const MAIN_NAME: string;

type Component = HostComponent & { readonly $el: Node };

const shown = new WeakMap<object, () => void>();

function find(): App | undefined {
	return (globalThis as unknown as Readonly<Record<string, App | undefined>>)[MAIN_NAME];
}

function load(): Promise<App> {
	const there = find();
	if (there !== undefined) return Promise.resolve(there);
	return new Promise((done, failed) => {
		const script = document.createElement("script");
		script.src = MAIN_FILE;
		const wrong = (): void => {
			script.remove();
			failed(new Error(`${MAIN_FILE} cannot be loaded: install vuci-app-autonomy-ui again`));
		};
		script.onload = () => {
			const app = find();
			if (app === undefined) wrong();
			else done(app);
		};
		script.onerror = wrong;
		document.head.append(script);
	});
}

function leave(this: object): void {
	shown.get(this)?.();
	shown.delete(this);
}

export default {
	name: "Autonomy",
	render(): null {
		return null;
	},
	mounted(this: Component): void {
		let left = false;
		shown.set(this, () => {
			left = true;
		});
		const place = document.createElement("div");
		this.$el.parentNode?.insertBefore(place, this.$el);
		load().then(
			(app) => {
				if (left) return;
				const close = app.open(this, place);
				shown.set(this, () => {
					close();
					place.remove();
				});
			},
			(error: Error) => {
				place.textContent = error.message;
			},
		);
	},
	beforeUnmount: leave,
	beforeDestroy: leave,
};

/**
 * Light or dark, by what lies behind the view: RutOS' own names for its themes are not ours to know, and change. Looked at
 * again when the shell changes its root, and when the system does.
 */
export interface Theme {
	close(): void;
}

/** Of 0-255 a channel. */
const MIDDLE = 128;

function isDark(within: Element): boolean {
	for (let node: Element | null = within; node !== null; node = node.parentElement) {
		const [red, green, blue, alpha = 1] = (getComputedStyle(node).backgroundColor.match(/[\d.]+/g) ?? []).map(Number);
		if (red === undefined || green === undefined || blue === undefined || alpha < 0.5) continue;
		return 0.3 * red + 0.59 * green + 0.11 * blue < MIDDLE;
	}
	return false;
}

export function watchTheme(place: HTMLElement): Theme {
	const look = (): void => {
		const parent = place.parentElement;
		if (parent !== null) place.classList.toggle("au-dark", isDark(parent));
	};
	const changed = new MutationObserver(look);
	for (const root of [document.documentElement, document.body]) changed.observe(root, { attributes: true });
	const system = matchMedia("(prefers-color-scheme: dark)");
	system.addEventListener("change", look);
	look();
	return {
		close() {
			changed.disconnect();
			system.removeEventListener("change", look);
		},
	};
}

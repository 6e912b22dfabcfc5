/** Pictures of the app: strokes on a square of 24, drawn in the colour of the text. Decoration only; words say the same. */
import { svg } from "../dom.ts";

const PATHS = {
	starlink: "M4 13a8 8 0 0 0 8 8M7 5l12 12M5 7c-1 4 0 7 3 9s6 3 9 2M13 11l4-4M18 6h.01M4 17v4h4",
	cellular: "M4 20v-4M9 20v-8M14 20V8M19 20V4",
	wifi: "M2 9a15 15 0 0 1 20 0M5 12.5a10.5 10.5 0 0 1 14 0M8.5 16a5.5 5.5 0 0 1 7 0M12 19.5h.01",
	lan: "M9 3h6v5H9zM3 16h6v5H3zM15 16h6v5h-6zM12 8v4M6 16v-4h12v4",
	other: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
	good: "M5 12.5l4.5 4.5L19 7.5",
	warn: "M12 4v10M12 19h.01",
	bad: "M6 6l12 12M18 6L6 18",
	off: "M6 12h.01M12 12h.01M18 12h.01",
	home: "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
	history: "M12 7v5l3 2M4 12a8 8 0 1 0 2.5-5.8L4 8.5M4 4v4.5h4.5",
	bell: "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
	more: "M4 7h16M4 12h16M4 17h16",
	close: "M6 6l12 12M18 6L6 18",
	go: "M9 5l7 7-7 7",
	hold: "M8 5v14M16 5v14",
	auto: "M20 11a8 8 0 0 0-14.5-3.5L4 9M4 4v5h5M4 13a8 8 0 0 0 14.5 3.5L20 15M20 20v-5h-5",
	check: "M21 12a9 9 0 1 1-4-7.5M8 11l4 4 9-10",
	use: "M5 12h13M12 6l6 6-6 6",
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGSVGElement {
	return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
}

export function linkIcon(kind: string): SVGSVGElement {
	return icon(Object.hasOwn(PATHS, kind) ? (kind as IconName) : "other");
}

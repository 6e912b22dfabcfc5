/** How signals are made: a condition holds, or has ended. Pure. */
import type { AlertKindName, Signal } from "./types.ts";

export function on(
	kind: AlertKindName,
	uplink: string | null,
	atMs: number,
	text: string,
	more: Partial<Signal> = {},
): Signal {
	return { key: `${kind}:${uplink ?? ""}`, kind, uplink, atMs, active: true, level: null, text, ...more };
}

export function off(
	kind: AlertKindName,
	uplink: string | null,
	atMs: number,
	text: string,
	more: Partial<Signal> = {},
): Signal {
	return { ...on(kind, uplink, atMs, text, more), active: false };
}

/**
 * The counters of the kernel's network devices. One reading of /proc/net/dev serves all who ask at the same moment: sensors of
 * many uplinks do, and the file has a line for each of their devices.
 */
import type { Platform } from "../platform/platform.ts";
import { wordsOf } from "../platform/words.ts";

const PATH = "/proc/net/dev";
/** As long as one wake-up takes. */
const SAME_MOMENT_MS = 50;

interface Reading {
	atMs: number;
	text: string;
}

/** Of each platform, which lives as long as the process (tests have many). */
const last = new WeakMap<object, Reading>();

/** Its text; empty when there is none. Throws as reading a file does. */
export function netDevText({ files, clock }: Pick<Platform, "files" | "clock">): string {
	const atMs = clock.monotonicMs();
	const known = last.get(files);
	if (known !== undefined && atMs >= known.atMs && atMs - known.atMs <= SAME_MOMENT_MS) return known.text;
	const text = files.readTextIfAny(PATH) ?? "";
	if (known === undefined) last.set(files, { atMs, text });
	else {
		known.atMs = atMs;
		known.text = text;
	}
	return text;
}

/** The fields behind a device's name: bytes packets errs drop fifo frame compressed multicast, received and sent; null: no such line. */
export function netDevFields(text: string, device: string): string[] | null {
	const mark = `${device}:`;
	for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + 1)) {
		const start = text.lastIndexOf("\n", at) + 1;
		if (text.slice(start, at).trim() !== "") continue; // the end of a longer name
		const end = text.indexOf("\n", at);
		return wordsOf(text.slice(at + mark.length, end === -1 ? text.length : end));
	}
	return null;
}

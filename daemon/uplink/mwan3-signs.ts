/**
 * A text that changes whenever mwan3 acted: times and sizes of the files every rebuild writes (iface_state in all versions,
 * the policy dumps from 2.11 on). Costs a dozen stat calls and no process. Discovery and steering want it every second, at the
 * same moment: one reading serves both.
 */
import type { Files, Platform } from "../platform/platform.ts";

/** As long as one wake-up takes. */
const SAME_MOMENT_MS = 50;

export function mwan3Signs(
	files: Files,
	runDir: string,
	list: (folder: string) => readonly string[] = files.list,
): string {
	const parts: string[] = [];
	const add = (folder: string, name: string): void => {
		const stat = files.stat(`${folder}/${name}`);
		if (stat) parts.push(`${name}=${stat.modifiedMs},${stat.size}`);
	};
	const state = `${runDir}/iface_state`;
	for (const name of list(state)) add(state, name);
	const log = `${runDir}/iptables_log`;
	for (const name of list(log)) if (name.includes("polic")) add(log, name);
	add(runDir, "mmx_mask");
	return parts.join(" ");
}

interface Reading {
	runDir: string;
	atMs: number;
	signs: string;
	readonly list: (folder: string) => readonly string[];
}

/** Of each platform, which lives as long as the process (tests have many). */
const last = new WeakMap<object, Reading>();

/** The same, not read again within one wake-up: for those who look again a second later anyhow. */
export function mwan3SignsLately({ files, clock }: Pick<Platform, "files" | "clock">, runDir: string): string {
	const atMs = clock.monotonicMs();
	const known = last.get(files);
	if (known?.runDir === runDir && atMs >= known.atMs && atMs - known.atMs <= SAME_MOMENT_MS) return known.signs;
	const list = known?.list ?? createLister(files);
	const signs = mwan3Signs(files, runDir, list);
	if (known === undefined) last.set(files, { runDir, atMs, signs, list });
	else Object.assign(known, { runDir, atMs, signs });
	return signs;
}

/** A folder in memory (tmpfs) has another size when it has one file more, so its time and size tell whether it must be read. */
function createLister(files: Files): (folder: string) => readonly string[] {
	const folders = new Map<string, { readonly sign: string; readonly names: readonly string[] }>();
	return (folder) => {
		const stat = files.stat(folder);
		if (stat === null) return [];
		const sign = `${stat.modifiedMs},${stat.size}`;
		const known = folders.get(folder);
		if (known?.sign === sign) return known.names;
		const names = files.list(folder);
		folders.set(folder, { sign, names });
		return names;
	};
}

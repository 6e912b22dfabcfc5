/**
 * Reads a UCI package from disk the way libuci does: the file (or the one that overrides it), then every delta file laid
 * over it, in order. Read only: writing goes through rpcd's `uci` object, which takes the locks we cannot take.
 */
import { AutonomyError } from "../platform/error.ts";
import type { Files } from "../platform/platform.ts";
import { MAX_TEXT, PackageDraft } from "./build.ts";
import { applyDelta } from "./delta.ts";
import type { UciPackage, UciWarning } from "./package.ts";
import { parseInto } from "./parse.ts";

export interface LoadOptions {
	/** Default /etc/config. */
	readonly configDir?: string;
	/** A file here replaces the one in configDir entirely (libuci's second config directory). Default /var/run/uci. */
	readonly overrideDir?: string;
	/**
	 * Delta folders in the order they are applied. Default: /tmp/.uci, as every libuci program does. Who must see what
	 * mwan3 sees adds /var/state behind it.
	 */
	readonly saveDirs?: readonly string[];
	/** Default true; false reads as `config_load` of the shell functions does: bad lines are passed over. */
	readonly strict?: boolean;
}

export const SAVE_DIR = "/tmp/.uci";
export const STATE_DIR = "/var/state";

/** Path of the file that will be read: the override when there is one. */
export function packagePath(files: Files, name: string, options: LoadOptions = {}): string {
	const override = `${options.overrideDir ?? "/var/run/uci"}/${name}`;
	return files.stat(override) === null ? `${options.configDir ?? "/etc/config"}/${name}` : override;
}

/** Null when there is no such file. Throws uci_parse, uci_invalid (a name no package can have) or a file error. */
export function loadPackage(files: Files, name: string, options: LoadOptions = {}): UciPackage | null {
	if (!/^[A-Za-z0-9_-]+$/.test(name)) {
		throw new AutonomyError("uci_invalid", `${JSON.stringify(name)} cannot be the name of a UCI package`, { name });
	}
	const path = packagePath(files, name, options);
	const text = readBounded(files, path);
	if (text === null) return null;
	const draft = new PackageDraft(name);
	const warnings: UciWarning[] = parseInto(draft, text, { file: path, strict: options.strict ?? true });
	for (const folder of options.saveDirs ?? [SAVE_DIR]) {
		const deltaPath = `${folder}/${name}`;
		const delta = readBounded(files, deltaPath);
		if (delta !== null) warnings.push(...applyDelta(draft, delta, deltaPath));
	}
	return draft.finish(warnings);
}

function readBounded(files: Files, path: string): string | null {
	const stat = files.stat(path);
	if (stat === null) return null;
	if (stat.isDirectory) throw new AutonomyError("file_io", `${path} is a folder, not a file`, { path });
	// Four bytes is the most a character can take; the exact limit is checked on the text.
	if (stat.size > MAX_TEXT * 4) {
		const reason = "file too large";
		throw new AutonomyError("uci_parse", `${path}: ${reason} (${stat.size} bytes)`, { file: path, reason });
	}
	return files.readTextIfAny(path);
}

/**
 * UCI files with staged changes, as rpcd and the uci tool see them: read, stage into a delta folder, commit, revert.
 * Shared by the `uci` object on the bus and the `uci` command of the lab. The router's real paths.
 */
import {
	appendFileSync,
	chmodSync,
	mkdirSync,
	readdirSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { nodeFiles } from "../../daemon/platform/node/files.ts";
import { PackageDraft } from "../../daemon/uci/build.ts";
import { applyDelta, formatDelta, parseDelta, type UciChange } from "../../daemon/uci/delta.ts";
import { loadPackage } from "../../daemon/uci/load.ts";
import type { UciPackage } from "../../daemon/uci/package.ts";
import { formatUci } from "../../daemon/uci/write.ts";

const CONFIG_DIR = "/etc/config";

export function configs(): string[] {
	return readdirSync(CONFIG_DIR)
		.filter((name) => !name.includes("."))
		.sort();
}

export function load(config: string, saveDirs: readonly string[]): UciPackage | null {
	return loadPackage(nodeFiles, config, { saveDirs });
}

export function changes(config: string, saveDir: string): UciChange[] {
	const text = nodeFiles.readTextIfAny(`${saveDir}/${config}`);
	return text === null ? [] : parseDelta(config, text, `${saveDir}/${config}`);
}

export function stage(config: string, saveDir: string, list: readonly UciChange[]): void {
	mkdirSync(saveDir, { recursive: true, mode: 0o700 });
	appendFileSync(`${saveDir}/${config}`, formatDelta(config, list), { mode: 0o600 });
}

/** The name a new anonymous section gets. */
export function stageAdd(config: string, type: string, saveDirs: readonly string[]): string | null {
	const pkg = load(config, saveDirs);
	if (!pkg) return null;
	const name = PackageDraft.from(pkg).addAnonymous(type).name;
	stage(config, saveDirs.at(-1) ?? "", [{ op: "add", section: name, option: null, value: type }]);
	return name;
}

/** Removes staged lines of a package, section or option. */
export function revert(config: string, saveDir: string, section: string | null, option: string | null): void {
	const kept = changes(config, saveDir).filter(
		(change) => !((section === null || change.section === section) && (option === null || change.option === option)),
	);
	const file = `${saveDir}/${config}`;
	if (nodeFiles.stat(file)) writeFileSync(file, formatDelta(config, kept));
}

/** Writes the file anew with what is staged; comments go, as with libuci. False when there was nothing to do. */
export function commit(config: string, saveDir: string): boolean {
	const file = `${CONFIG_DIR}/${config}`;
	const delta = nodeFiles.readTextIfAny(`${saveDir}/${config}`);
	const pkg = loadPackage(nodeFiles, config, { saveDirs: [] });
	if (!pkg || !delta) return false;
	const draft = PackageDraft.from(pkg);
	applyDelta(draft, delta, config);
	const mode = statSync(file).mode & 0o777;
	writeFileSync(`${CONFIG_DIR}/.${config}.uci-lab`, formatUci(draft.finish([])));
	chmodSync(`${CONFIG_DIR}/.${config}.uci-lab`, mode);
	renameSync(`${CONFIG_DIR}/.${config}.uci-lab`, file);
	writeFileSync(`${saveDir}/${config}`, "");
	return true;
}

export function forget(saveDir: string): void {
	rmSync(saveDir, { recursive: true, force: true });
}

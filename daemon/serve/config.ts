/**
 * config.get, config.set and reload. A change is checked whole before anything is written; rpcd's `uci` object writes it,
 * because it takes the locks we cannot take. Secrets are accepted, never told.
 */
import type { CallArgs, Reply } from "../../contract/api.ts";
import { CONFIG_PACKAGE, SECTIONS } from "../../contract/options.ts";
import { uciText } from "../../contract/values.ts";
import type { BlobInputTable } from "../bus/blobmsg.ts";
import type { Bus } from "../bus/bus.ts";
import { planChange, type UciEdit } from "../config/edit.ts";
import type { ConfigReport } from "../config/report.ts";
import { showConfig } from "../config/show.ts";
import { AutonomyError, errorText } from "../platform/error.ts";
import type { ServeDeps } from "./deps.ts";

const UCI_TIMEOUT_MS = 5_000;

export function configReply(deps: ServeDeps): Reply<"config.get"> {
	const sections: Record<string, Record<string, string | readonly string[]>> = {};
	const set: string[] = [];
	const secrets: string[] = [];
	for (const { section, values } of showConfig(deps.config.current())) {
		const spec = SECTIONS.find((one) => one.name === section) ?? SECTIONS.find((one) => one.name === null);
		const options: Record<string, string | readonly string[]> = {};
		for (const option of spec?.options ?? []) {
			const value = values[option.name] ?? null;
			if (value === null) {
				continue;
			}
			const where = `${section}.${option.name}`;
			if (option.secret === true) {
				secrets.push(where);
				continue;
			}
			options[option.name] = uciText(value);
			const usual = option.default === null ? null : uciText(option.default);
			if (JSON.stringify(options[option.name]) !== JSON.stringify(usual)) {
				set.push(where);
			}
		}
		sections[section] = options;
	}
	return { sections, set, secrets, problems: deps.config.problems() };
}

export async function configSetReply(
	deps: ServeDeps,
	bus: Bus,
	args: CallArgs<"config.set">,
): Promise<Reply<"config.set">> {
	const { section, values } = args;
	const plan = planChange(deps.config.readPackage(), deps.config.file, { section, values });
	const changed = plan.edits.flatMap((edit) => changedBy(edit));
	if (plan.edits.length === 0) {
		return {
			ok: true,
			text: "nothing to change: all is as wanted already",
			changed: [],
			problems: sentences(plan.report),
		};
	}
	await writeEdits(bus, plan.edits);
	const { kept } = deps.config.reload();
	if (kept !== null) {
		throw new AutonomyError(
			"config_invalid",
			`written, but the file cannot be read back: ${deps.config.problems()[0] ?? kept}`,
		);
	}
	deps.log.info("configuration", { reason: "changed over ubus", options: changed });
	return {
		ok: true,
		text: `${changed.length} ${changed.length === 1 ? "option" : "options"} written and taken over: ${changed.join(", ")}`,
		changed,
		problems: deps.config.problems(),
	};
}

function changedBy(edit: UciEdit): string[] {
	if (edit.kind === "delete") {
		return edit.options.map((option) => `${edit.section}.${option}`);
	}
	const section = edit.kind === "add" ? edit.name : edit.section;
	return Object.keys(edit.values).map((option) => `${section}.${option}`);
}

/** All edits and one commit; when one of them fails what was staged is dropped, so that no half change waits in /tmp. */
export async function writeEdits(bus: Bus, edits: readonly UciEdit[]): Promise<void> {
	const options = { timeoutMs: UCI_TIMEOUT_MS };
	try {
		for (const edit of edits) {
			await bus.call("uci", edit.kind, uciArgs(edit), options);
		}
		await bus.call("uci", "commit", { config: CONFIG_PACKAGE }, options);
	} catch (error) {
		await bus.call("uci", "revert", { config: CONFIG_PACKAGE }, options).catch(() => undefined);
		throw new AutonomyError("refused", `not written: ${errorText(error)}; is rpcd running? (/etc/init.d/rpcd restart)`);
	}
}

function uciArgs(edit: UciEdit): BlobInputTable {
	switch (edit.kind) {
		case "add":
			return { config: CONFIG_PACKAGE, type: edit.type, name: edit.name, values: edit.values };
		case "set":
			return { config: CONFIG_PACKAGE, section: edit.section, values: edit.values };
		case "delete":
			return { config: CONFIG_PACKAGE, section: edit.section, options: edit.options };
	}
}

export function reloadReply(deps: ServeDeps): Reply<"reload"> {
	const result = deps.config.reload();
	const problems = deps.config.problems();
	if (result.kept !== null) {
		return {
			ok: false,
			code: "config_invalid",
			text: problems[0] ?? `the ${result.kept} configuration stays in force`,
			problems,
		};
	}
	const found = problems.length === 0 ? "" : `; ${problems.length} ${problems.length === 1 ? "remark" : "remarks"}`;
	return { ok: true, text: `${result.changed ? "taken over" : "nothing has changed"}${found}`, problems };
}

function sentences(report: ConfigReport): string[] {
	return report.map((entry) => entry.message);
}

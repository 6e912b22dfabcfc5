/**
 * Settings, made from the contract: every option with its help, unit, range and default, checked as the daemon checks it,
 * and written by the daemon itself, section by section, which takes them over without a restart.
 */

import type { Reply } from "../../contract/api.ts";
import { CHANNEL_NAMES } from "../../contract/api-alerts.ts";
import { SECTIONS } from "../../contract/options.ts";
import type { SectionSpec } from "../../contract/schema.ts";
import { errorCode, errorText } from "../../web/api.ts";
import { el, replace, setText, show } from "../../web/dom.ts";
import { type Group, groupOf, groupTitle, inOrder, isBasic, shownOptions, switchOf } from "../../web/model/settings.ts";
import { createChannel, readChannels } from "../../web/pages/channels.ts";
import { button } from "../../web/pages/controls.ts";
import { createPage, failureText, keepFresh, nowMs, pageApi, readOnly } from "../../web/pages/page.ts";
import { say } from "../../web/say.ts";
import { told as translated } from "../../web/told.ts";
import { classWord, type Member } from "../../web/words.ts";
import { createField, type Field, type Text } from "./field.ts";

const AGAIN_S = 5;
const CHANNELS_EVERY_S = 10;

type Config = Reply<"config.get">;

interface Part {
	readonly name: string;
	readonly fields: readonly Field[];
	readonly root: HTMLElement;
}

/** Options of one section: the common ones, the others folded away, and those of no use before its switch is on hidden. */
function createPart(spec: SectionSpec, name: string, config: Config, title: string, changed: () => void): Part {
	const values = config.sections[name] ?? {};
	const enable = switchOf(spec);
	const denied = readOnly();
	const basic = el("div", {});
	const advanced = el("div", {});
	const fields = shownOptions(spec).map((option) => {
		const place = `${name}.${option.name}`;
		const given = {
			inForce: values[option.name] as Text | undefined,
			isSet: config.set.includes(place),
			secret: config.secrets.includes(place),
		};
		return createField(option, given, denied, () => {
			follow();
			changed();
		});
	});
	for (const field of fields) (isBasic(spec.key, field.option) ? basic : advanced).append(field.row);
	const fold = el("details", { class: "au-more" }, el("summary", {}, _("Advanced")), advanced);
	show(fold, advanced.childElementCount > 0);

	function follow(): void {
		const on = enable === null || fields.find(({ option }) => option.name === enable)?.value() !== "0";
		for (const { option, row } of fields) if (option.name !== enable) show(row, on);
		show(fold, on && advanced.childElementCount > 0);
	}
	follow();
	const root = el("div", { class: "cbi-section" }, title === "" ? null : el("h3", {}, title), basic, fold);
	return { name, fields, root };
}

/** Uplinks found, and those that are only written in the file. */
function uplinkNames(config: Config, members: readonly Member[]): readonly string[] {
	const written = Object.keys(config.sections).filter((name) => !SECTIONS.some((spec) => spec.name === name));
	return [...new Set([...members.map((one) => one.name), ...written])];
}

export function createSettings(): HTMLElement {
	const api = pageApi();
	const problems = el("div", { role: "status" });
	const body = el("div", {}, el("p", {}, _("Asking the router ...")));
	const told = el("p", { role: "status" });
	const bar = el("div", { class: "au-save", hidden: true }, told);
	const page = createPage(_("Settings of Autonomy"), problems, body, bar);
	let parts: readonly Part[] = [];
	let loaded = false;
	let atMs: number | null = null;

	const edited = (): readonly Part[] => parts.filter(({ fields }) => fields.some((one) => one.changed() !== null));

	function follow(): void {
		const count = parts.flatMap(({ fields }) => fields.filter((one) => one.changed() !== null)).length;
		show(bar, count > 0);
		setText(told, count > 0 ? say(_("Changes that are not saved: {count}"), { count }) : "");
	}

	async function save(): Promise<void> {
		const wrong = parts.flatMap(({ fields }) =>
			fields.filter((one) => one.changed() !== null && one.problem() !== null),
		);
		const first = wrong[0];
		if (first !== undefined) {
			first.row.scrollIntoView({ block: "center" });
			setText(told, say(_("Not saved: what is typed for {count} options is not right."), { count: wrong.length }));
			return;
		}
		for (const { name, fields } of edited()) {
			const values = Object.fromEntries(
				fields.map((one) => [one.option.name, one.changed()] as const).filter(([, value]) => value !== null),
			);
			try {
				await api.order("config.set", { section: name, values });
			} catch (error) {
				// What went before it is in force; the rest is still to be seen as typed.
				setText(told, `${name}: ${failureText(error)}`);
				return;
			}
		}
		await load();
		page.announce(_("Saved; it is in force without a restart."));
		replace(problems, el("p", { class: "alert-message success" }, _("Saved; it is in force without a restart.")));
		drawProblems();
		problems.scrollIntoView({ block: "nearest" });
	}

	let config: Config | null = null;

	function drawProblems(): void {
		if (config === null || config.problems.length === 0) return;
		problems.append(
			el(
				"div",
				{ class: "alert-message warning" },
				el("p", {}, _("The daemon does not use all of this configuration as it is written:")),
				el("ul", {}, ...config.problems.map((one) => el("li", {}, translated(one)))),
			),
		);
	}

	async function load(): Promise<void> {
		const [read, { members }] = await Promise.all([api.call("config.get"), api.call("members")]);
		config = read;
		const made: Part[] = [];
		const part = (spec: SectionSpec, name: string, title: string): HTMLElement => {
			const one = createPart(spec, name, read, title, follow);
			made.push(one);
			return one.root;
		};
		const groups = new Map<Group, HTMLElement>();
		const nodes: HTMLElement[] = [];
		for (const spec of inOrder(SECTIONS)) {
			const group = groupOf(spec);
			if (spec.name === null) {
				nodes.push(uplinks(spec, read, members, part));
				continue;
			}
			const node = part(spec, spec.name, _(spec.help));
			addChannel(spec, node);
			if (group === "traffic") {
				nodes.push(node);
				continue;
			}
			let fold = groups.get(group);
			if (fold === undefined) {
				fold = el("details", { class: "au-fold" }, el("summary", {}, groupTitle(group)));
				groups.set(group, fold);
				nodes.push(fold);
			}
			fold.append(node);
		}
		parts = made;
		replace(body, ...nodes);
		replace(problems);
		drawProblems();
		follow();
		loaded = true;
	}

	function uplinks(
		spec: SectionSpec,
		read: Config,
		members: readonly Member[],
		part: (spec: SectionSpec, name: string, title: string) => HTMLElement,
	): HTMLElement {
		const all = uplinkNames(read, members).map((name) => {
			const member = members.find((one) => one.name === name);
			const kind = member === undefined ? _("not found on this router") : classWord(member.class);
			return el(
				"details",
				{ class: "au-uplink" },
				el("summary", {}, name, " ", el("span", { class: "au-kind" }, kind)),
				part(spec, name, ""),
			);
		});
		return el("div", { class: "cbi-section" }, el("h3", {}, _("Uplinks")), el("p", {}, `${_(spec.help)}.`), ...all);
	}

	const channels = new Map<(typeof CHANNEL_NAMES)[number], ReturnType<typeof createChannel>>();

	/** Below the settings of a channel: how it is, by what is in force and not by what is being typed. */
	function addChannel({ key }: SectionSpec, node: HTMLElement): void {
		const name = CHANNEL_NAMES.find((one) => one === key);
		if (name === undefined) return;
		const view = channels.get(name) ?? createChannel(page, api, name);
		channels.set(name, view);
		node.append(view.root);
	}

	bar.append(
		el(
			"div",
			{ class: "au-buttons" },
			button(page, _("Discard"), load, { kind: "neutral" }),
			button(page, _("Save and apply"), save, { kind: "apply" }),
		),
	);
	void keepFresh(AGAIN_S, async () => {
		if (loaded && edited().length > 0) return;
		try {
			if (!loaded) await load();
			else await api.call("status");
			atMs = nowMs();
			page.trouble(null, atMs);
		} catch (error) {
			page.trouble({ code: errorCode(error), text: errorText(error), sinceMs: nowMs() }, atMs);
		}
	});
	void keepFresh(CHANNELS_EVERY_S, async () => {
		const known = await readChannels(api).catch(() => null);
		for (const [name, view] of channels) view.update(known === null ? null : known.find((one) => one.name === name));
	});
	return page.root;
}

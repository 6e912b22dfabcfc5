"require view";
"require form";
"require uci";
"require ui";
"require rpc";
"require poll";
"require autonomy.kit as kit";

import type { Reply } from "../../../../contract/api.ts";
import { CHANNEL_NAMES } from "../../../../contract/api-alerts.ts";
/**
 * Settings, made from the contract: every option with its help, unit, range and default, checked as the daemon checks it.
 * LuCI's own form and its Save & Apply; the daemon takes the change over without a restart.
 */
import { CONFIG_PACKAGE, SECTIONS } from "../../../../contract/options.ts";
import type { OptionSpec, SectionSpec } from "../../../../contract/schema.ts";
import { errorCode, errorText } from "../../../../web/api.ts";
import { el } from "../../../../web/dom.ts";
import {
	GRID_COLUMNS,
	type Group,
	groupOf,
	groupTitle,
	inOrder,
	isBasic,
	optionHelp,
	optionLabel,
	shownOptions,
	switchOf,
	unsetText,
	validate,
} from "../../../../web/model/settings.ts";
import { troubleWords } from "../../../../web/model/trouble.ts";
import { type ChannelView, createChannel, readChannels } from "../../../../web/pages/channels.ts";
import { section, table } from "../../../../web/pages/controls.ts";
import {
	createAlertBadge,
	createPage,
	ensureStyles,
	keepFresh,
	notifyFailure,
	pageApi,
} from "../../../../web/pages/page.ts";
import { say } from "../../../../web/say.ts";
import { told } from "../../../../web/told.ts";

const api = pageApi();

/** LuCI takes descriptions as markup; names of uplinks come from outside. */
function markup(text: string): string {
	const node = el("span", {}, text);
	return node.innerHTML;
}

function kindOf(option: OptionSpec): LuciOptionKind {
	if (option.type === "list") return form.DynamicList;
	if (option.type === "enum" || (option.type === "bool" && option.default === null)) return form.ListValue;
	return option.type === "bool" ? form.Flag : form.Value;
}

function addOption(section: LuciSection, option: OptionSpec, tab: string | null, column: boolean | null): LuciOption {
	const title = optionLabel(option);
	const told = [kindOf(option), option.name, markup(title), markup(optionHelp(option))] as const;
	const made = tab === null ? section.option(...told) : section.taboption(tab, ...told);
	const unset = unsetText(option);
	made.rmempty = true;
	made.modalonly = column;
	if (option.type === "enum" || (option.type === "bool" && option.default === null)) {
		made.optional = false;
		made.value("", unset === "" ? _("default") : say(_("default: {unset}"), { unset }));
		const values =
			option.type === "enum"
				? option.values.map((one) => [one, one])
				: [
						["1", _("yes")],
						["0", _("no")],
					];
		for (const [key = "", label] of values) made.value(key, label);
	} else if (option.type === "bool") {
		made.default = option.default === true ? "1" : "0";
	} else {
		made.optional = true;
		made.placeholder = unset;
		made.password = option.secret === true;
		made.validate = function (this: { formvalue?(id: string): unknown }, id: string, value: unknown) {
			return validate(option, value, this.formvalue?.(id));
		};
	}
	return made;
}

function fill(section: LuciSection, spec: SectionSpec, grid: boolean): void {
	const options = shownOptions(spec);
	const advanced = options.filter((option) => !isBasic(spec.key, option));
	const folded = advanced.length > 0;
	const enable = switchOf(spec);
	if (folded) section.tab("basic", _("General"));
	if (folded) section.tab("advanced", _("Advanced"));
	for (const option of options) {
		// True: in the dialog only; null: there and in the grid.
		const column = grid && !GRID_COLUMNS.includes(option.name) ? true : null;
		const tab = folded ? (isBasic(spec.key, option) ? "basic" : "advanced") : null;
		const made = addOption(section, option, tab, column);
		if (enable !== null && option.name !== enable) {
			made.depends(enable, "1");
			// Hidden is not forgotten.
			made.retain = true;
		}
	}
}

/** A section that is not in the file could not be edited: LuCI draws only what is there. */
function ensureSections(): void {
	for (const { name, type } of SECTIONS) {
		if (name !== null && uci.get(CONFIG_PACKAGE, name) === null) uci.add(CONFIG_PACKAGE, type, name);
	}
}

type Config = Reply<"config.get">;

interface Loaded {
	/** What is in force, by the daemon; null while it does not run. */
	readonly config: Config | null;
	readonly problems: readonly string[];
	readonly names: readonly string[];
	readonly trouble: unknown;
}

async function load(): Promise<Loaded> {
	if (L.hasViewPermission()) {
		await uci.load(CONFIG_PACKAGE);
		ensureSections();
	}
	try {
		const [config, { members }] = await Promise.all([api.call("config.get"), api.call("members")]);
		const classes = [...new Set(members.map((one) => `${one.class}_any`))].sort();
		return { config, problems: config.problems, names: [...members.map((one) => one.name), ...classes], trouble: null };
	} catch (error) {
		// Settings can be changed while the daemon does not run.
		return { config: null, problems: [], names: [], trouble: error };
	}
}

/** For who may only look: what is in force, as the daemon tells it, which leaves the secrets out. */
function readOnlyView({ config }: Loaded): Node {
	const parts = inOrder(SECTIONS).flatMap((spec) =>
		Object.entries(config?.sections ?? {})
			.filter(([name]) => (spec.name === null ? !SECTIONS.some((one) => one.name === name) : name === spec.name))
			.map(([name, values]) => {
				const rows = shownOptions(spec).flatMap((option) => {
					const secret = config?.secrets.includes(`${name}.${option.name}`);
					const value = values[option.name];
					if (value === undefined && !secret) return [];
					const text = value === undefined ? "***" : typeof value === "string" ? value : value.join(", ");
					return [[optionLabel(option), text, optionHelp(option)]];
				});
				const title = spec.name === null ? say(_("Uplink {name}"), { name }) : _(spec.help);
				return section(title, table([_("Option"), _("Value"), _("Meaning")], rows, _("Nothing is set here.")));
			}),
	);
	return el("div", {}, ...parts);
}

function notices({ problems, trouble }: Loaded): Node {
	const wrong = trouble === null ? null : troubleWords(errorCode(trouble), errorText(trouble), null);
	return el(
		"div",
		{ class: "au", role: "status" },
		wrong === null
			? null
			: el(
					"div",
					{ class: `alert-message ${wrong.tone}` },
					el("p", {}, el("strong", {}, wrong.title), " ", wrong.advice),
				),
		problems.length === 0
			? null
			: el(
					"div",
					{ class: "alert-message warning" },
					el("h4", {}, _("The daemon does not use all of this configuration as it is written:")),
					el("ul", {}, ...problems.map((one) => el("li", {}, told(one)))),
				),
	);
}

/** Below the settings of a channel: how it is, and a test message, by what is in force and not by what is being typed. */
function addChannels(drawn: HTMLElement): void {
	const nodes = [...drawn.querySelectorAll<HTMLElement>(":scope > .cbi-section")];
	const views: (readonly [(typeof CHANNEL_NAMES)[number], ChannelView])[] = [];
	for (const [index, { key }] of inOrder(SECTIONS).entries()) {
		const name = CHANNEL_NAMES.find((one) => one === key);
		const node = nodes[index];
		if (name === undefined || node === undefined) continue;
		const view = createChannel({ failed: notifyFailure }, api, name);
		view.root.classList.add("au");
		views.push([name, view]);
		node.append(view.root);
	}
	void keepFresh(10, async () => {
		const channels = await readChannels(api).catch(() => null);
		for (const [name, view] of views) view.update(channels === null ? null : channels.find((one) => one.name === name));
	});
}

/** What few people change is folded away; a search of the browser still finds it. */
function fold(drawn: HTMLElement): void {
	const nodes = [...drawn.querySelectorAll<HTMLElement>(":scope > .cbi-section")];
	const places = new Map<Group, HTMLDetailsElement>();
	for (const [index, spec] of inOrder(SECTIONS).entries()) {
		const group = groupOf(spec);
		const node = nodes[index];
		if (group === "traffic" || node === undefined) continue;
		const place = places.get(group) ?? el("details", { class: "au-fold" }, el("summary", {}, groupTitle(group)));
		if (!places.has(group)) node.before(place);
		places.set(group, place);
		place.append(node);
	}
}

export default view.extend({
	load,

	async render(loaded: Loaded): Promise<Node> {
		ensureStyles();
		if (!L.hasViewPermission()) {
			return createPage(_("Settings of Autonomy"), notices(loaded), readOnlyView(loaded)).root;
		}
		const map = new form.Map(
			CONFIG_PACKAGE,
			_("Settings of Autonomy"),
			markup(_("Changes take effect with Save & Apply, without a restart; no connection is interrupted for it.")),
		);
		for (const spec of inOrder(SECTIONS)) {
			if (spec.name !== null) {
				fill(map.section(form.NamedSection, spec.name, spec.type, markup(_(spec.help))), spec, false);
				continue;
			}
			const known =
				loaded.names.length === 0 ? "" : ` ${say(_("Known here: {names}."), { names: loaded.names.join(", ") })}`;
			const grid = map.section(form.GridSection, spec.type, markup(_("Uplinks")), markup(`${_(spec.help)}.${known}`));
			grid.addremove = true;
			grid.nodescriptions = true;
			fill(grid, spec, true);
		}
		const drawn = await map.render();
		addChannels(drawn);
		fold(drawn);
		return el("div", { class: "au-settings" }, createAlertBadge().root, notices(loaded), drawn);
	},
});

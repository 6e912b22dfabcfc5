/** System: the service, the daemon's own health, log, versions of the configuration, report. Works without the daemon. */
import type { Reply } from "../../contract/api.ts";
import type { RpcdReply } from "../../contract/api-rpcd.ts";
import { errorCode } from "../api.ts";
import { el, replace, setText, show } from "../dom.ts";
import { bytes, dateTime, duration, ms, number, percent } from "../format.ts";
import { fieldLabel } from "../labels.ts";
import { createRpcd, RpcdProblem } from "../rpcd.ts";
import { say } from "../say.ts";
import { toldByPlugin } from "../sentences-plugin.ts";
import { createBackups } from "./backups.ts";
import { button, factList, section, table } from "./controls.ts";
import { createLog, createReport } from "./diagnostics.ts";
import { dialog } from "./dialog.ts";
import { createPage, failureText, keepReading, nowMs, pageApi } from "./page.ts";
import { transport } from "./transport.ts";

const api = pageApi();
const rpcd = createRpcd(transport, (ms) => new Promise((resolve) => setTimeout(resolve, ms)));
const LOG_EVERY_MS = 15_000;
const SERVICE_EVERY_MS = 10_000;

type Control = "start" | "stop" | "restart" | "reload" | "enable" | "disable";

/** The daemon being absent is no trouble here; the plugin being absent is. */
function absentPlugin(error: unknown): { readonly code: "failed"; readonly text: string } | undefined {
	if (errorCode(error) !== "absent") return undefined;
	const text = _(
		"The package is not installed fully: rpcd knows no luci.autonomy. Install the package again, or run /etc/init.d/rpcd restart.",
	);
	return { code: "failed", text };
}

function aboutFacts({ memory, record, ...about }: Reply<"info">): readonly { name: string; value: string }[] {
	return [
		{ name: _("Version"), value: [about.version, about.runtime, about.platform].filter(Boolean).join(", ") },
		{ name: _("Process"), value: `${about.pid}, ${duration(about.uptime_s)}` },
		{
			name: _("Load"),
			value: say(_("{cpu} of one core; timers at most {lag} late"), {
				cpu: percent(about.cpu_pct),
				lag: ms(about.lag_ms),
			}),
		},
		{
			name: _("Memory"),
			value: say(_("{rss}, of it objects {heap}"), { rss: bytes(memory.rss_bytes), heap: bytes(memory.heap_bytes) }),
		},
		{
			name: _("On record"),
			value: say(
				_(
					"{samples} samples ({sampleBytes}), {inputs} inputs ({inputBytes}), {events} events, {decisions} decisions; at most {max}",
				),
				{
					samples: number(record.samples),
					sampleBytes: bytes(record.samples_bytes),
					inputs: number(record.inputs),
					inputBytes: bytes(record.inputs_bytes),
					events: number(record.events),
					decisions: number(record.decisions),
					max: bytes(record.max_bytes),
				},
			),
		},
		...(record.inputs_since_unix_ms
			? [{ name: _("What if reaches back to"), value: dateTime(record.inputs_since_unix_ms) }]
			: []),
		{
			name: _("Snapshot"),
			value: record.snapshot_problem ?? (record.snapshot_bytes ? bytes(record.snapshot_bytes) : _("none yet")),
		},
		{ name: _("At the last start"), value: record.at_start },
		{ name: _("Programs started"), value: number(about.started_processes) },
		{ name: _("Questions answered"), value: number(about.calls) },
	];
}

export function createSystemPage(): HTMLElement {
	const state = el("p", { class: "au-headline" });
	const told = el("p", { role: "status" });
	const service = el("div", { class: "au-banner au-off", hidden: true }, state, told);
	const health = el("div", { class: "au-live" });
	const info = el("div", { class: "au-live" });
	const versions = el("div", {}, _("Asking the router ..."));
	const page = createPage(_("System"), service);
	const log = createLog(page, rpcd);
	const backups = createBackups(page, rpcd);
	const report = createReport(page, rpcd);
	page.root.append(
		section(_("Health of the daemon"), health, info),
		section(_("Log"), log.root),
		section(_("Versions of the configuration"), backups.root),
		section(_("Report for somebody who helps"), report.root),
		section(_("What is installed"), versions),
	);

	async function control(action: Control): Promise<void> {
		try {
			setText(told, toldByPlugin((await rpcd.call("service_control", { action })).text));
		} catch (error) {
			if (!(error instanceof RpcdProblem)) throw error;
			setText(told, toldByPlugin(error.message));
		}
		serviceAtMs = Number.NEGATIVE_INFINITY;
		await refresh();
	}

	const stop = (): void =>
		dialog(
			page,
			_("Stop the daemon?"),
			[
				el(
					"p",
					{},
					_("The router is given back as it was found. Nobody watches the uplinks until it is started again."),
				),
			],
			{ text: _("Stop"), kind: "negative", work: () => control("stop") },
		);
	const buttons = {
		start: button(page, _("Start"), () => control("start"), { kind: "apply" }),
		restart: button(page, _("Restart"), () => control("restart")),
		stop: button(page, _("Stop"), stop, { kind: "negative" }),
		enable: button(page, _("Start it at boot"), () => control("enable"), { kind: "neutral" }),
		disable: button(page, _("Do not start it at boot"), () => control("disable"), { kind: "neutral" }),
	};
	service.append(el("div", { class: "au-buttons" }, ...Object.values(buttons)));
	for (const one of Object.values(buttons)) show(one, false);

	function drawService(one: RpcdReply<"service">): void {
		const well = one.running && one.responding;
		service.className = `au-banner au-${well ? "good" : one.installed && one.wanted ? "bad" : "warn"}`;
		show(service, true);
		const text = toldByPlugin(one.text);
		setText(state, text);
		page.announce(text);
		show(buttons.start, one.installed && !one.running);
		show(buttons.restart, one.running);
		show(buttons.stop, one.running);
		show(buttons.enable, one.installed && !one.enabled);
		show(buttons.disable, one.installed && one.enabled);
	}

	async function daemon(): Promise<void> {
		try {
			const [{ components }, about] = await Promise.all([api.call("health"), api.call("info")]);
			replace(
				health,
				table(
					[_("Part"), _("State"), _("In words")],
					components.map((one) => [
						one.name.replaceAll("_", " "),
						el("span", { class: `au-badge au-${one.ok ? "good" : "bad"}` }, one.ok ? _("well") : _("trouble")),
						one.text,
					]),
					_("It names no parts."),
				),
			);
			replace(info, factList(aboutFacts(about)));
		} catch (error) {
			if (errorCode(error) !== "absent") throw error;
			replace(health, el("p", {}, _("The daemon does not run, so it cannot tell how it is.")));
			replace(info);
		}
	}

	let serviceAtMs = Number.NEGATIVE_INFINITY;
	let logAtMs = Number.NEGATIVE_INFINITY;
	const asked = new Set<string>();

	/** What changes only when somebody does something is read once, and says itself when it cannot be. */
	async function once(name: string, into: HTMLElement, work: () => Promise<unknown>): Promise<void> {
		if (asked.has(name)) return;
		asked.add(name);
		try {
			await work();
		} catch (error) {
			// Asked again when the router, or the plugin, is back.
			if (["offline", "absent", "denied"].includes(errorCode(error))) asked.delete(name);
			replace(into, el("p", { class: "alert-message warning" }, failureText(error)));
		}
	}

	async function installed(): Promise<void> {
		const found = await rpcd.call("versions");
		const all = Object.entries(found).map(([name, value]) => ({ name: fieldLabel(name), value: String(value) }));
		replace(versions, factList(all));
	}

	async function read(): Promise<void> {
		// The plugin is a program that is started for each question: not as often as the daemon is asked.
		if (nowMs() - serviceAtMs >= SERVICE_EVERY_MS) {
			const [one] = await Promise.all([rpcd.call("service"), daemon()]);
			drawService(one);
			serviceAtMs = nowMs();
		} else await daemon();
		if (nowMs() - logAtMs >= LOG_EVERY_MS) {
			logAtMs = nowMs();
			await log.refresh();
		}
		await once("backups", backups.list, backups.refresh);
		await once("report", report.contents, report.refresh);
		await once("versions", versions, installed);
	}

	const refresh = keepReading(page, 5, read, absentPlugin);
	return page.root;
}

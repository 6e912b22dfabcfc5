/**
 * What tells others: alerts, and what publish/ sends. Built from the rooms; nothing here is waited for, and what fails in
 * it stays in it.
 */
import { type Alerts, createAlerts } from "../alert/alerts.ts";
import { createSubscriptions } from "../alert/subscriptions.ts";
import { describe, describeInUse } from "../decide/describe.ts";
import type { Decision } from "../decide/types.ts";
import { errorText } from "../platform/error.ts";
import type { Closable, Files } from "../platform/platform.ts";
import { createPublishers, type Publishers } from "../publish/publishers.ts";
import type { RecordedEvent } from "../record/recorder.ts";
import type { PushAccess } from "../serve/alert-access.ts";
import { alertNotification, alertReply } from "../serve/alerts.ts";
import type { ServeDeps } from "../serve/deps.ts";
import type { Api } from "../serve/register.ts";
import { preferredOf } from "../serve/status.ts";
import { createPlaces, type Places } from "./places.ts";
import { startReportMail } from "./report-mail.ts";
import type { Rooms } from "./rooms.ts";
import { sourceOf } from "./source.ts";

export interface Outlets extends Closable {
	readonly alerts: Alerts;
	readonly push: PushAccess;
	readonly places: Pick<Places, "worst">;
	start(api: Api, deps: ServeDeps): void;
	/** What the owner should know of them. */
	problems(): readonly string[];
	/** After each step that had something to say. */
	output(decisions: readonly Decision[], events: readonly RecordedEvent[]): void;
	configure(): void;
}

const MAIL_STYLE = { width: 76, color: false } as const;

/** After the switch that made it worth telling: no text is built and no connection opened while traffic waits. */
const TELL_AFTER_MS = 250;
/** More at a time than this is told at once. */
const MAX_UNTOLD = 200;

const GONE: ReadonlySet<string> = new Set(["down", "offline", "absent", "disabled"]);

/** ubus event for programs that do not want to subscribe to the object. */
const ALERT_EVENT = "autonomy.alert";

export function createOutlets(rooms: Rooms, stateDir: string): Outlets {
	const { platform, log, store, version, bus, discovery, recorder, senses, loop } = rooms;
	const { files } = platform;
	const config = () => store.current();
	let hostName: string | null = null;

	function device(): string {
		hostName ??= firstLine(files, "/proc/sys/kernel/hostname");
		return config().notify.deviceName ?? hostName ?? "router";
	}

	/**
	 * From the address of the uplink that carries the traffic, which a source rule takes out there whatever the router's own
	 * tables say; as the router routes; from the others, those that work first.
	 */
	function ways(): readonly (string | null)[] {
		const { primary, uplinks } = describe(loop.state(), platform.clock.monotonicMs());
		const rank = new Map(uplinks.map(({ id, state }) => [id, id === primary ? 0 : state === "eligible" ? 1 : 2]));
		const usable = discovery.current().uplinks.filter((one) => one.up && !one.disabled && one.ipv4?.address != null);
		const sorted = [...usable].sort((one, other) => (rank.get(one.id) ?? 3) - (rank.get(other.id) ?? 3));
		const addresses = sorted.flatMap((one) => one.ipv4?.address ?? []);
		return rank.get(sorted[0]?.id ?? "") === 0
			? [...addresses.slice(0, 1), null, ...addresses.slice(1)]
			: [null, ...addresses];
	}

	const subscriptions = createSubscriptions(platform, log.child("alert"));
	const alerts = createAlerts({
		platform,
		bus,
		log: log.child("alert"),
		version,
		config,
		recorder,
		view: () => describeInUse(loop.state(), platform.clock.monotonicMs()),
		preferred: () => preferredOf(loop.state()),
		uplinks: () => discovery.current().uplinks,
		sensors: (uplink) => senses.status(uplink),
		problems: () => store.report().flatMap((entry) => (entry.level === "info" ? [] : [entry.message])),
		ways,
		subscriptions,
		actedPath: `${stateDir}/watch/acted`,
		memoryPath: `${stateDir}/alerts.json`,
		restarts: () => (firstLines(files, `${stateDir}/starts`) ?? []).length,
		device,
	});

	const places = createPlaces({
		platform,
		gps: () => rooms.gps.picture(),
		score() {
			const { uplinks } = describe(loop.state(), platform.clock.monotonicMs());
			const current = uplinks.find((one) => one.primary);
			return current === undefined || GONE.has(current.state) ? null : current.score.value;
		},
	});

	let publishers: Publishers | null = null;
	let reports: Closable | null = null;
	let untold: { readonly decisions: readonly Decision[]; readonly events: readonly RecordedEvent[] }[] = [];
	let later: Closable | null = null;

	function tell(): void {
		later?.close();
		later = null;
		const all = untold;
		untold = [];
		for (const { decisions, events } of all) {
			alerts.output(decisions, events);
			publishers?.output(decisions, events);
		}
	}

	return {
		alerts,
		places,
		push: { ...subscriptions, lacks: platform.outlets.pushLacks },
		start(api, deps) {
			publishers = createPublishers({
				platform,
				bus,
				log: log.child("publish"),
				config,
				source: sourceOf(rooms, deps, device),
			});
			publishers.configure();
			reports = startReportMail({
				platform,
				log: log.child("publish"),
				config: () => config().email,
				async make(period) {
					const [{ reportReply }, { reportText }] = await Promise.all([
						import("../serve/report.ts"),
						import("../serve/text/report-text.ts"),
					]);
					const report = reportReply(deps, { period, format: "html" });
					return { text: reportText(report, MAIL_STYLE).join("\n"), html: report.page ?? null };
				},
				send: ({ text, html }) => alerts.post("email", text, html),
			});
			alerts.onNotice(({ change, alert }) => {
				const notification = alertNotification(change, alert, recorder.toUnixMs);
				api.alert(notification);
				publishers?.alert(notification);
				const { id, kind, level, state, name, text, ts } = alertReply(alert, recorder.toUnixMs);
				const event = { id, kind, level, state, change, name: name ?? "", text, ts: String(ts) };
				bus.send(ALERT_EVENT, event).catch((error) => log.debug("alert", { reason: errorText(error) }));
			});
			alerts.start();
		},
		output(decisions, events) {
			untold.push({ decisions, events });
			if (untold.length >= MAX_UNTOLD) tell();
			else later ??= platform.timers.after(TELL_AFTER_MS, tell);
		},
		configure() {
			alerts.configure();
			publishers?.configure();
		},
		problems() {
			const failing = alerts.status().channels.filter((one) => one.state === "settings" || one.state === "failing");
			return [...failing.map((one) => `alerts by ${one.name}: ${one.text}`), ...(publishers?.problems() ?? [])];
		},
		close() {
			places.close();
			tell();
			alerts.close();
			publishers?.close();
			reports?.close();
		},
	};
}

function firstLines(files: Files, path: string): string[] | null {
	try {
		return (
			files
				.readTextIfAny(path)
				?.split("\n")
				.filter((line) => line !== "") ?? null
		);
	} catch {
		return null; // as good as not there: a name or a count is missing, no more
	}
}

function firstLine(files: Files, path: string): string | null {
	return firstLines(files, path)?.[0] ?? null;
}

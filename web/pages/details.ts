/** One link besides its figures: how it is, what it is, how it is watched, what its score is made of, its sensors. */
import { el, replace } from "../dom.ts";
import type { Fact } from "../facts.ts";
import { bytes, duration, number, withUnit } from "../format.ts";
import { say } from "../say.ts";
import { told } from "../told.ts";
import { classWord, type Member, stateTone, stateWord } from "../words.ts";
import { factList, table } from "./controls.ts";

function verdictWord(verdict: Member["families"][number]["verdict"]): string {
	const words: Readonly<Record<typeof verdict, string>> = {
		unknown: _("unknown"),
		up: _("answers"),
		suspect: _("being checked"),
		dead: _("does not answer"),
	};
	return words[verdict] ?? verdict;
}

function sensorWord(state: Member["sensors"][number]["state"]): string {
	const words: Readonly<Record<typeof state, string>> = {
		starting: _("starting"),
		ok: _("well"),
		absent: _("not there"),
		denied: _("denied"),
		failing: _("failing"),
	};
	return words[state] ?? state;
}

/** Parts of the score, as daemon/health/score.ts names them. */
function partWord(name: string): string {
	const words: Readonly<Record<string, string>> = {
		unreachable: _("nothing answers"),
		latency: _("round trip time"),
		loss: _("loss"),
		heavy_loss: _("heavy loss"),
		jitter: _("jitter"),
		obstruction: _("obstruction"),
		outages: _("outages of the dish"),
		events: _("events of the dish"),
		signal: _("signal"),
		roaming: _("roaming"),
		dns: _("DNS does not answer"),
		data_cap: _("data plan nearly used up"),
	};
	return words[name] ?? name.replaceAll("_", " ");
}

/** How the link is, what it is, how it is watched. */
export function drawMember(into: HTMLElement, member: Member): void {
	const { score, probe } = member;
	const basics: Fact[] = [
		{ name: _("Kind"), value: [classWord(member.class), told(member.class_reason ?? "")].filter(Boolean).join(": ") },
		{ name: _("Interface"), value: [member.iface, member.device, member.proto].filter(Boolean).join(", ") },
		{ name: _("Weight"), value: number(member.weight) },
		...(score
			? [
					{
						name: _("Score"),
						value: say(_("{final}, from now {instant}, average {ewma}, window {window}"), {
							final: number(score.final),
							instant: number(score.instant),
							ewma: number(score.ewma),
							window: number(score.window),
						}),
					},
				]
			: []),
		...(probe
			? [
					{
						name: _("Watched by"),
						value: say(_("{method} every {interval}; {bytes} of {budget} spent today"), {
							method: probe.method,
							interval: withUnit(probe.interval_ms, "ms"),
							bytes: bytes(probe.bytes_today),
							budget: bytes(probe.budget_bytes),
						}),
					},
				]
			: []),
	];
	const families = member.families.map((one) => [
		one.family === "ipv6" ? "IPv6" : "IPv4",
		one.address ?? "",
		one.gateway ?? "",
		verdictWord(one.verdict),
		told(one.text ?? ""),
	]);
	const costs = member.breakdown.map((one) => [
		partWord(one.name),
		withUnit(one.points, _("points"), 1),
		withUnit(one.value, one.unit ?? "", 1),
	]);
	replace(
		into,
		el(
			"p",
			{ class: `au-${stateTone(member.state)}` },
			el("span", { class: "au-badge" }, stateWord(member.state)),
			" ",
			say(_("for {time}: {reason}"), { time: duration(member.state_since_s), reason: told(member.reason) }),
			member.why_not && member.why_not !== member.reason ? ` (${told(member.why_not)})` : null,
		),
		factList(basics),
		table([_("Family"), _("Address"), _("Gateway"), _("Internet"), _("Evidence")], families, _("It has no address.")),
		el("h4", {}, _("What the score is made of")),
		table([_("Part"), _("Points"), _("Figure")], costs, _("Nothing costs it points.")),
		el("h4", {}, _("Sensors")),
		table(
			[_("Sensor"), _("State"), _("What it says"), _("Why, and what asking costs")],
			member.sensors.map((one) => [
				one.sensor,
				el(
					"span",
					{
						class: `au-badge au-${one.state === "ok" ? "good" : one.state === "failing" || one.state === "denied" ? "bad" : "off"}`,
					},
					sensorWord(one.state),
				),
				told(one.text),
				`${told(one.why)}; ${told(one.cost)}`,
			]),
			_("Nothing asks this link about itself."),
		),
	);
}

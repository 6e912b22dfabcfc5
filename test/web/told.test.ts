/** What the daemon says, understood: by its own engine, driven through everything that can happen, and by what alerts say. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import fc from "fast-check";
import "./words.ts";
import { describe as snapshot } from "../../daemon/decide/describe.ts";
import { step } from "../../daemon/decide/engine.ts";
import { initialState } from "../../daemon/decide/state.ts";
import type { CommandName, Input } from "../../daemon/decide/types.ts";
import { preferredOf, sentence } from "../../daemon/serve/status.ts";
import { LANGUAGES, poFile, readPo } from "../../scripts/luci-po.ts";
import { PATTERNS, RULES, WORDS } from "../../web/sentences.ts";
import { told, toldOf } from "../../web/told.ts";
import { evidence, facts, randomFrom, SETTINGS } from "../decide/support.ts";
import { inLanguage, masked, speaking, toldMasked } from "./speaking.ts";

/** Names, units and what the operator wrote stay as they are. */
const LEFT = /\b(wan\d|d\d+|ms|s|min|h|dBm|dB|IPv[46]|reason|lan|other|cellular|wifi|starlink|test|loss|trouble)\b/g;

const notUnderstood = (text: string): string =>
	toldMasked(text)
		.replace(LEFT, "")
		.match(/[A-Za-z]+/g)
		?.join(" ") ?? "";

function drive(seed: number, say: (text: string, rule: string | null) => void): void {
	const random = randomFrom(seed);
	const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
	const names = ["wan1", "wan2", "wan3"];
	const condition = new Map(names.map((name) => [name, { lossPct: 0, rttMs: 30, dead: false }]));
	let state = initialState(pick([SETTINGS, { ...SETTINGS, observe: true }]));
	let atMs = 1000;
	let list = names.map((id, i) =>
		facts(id, i, {
			class: pick(["lan", "cellular", "other"]),
			weight: pick([100, 80, 60]),
			families: ["ipv4", "ipv6"],
		}),
	);
	const feed = (input: Input): void => {
		const result = step(state, input);
		state = result.state;
		for (const { text, rule, candidates } of result.decisions) {
			say(text, rule);
			for (const { whyNot } of candidates) if (whyNot !== null) say(whyNot, null);
		}
		for (const { reason } of result.events) say(reason, null);
		for (const action of result.actions) {
			if (action.kind === "steer")
				feed({ kind: "applied", atMs, actionId: action.id, ok: true, method: "routes", durationMs: 9, text: "" });
		}
	};
	feed({ kind: "uplinks", atMs, uplinks: list });
	for (let i = 0; i < 900; i++) {
		atMs += 500;
		for (const uplink of names) {
			const { dead, lossPct, rttMs } = condition.get(uplink) ?? { dead: true, lossPct: 0, rttMs: 0 };
			const family = pick(["ipv4", "ipv6"] as const);
			const lost = dead || random() * 100 < lossPct;
			feed({
				kind: "probe",
				uplink,
				atMs,
				family,
				method: "icmp",
				target: "a",
				rttMs: lost ? null : rttMs,
				excused: false,
			});
			if (random() < 0.1)
				feed({
					kind: "reach",
					uplink,
					atMs,
					family,
					verdict: dead ? "dead" : "up",
					evidence: evidence({ gateway: pick(["unknown", "answers"]) }),
				});
		}
		const uplink = pick(names);
		const one = condition.get(uplink);
		// Every other router has quiet minutes, in which traffic returns.
		const dice = random() * (seed % 2 === 0 ? 1 : 6);
		if (one && dice < 0.02)
			Object.assign(
				one,
				pick([
					{ dead: true },
					{ dead: false, lossPct: 0, rttMs: 30 },
					{ lossPct: 40 },
					{ lossPct: 8 },
					{ rttMs: 2500 },
				]),
			);
		else if (dice < 0.03)
			feed({ kind: "link", uplink, atMs, event: pick(["carrier_lost", "carrier_back", "ifdown", "ifup"]) });
		else if (dice < 0.036) {
			const name = pick<CommandName>(["failover", "restore", "recheck", "promote", "hold", "release"]);
			feed({
				kind: "command",
				atMs,
				id: `c${i}`,
				name,
				uplink: pick([null, uplink]),
				forMs: pick([null, 0, 5000]),
				reason: pick(["", "reason"]),
			});
		} else if (dice < 0.042) {
			list = list.map((f) =>
				f.id === uplink
					? {
							...f,
							present: random() < 0.9,
							disabled: random() < 0.1,
							...(random() < 0.2 ? { capReached: true as const } : {}),
						}
					: f,
			);
			feed({ kind: "uplinks", atMs, uplinks: list });
		} else if (dice < 0.06)
			feed({
				kind: "risk",
				uplink,
				atMs,
				risk: 0.9,
				confidence: 0.9,
				horizonMs: 10_000,
				cause: "radio_fade",
				text: "RSRP -112 dBm and falls by 1.2 dB/s",
			});
		else if (dice < 0.08)
			for (const server of ["a", "b"]) feed({ kind: "dns", uplink, atMs, family: "ipv4", server, rttMs: null });
		if (i % 20 === 0) say(sentence(snapshot(state), preferredOf(state)), null);
	}
}

/** What chance does not always bring. */
const RARE: Readonly<Record<string, string>> = {
	link_gone: "No uplink was in use. wan2 took over: score 80, loss 0 %, 31 ms.",
	disabled: "Left wan1: it is disabled in the configuration. wan2 took over: no figures yet.",
	better_candidate:
		"wan2 ranks 15 points above wan1 for 30 s: score 92, loss 0 %, 31 ms against score 70, loss 2 %, 812 ms.",
	release: "The hold on wan1, wan2 ended.",
	pin_expired:
		"Automatic again (the time of the manual failover to wan1 is over). Stays on wan2: no uplink is good enough to move to.",
	failback: "Back to wan1: good for 31 s (score 92, loss 0 %, 31 ms) and preferred over wan2.",
	rejoin_member: "wan1 takes part again: score 92, loss 0 %, 31 ms.",
	degraded_loss: "Left wan1: loss 8.3 % (limit 5 %) for 12 s. wan2 took over: score 92, loss 0 %, 31 ms.",
	degraded_dns: "Left wan1: DNS does not answer through it for 12 s. wan2 took over: score 92, loss 0 %, 31 ms.",
	severe_loss: "Left wan1: loss 60 % within seconds (severe from 20 %). wan2 took over: score 92, loss 0 %, 31 ms.",
	data_cap: "Left wan1: its data allowance is used up. wan2 took over: score 92, loss 0 %, 31 ms.",
	predictive:
		"Left wan1 before trouble: 62 % that it fails within 10 s: no sign of trouble. wan2 took over: no figures yet.",
	carrier_lost: "Left wan1: no carrier. wan2 took over: score 92, loss 0 %, 31 ms.",
	link_down: "Left wan1: the interface is down. wan2 took over: score 92, loss 0 %, 31 ms.",
	promote:
		"wan1 is preferred from now on (reason), but not good yet (failing, loss 8 % (limit 5 %)). Traffic moves when it is.",
	restore: "Automatic again (asked by the operator). Moved to wan1, the preferred good one: score 92, loss 0 %, 31 ms.",
	recheck: "Fresh probes are on their way. On wan1 now; 2 of 3 uplinks are good.",
	family_back: "IPv6 may use wan1 again.",
	members_changed: "The set of uplinks or their order changed; the plan follows.",
	degraded_latency: "Left wan1: latency 2.5 s (limit 1.2 s) for 10 s. wan2 took over: score 92, 31 ms.",
};

describe("what the daemon says", () => {
	test("its engine, in everything that can happen, is understood to the last word", () => {
		const unknown = new Map<string, string>();
		const seen = new Set<string>();
		for (let seed = 1; seed <= 6; seed++) {
			drive(seed, (text, rule) => {
				if (rule !== null) seen.add(rule);
				const rest = notUnderstood(text);
				if (rest !== "") unknown.set(rest, text);
			});
		}
		assert.deepEqual([...unknown.values()], []);
		for (const [rule, text] of Object.entries(RARE)) {
			assert.equal(notUnderstood(text), "", text);
			seen.add(rule);
		}
		assert.deepEqual([...seen].sort(), Object.keys(RULES).sort());
		// None that the engine has is missing, however rare it is.
		const source = readdirSync("daemon/decide").map((name) => readFileSync(`daemon/decide/${name}`, "utf8"));
		const named = source.flatMap((text) =>
			[...text.matchAll(/(?:rule: |stay\(w, )"(\w+)"/g)].map((found) => found[1] ?? ""),
		);
		assert.ok(named.length > 15, named.join(" "));
		assert.deepEqual(
			named.filter((rule) => !seen.has(rule)),
			[],
		);
	});

	test("what alerts, forecasts and channels say is understood", () => {
		for (const text of [
			"wan1: no carrier",
			"No uplink works: no carrier",
			"wan1 failed 5 times: a reply is late",
			"only 9 MiB of memory are free",
			"2 sent",
			"token is missing",
			"3 silences within ten minutes, one every 14.7 s, the last one 3 s ago",
			"round trips grew to 3.4 times the usual 31 ms",
			"Wi-Fi signal -84 dBm and falls by 1.5 dB/s",
		]) {
			const rest = speaking(masked, () => toldOf("wan1", text))
				.replace(LEFT, "")
				.replace(/\b(MiB|dBm|token)\b/g, "");
			assert.doesNotMatch(rest, /[A-Za-z]/, text);
		}
	});

	for (const [language, text, wanted] of [
		[
			"de",
			"Left wan: no reply from 3 of 3 targets for 412 ms (expected within 95 ms). wanb took over: score 92, loss 0.5 %, 31 ms.",
			"wan verlassen: keine Antwort von 3 von 3 Zielen seit 412 ms (erwartet innerhalb von 95 ms). wanb hat \u00fcbernommen: Bewertung 92, Verlust 0,5 %, 31 ms.",
		],
		[
			"es",
			"Stayed on wan (loss 31 % (limit 5 %)): nothing better. Not usable: wanb (no carrier), wanc (declared dead).",
			"Se qued\u00f3 en wan (p\u00e9rdida 31 % (l\u00edmite 5 %)): no hay nada mejor. No utilizables: wanb (sin portadora), wanc (dado por muerto).",
		],
		["de", "Somebody else's words. Left: nothing.", "Somebody else's words. Left: nothing."],
		[
			"de",
			"Held for 60 min (Bob. Back at 5. Really): no automatic move except away from a dead uplink.",
			"Angehalten f\u00fcr 60 min (Bob. Back at 5. Really): kein Wechsel von selbst, au\u00dfer weg von einem toten Uplink.",
		],
	] as const) {
		test(`${language}: ${text.slice(0, 40)}`, () => {
			assert.equal(
				inLanguage(language, () => told(text)),
				wanted,
			);
		});
	}

	test("every rule, word and pattern is translated", () => {
		for (const language of LANGUAGES) {
			const known = readPo(readFileSync(poFile(language), "utf8"));
			const wanted = [...PATTERNS, ...[...Object.keys(RULES), ...WORDS].map((one) => one.replaceAll("_", " "))];
			assert.deepEqual(
				wanted.filter((one) => !known.get(one)),
				[],
				language,
			);
			// The same words in two languages are rare, and none of them is a sentence.
			assert.deepEqual(
				PATTERNS.filter((one) => known.get(one) === one && !/^RSRP|^SIM \{from\} -> /.test(one)),
				[],
				language,
			);
		}
	});

	test("in English nothing changes, whatever it is", () => {
		const part = fc.oneof(fc.string(), fc.constantFrom(...PATTERNS, ": ", " (", "), ", ". ", "loss 3.5 %", "{why}"));
		fc.assert(
			fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
				const text = parts.join("");
				// Numbers are written as in the reader's country: here as they were.
				assert.equal(told(text), text);
			}),
			{ numRuns: 300 },
		);
	});

	test("long and hostile texts cost little", () => {
		const text = "Left a: ".repeat(200) + ". ".repeat(150);
		const startedMs = performance.now();
		for (let i = 0; i < 20; i++) told(text);
		assert.ok(performance.now() - startedMs < 60_000);
		assert.equal(told("x".repeat(5000)), "x".repeat(5000));
	});
});

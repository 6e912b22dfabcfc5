import assert from "node:assert/strict";
import { test } from "node:test";
import { AutonomyError } from "../../daemon/platform/error.ts";
import type { AlertAccess, AlertView } from "../../daemon/serve/alert-access.ts";
import { HOSTILE, NO_PUSH, type World, worldFor } from "./world.ts";

let now = 0;
const alert = (more: Partial<AlertView>): AlertView => ({
	id: "a1",
	kind: "member_down",
	level: "critical",
	state: "active",
	uplink: "wan",
	text: "wan: no answer",
	raisedAtMs: now - 90_000,
	changedAtMs: now - 90_000,
	clearedAtMs: null,
	acknowledgedBy: null,
	count: 1,
	...more,
});

function access(): AlertAccess & { readonly asked: unknown[] } {
	const asked: unknown[] = [];
	return {
		asked,
		active: () => [
			alert({ id: "a2", level: "info", kind: "config", uplink: null, text: HOSTILE }),
			alert({ id: "a3", state: "acknowledged", acknowledgedBy: "telegram", level: "emergency" }),
			alert({}),
		],
		history: (limit) => [alert({ id: "a0", state: "cleared", clearedAtMs: now - 30_000 })].slice(0, limit),
		acknowledge(id, by) {
			asked.push([id, by]);
			return id === "all" ? 2 : 1;
		},
		status: () => ({
			channels: [
				{
					name: "slack",
					state: "settings",
					text: "refused: 403",
					queued: 3,
					sent: 1,
					failed: 0,
					lastOkMs: now - 5000,
					lastError: "refused: 403",
					lastErrorMs: now - 1000,
					nextTryMs: now + 90_000,
				},
			],
			hush: "quiet_hours",
			waiting: 2,
			limited: 2,
		}),
		test(channel) {
			if (channel === "sms")
				throw new AutonomyError("refused", "channel sms is not switched on: set option enabled '1'");
			return [
				{ name: channel ?? "slack", state: "settings", text: "refused: 403; next try in 90 s", missing: false },
				{ name: "email", state: "ok", text: "1 sent", missing: false },
				{ name: "push", state: "settings", text: "nobody subscribed", missing: true },
			];
		},
	};
}

async function text(w: World, view: string): Promise<string> {
	const { ok, text } = await w.call("render", { view });
	assert.equal(ok, true);
	return String(text);
}

test("alerts: the most urgent first, history, acknowledging, what is refused", async (t) => {
	const alerts = access();
	const w = await worldFor(t, { alerts, pastS: 0 });
	now = w.now();
	const reply = await w.call("alerts");
	assert.deepEqual(
		(reply.alerts as { id: string }[]).map(({ id }) => id),
		["a1", "a2", "a3"],
	);
	assert.deepEqual(reply.summary, { active: 2, acknowledged: 1, highest: "critical" });
	const history = (await w.call("alert_history", { limit: 1 })).alerts as Record<string, unknown>[];
	assert.equal(Number(history[0]?.cleared_unix_ms) - Number(history[0]?.ts), 60_000);
	assert.deepEqual(await w.call("alert_ack", { id: "a1" }), { ok: true, text: "1 alert is acknowledged" });
	assert.deepEqual(await w.call("alert_ack"), { ok: true, text: "2 alerts are acknowledged" });
	const unknown = await w.call("alert_ack", { id: "a99" });
	assert.deepEqual([unknown.ok, unknown.code], [false, "not_found"]);
	assert.deepEqual(alerts.asked, [
		["a1", "ubus"],
		["all", "ubus"],
	]);
});

test("notification_status and the test message", async (t) => {
	const w = await worldFor(t, { alerts: access(), pastS: 0 });
	now = w.now();
	const status = await w.call("notification_status");
	const [slack] = status.channels as Record<string, unknown>[];
	assert.deepEqual(
		[slack?.name, slack?.state, slack?.last_error, slack?.next_try_s],
		["slack", "settings", "refused: 403", 90],
	);
	assert.deepEqual([status.hush, status.queue_status], ["quiet_hours", { pending_count: 3 }]);
	const sent = await w.call("send_test_notification", { channel: "slack" });
	assert.deepEqual(
		[sent.ok, sent.text],
		[
			true,
			"on its way by slack, email; notification_status tells how it went; until now slack: refused: 403; next try in 90 s; push: nobody subscribed",
		],
	);
	const refused = await w.call("send_test_notification", { channel: "sms" });
	assert.deepEqual([refused.ok, refused.code], [false, "refused"]);
	await assert.rejects(w.call("send_test_notification", { channel: 5 }));
});

test("in the terminal", async (t) => {
	const w = await worldFor(t, { alerts: access(), pastS: 0 });
	now = w.now();
	const shown = await text(w, "alerts");
	assert.match(shown, /^a1 CRITICAL Uplink down, for 1m\n {4}wan: no answer\na2 INFO Configuration/);
	assert.match(shown, /a3 EMERGENCY Uplink down, for 1m, acknowledged by telegram/);
	assert.ok(!shown.includes("\u001b"));
	const channels = await text(w, "notifications");
	assert.match(
		channels,
		/slack +settings +1 +3 +refused: 403\n\nQuiet hours: only emergencies are told now\.\n2 notices wait/,
	);
	const quiet = await worldFor(t, { pastS: 0 });
	assert.equal(await text(quiet, "alerts"), "Nothing is wrong.\n");
	assert.match(await text(quiet, "notifications"), /^Nobody is told of alerts: no channel is switched on/);
});

test("subscribers hear of each step", async (t) => {
	const w = await worldFor(t, { pastS: 0 });
	const heard: unknown[] = [];
	const subscribed = new Promise<void>((resolve) => {
		const listening = w.client.subscribe(
			"autonomy",
			(type, data) => {
				if (type === "alert") {
					heard.push([data.id, data.change, data.level]);
					resolve();
				}
			},
			{
				onActive: (active) => {
					if (active)
						setTimeout(
							() =>
								w.api.alert({
									...alert({}),
									title: "Uplink down",
									ts: 1,
									changed_unix_ms: 1,
									change: "raised",
									count: 1,
								}),
							50,
						);
				},
			},
		);
		t.after(() => listening.close());
	});
	await subscribed;
	assert.deepEqual(heard, [["a1", "raised", "critical"]]);
});

test("web push says what is missing for it", async (t) => {
	const push: typeof NO_PUSH = { ...NO_PUSH, lacks: () => "curl" };
	const reply = await (await worldFor(t, { push, pastS: 0 })).call("push_status");
	assert.deepEqual([reply.available, reply.text], [false, "web push needs the package curl: install it"]);
	const other = await (await worldFor(t, { pastS: 0 })).call("push_status");
	assert.deepEqual([other.available, other.enabled], [true, false]);
	assert.match(String(other.text), /^switched off: option enabled in section push/);
});

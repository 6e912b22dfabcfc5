import assert from "node:assert/strict";
import { describe, test } from "node:test";
import "./words.ts";
import { ApiError, createApi, type Transport } from "../../web/api.ts";
import { createLive } from "../../web/live.ts";
import { createRows, merge } from "../../web/model/rows.ts";
import { mergeSamples, spark } from "../../web/series.ts";

type Answer = (args: Readonly<Record<string, unknown>>) => unknown;

/** A router that answers by method, and remembers what it was asked. */
function router(answers: Record<string, Answer>): { asked: string[]; transport: Transport } {
	const asked: string[] = [];
	return {
		asked,
		transport: {
			async call(object, method, args) {
				asked.push(`${method} ${JSON.stringify(args)}`);
				const answer = answers[method];
				if (object !== "autonomy" || answer === undefined) throw new ApiError("absent", "nobody");
				return answer(args);
			},
		},
	};
}

const member = (name: string, more: object = {}): object => ({ name, class: "lan", weight: 50, ...more });
const status = (more: object = {}): object => ({
	rank: [{ name: "wan", state: "eligible", eligible: true }],
	current: "wan",
	...more,
});

describe("live state", () => {
	test("asks for status and what is new; for members when something changed or half a minute went by", async () => {
		let nowMs = 0;
		let event = "e1";
		const { asked, transport } = router({
			status: () => status({ last_event: { id: event } }),
			members: () => ({ members: [member("wan")] }),
			metrics: () => ({ samples: [{ ts: 1_000_000 + nowMs, lat_ms: 5 }] }),
			forecast: ({ interface: name }) => ({
				uplinks: name ? { wan: { known: true, risk_2s_in_10s: 0.25, text: "soon" } } : { wan: { known: false } },
			}),
		});
		const live = createLive(createApi(transport), () => nowMs);
		await live.refresh();
		assert.deepEqual(asked.splice(0), [
			"status {}",
			"members {}",
			'metrics {"name":"wan","since_s":600,"limit":200}',
			"forecast {}",
		]);
		nowMs = 2000;
		await live.refresh();
		assert.deepEqual(asked.splice(0), [
			"status {}",
			'forecast {"interface":"wan"}',
			'metrics {"name":"wan","since_s":3,"limit":200}',
		]);
		assert.equal(live.state().series.get("wan")?.length, 2);
		assert.deepEqual(live.state().risks, { wan: { share: 0.25, text: "soon" } });
		nowMs = 4000;
		event = "e2";
		await live.refresh();
		assert.deepEqual(
			asked.splice(0).map((one) => one.split(" ")[0]),
			["status", "forecast", "metrics", "members", "forecast"],
		);
		nowMs = 34_000;
		await live.refresh();
		assert.ok(asked.some((one) => one.startsWith("members")));
	});

	test("trouble keeps what is known, tells since when, and ends; a new daemon is asked for everything", async () => {
		let nowMs = 0;
		let up = true;
		const { asked, transport } = router({
			status: () => {
				if (!up) throw new ApiError("offline", "XHR request aborted");
				return status();
			},
			members: () => ({ members: [member("wan", { class: "cellular" })] }),
			metrics: () => {
				throw new ApiError("not_found", "no samples yet");
			},
			forecast: () => ({
				uplinks: { wan: { known: true, risk_2s_in_10s: 0.8, text: "fades" }, wanb: { known: false } },
			}),
		});
		const live = createLive(createApi(transport), () => nowMs);
		await live.refresh();
		assert.deepEqual(live.state().risks, { wan: { share: 0.8, text: "fades" } });
		up = false;
		for (nowMs = 2000; nowMs <= 6000; nowMs += 2000) await live.refresh();
		const { trouble, members, atMs } = live.state();
		assert.deepEqual(trouble, { code: "offline", text: "XHR request aborted", sinceMs: 2000 });
		assert.equal(members.length, 1);
		assert.equal(atMs, 0);
		up = true;
		asked.length = 0;
		await live.refresh();
		assert.equal(live.state().trouble, null);
		assert.ok(asked.includes("members {}"));
	});

	test("a daemon that foretells nothing is asked once", async () => {
		const { asked, transport } = router({ status: () => status(), members: () => ({ members: [] }) });
		const live = createLive(createApi(transport), () => 0);
		await live.refresh();
		await live.refresh();
		assert.equal(asked.filter((one) => one.startsWith("forecast")).length, 1);
		assert.equal(live.state().trouble, null);
	});

	test("a refresh while one is under way is that one; an answer that is no table is told", async () => {
		const { asked, transport } = router({ status: () => 4 });
		const live = createLive(createApi(transport), () => 0);
		await Promise.all([live.refresh(), live.refresh()]);
		assert.equal(asked.length, 1);
		assert.equal(live.state().trouble?.text, "autonomy status: the answer is no table");
	});

	test("after an order it is asked again, whatever is under way", async () => {
		const asked: (() => void)[] = [];
		const live = createLive(
			createApi({
				async call(_object, method) {
					if (method !== "status") return { members: [], uplinks: {} };
					const pin = asked.length > 0 ? { name: "wanb" } : undefined;
					await new Promise<void>((go) => asked.push(go));
					return status({ pin });
				},
			}),
			() => 0,
		);
		const before = live.refresh();
		const ordered = live.again();
		asked[0]?.();
		assert.equal((await before).status?.pin, undefined);
		await new Promise((resolve) => setImmediate(resolve));
		asked[1]?.();
		assert.equal((await ordered).status?.pin?.name, "wanb");
		assert.equal(asked.length, 2);
	});
});

test("orders that were refused come as the router's own words", async () => {
	const { transport } = router({ failover: () => ({ ok: false, text: "there is no uplink wanx" }) });
	await assert.rejects(createApi(transport).order("failover", { member: "wanx" }), {
		code: "refused",
		message: "there is no uplink wanx",
	});
});

describe("rows over time", () => {
	test("samples: nothing twice, nothing too old, a clock set back starts anew", () => {
		const have = [1000, 2000, 3000].map((ts) => ({ ts }));
		assert.deepEqual(
			mergeSamples(have, [{ ts: 3000 }, { ts: 4000 }], 2).map((one) => one.ts),
			[2000, 3000, 4000],
		);
		assert.equal(mergeSamples(have, [], 2), have);
		assert.deepEqual(mergeSamples([{ ts: 500_000 }], [{ ts: 1000 }], 600), [{ ts: 1000 }]);
	});

	test("sparkline: gaps interrupt the line, loss is a span, quiet lines stay low", () => {
		const samples = [
			{ ts: 0, lat_ms: 1 },
			{ ts: 1000, lat_ms: 1, loss_pct: 50 },
			{ ts: 20_000, lat_ms: 2 },
			{ ts: 21_000 },
		];
		const drawn = spark(samples, { width: 100, height: 20, fromMs: 0, toMs: 21_000, gapMs: 8000 });
		assert.equal(drawn.line.match(/M/g)?.length, 2);
		assert.equal(drawn.bad.length, 1);
		assert.equal(drawn.max, 10);
		assert.deepEqual(spark([], { width: 100, height: 20, fromMs: 0, toMs: 1, gapMs: 1 }), {
			line: "",
			bad: [],
			max: 10,
		});
	});

	test("a long span asks only for the points that are missing", async () => {
		let nowMs = 0;
		const { asked, transport } = router({
			history: ({ since_s }) => ({ points: [{ ts: nowMs - Number(since_s), values: {} }] }),
		});
		const rows = createRows(createApi(transport), "wan", 86_400, () => nowMs);
		await rows.refresh();
		nowMs = 200_000;
		await rows.refresh();
		assert.equal(asked.length, 1, "nothing new within one step of six minutes");
		nowMs = 400_000;
		await rows.refresh();
		assert.deepEqual(asked, [
			'history {"name":"wan","since_s":86400,"points":240}',
			'history {"name":"wan","since_s":1080,"points":3}',
		]);
	});

	test("rows that overlap are counted once", () => {
		const row = (ts: number) => ({ ts, values: {} });
		assert.deepEqual(
			merge([row(0), row(10)], [row(12), row(20)], 60, 5).map((one) => one.ts),
			[0, 10, 20],
		);
	});
});

/** The usage sensor under manual time: counting over restarts, caps, and how often flash is written. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AutonomyError } from "../../../daemon/platform/error.ts";
import { createSenses } from "../../../daemon/sense/senses.ts";
import { FLASH_FILE, TMP_FILE } from "../../../daemon/sense/usage/keeper.ts";
import { usageKind } from "../../../daemon/sense/usage/usage.ts";
import { sample, uplink, type WorldOptions, world } from "../cellular/support.ts";

const HOUR = 3_600_000;
const mob = uplink({ device: "wwan0" });
const PLAN = "config member 'mob1s1a1'\n\toption data_limit_mb '1000'\n";

const table = (rx: number, tx = 0): string => `  wwan0: ${rx} 2 0 0 0 0 0 0 ${tx} 3 0 0 0 0 0 0\n`;

/** One life of the daemon on files that outlive it. */
function life(options: WorldOptions & { readonly wallMs?: number } = {}) {
	const w = world({ uplink: mob, ...options });
	if (options.wallMs !== undefined) w.time.jumpWall(options.wallMs - w.time.clock.wallMs());
	w.files.content.set("/sys/class/net/wwan0/ifindex", "4\n");
	if (!w.files.content.has("/proc/sys/kernel/random/boot_id"))
		w.files.content.set("/proc/sys/kernel/random/boot_id", "boot-1\n");
	if (!w.files.content.has("/proc/net/dev")) w.files.content.set("/proc/net/dev", table(0));
	const kind = usageKind();
	const sensor = kind.create(w.context);
	const bytes = (rx: number, tx = 0) => void w.files.content.set("/proc/net/dev", table(rx, tx));
	const stop = (): void => {
		sensor.close();
		kind.close?.();
	};
	const files = (): Record<string, string> =>
		Object.fromEntries([...w.files.content].map(([path, text]) => [path, String(text)]));
	return { w, sensor, bytes, stop, files };
}

const writes = (w: ReturnType<typeof world>, path: string): number =>
	w.files.written.filter((one) => one === path).length;

test("bytes of the day and the month, without a plan: no flash, no figures for the score", async () => {
	const { w, sensor, bytes, stop } = life();
	await w.time.advance(1_000);
	bytes(3_000, 1_000);
	await w.time.advance(10_000);
	const { cap, used_bytes, today_rx_bytes, today_tx_bytes, month_rx_bytes, limit_bytes } = sensor.details() ?? {};
	assert.deepEqual(
		[cap, used_bytes, today_rx_bytes, today_tx_bytes, month_rx_bytes, limit_bytes],
		["no_cap", 4_000, 3_000, 1_000, 3_000, undefined],
	);
	assert.equal(sensor.health().text, "no data plan is set");
	await w.time.advance(3 * HOUR);
	stop();
	assert.deepEqual(w.told.values, []);
	assert.equal(w.files.content.has(FLASH_FILE), false);
	assert.equal(w.time.pending(), 0);
});

test("near and over the cap: shares, events, and again in a new period", async () => {
	const start = Date.parse("2026-11-30T22:00:00Z");
	const { w, sensor, bytes, stop } = life({ config: PLAN, wallMs: start });
	await w.time.advance(1_000);
	bytes(799_999_999);
	await w.time.advance(10_000);
	assert.equal(w.now().cap_pressure_pct, 0);
	bytes(800_000_000);
	await w.time.advance(10_000);
	assert.deepEqual([w.now().usage_pct, w.now().cap_pressure_pct], [80, 1]);
	bytes(900_000_000);
	await w.time.advance(10_000);
	assert.deepEqual([w.now().usage_pct, w.now().cap_pressure_pct], [90, 50]);
	bytes(900_000_000, 200_000_000);
	await w.time.advance(10_000);
	assert.deepEqual([w.now().usage_pct, w.now().cap_pressure_pct], [110, 100]);
	const details = sensor.details() ?? {};
	assert.deepEqual([details.cap, details.left_bytes, details.daily_bytes, details.period], ["reached", 0, 0, "month"]);
	assert.equal(details.reset_unix_ms, Date.parse("2026-12-01"));
	await w.time.advance(2 * HOUR);
	assert.deepEqual(w.now().usage_pct, 0);
	assert.deepEqual(w.told.events, [
		"data_limit: 80 % of the data allowance is used; it begins anew on 2026-12-01",
		"data_limit: the data allowance is used up (110 %); it begins anew on 2026-12-01: last resort from now on",
		"data_limit: there is data allowance again",
	]);
	stop();
});

test("over a restart of the daemon nothing is lost, not even what passed meanwhile", async () => {
	const first = life({ config: PLAN });
	await first.w.time.advance(1_000);
	first.bytes(100_000_000);
	await first.w.time.advance(10_000);
	first.stop();
	const second = life({
		config: PLAN,
		files: { ...first.files(), "/proc/net/dev": table(150_000_000) },
		wallMs: first.w.time.clock.wallMs() + 60_000,
	});
	await second.w.time.advance(1_000);
	assert.equal(second.sensor.details()?.used_bytes, 150_000_000);
	second.stop();
});

test("over a restart of the router: the book from flash, the counters from 0", async () => {
	const first = life({ config: PLAN });
	await first.w.time.advance(1_000);
	first.bytes(100_000_000);
	await first.w.time.advance(10_000);
	first.stop();
	const kept = first.files();
	delete kept[TMP_FILE];
	const files = { ...kept, "/proc/net/dev": table(20_000_000), "/proc/sys/kernel/random/boot_id": "boot-2\n" };
	const second = life({ config: PLAN, files, wallMs: 86_400_000 }); // 1970 until NTP arrives
	await second.w.time.advance(1_000);
	assert.equal(second.sensor.details()?.used_bytes, 120_000_000);
	second.stop();
});

test("a power cut loses at most an hour", async () => {
	const first = life({ config: PLAN });
	await first.w.time.advance(1_000);
	for (let n = 1; n <= 70; n++) {
		first.bytes(n * 1_000_000);
		await first.w.time.advance(60_000);
	}
	const kept = first.files();
	delete kept[TMP_FILE];
	const second = life({
		config: PLAN,
		files: { ...kept, "/proc/net/dev": table(0), "/proc/sys/kernel/random/boot_id": "boot-2\n" },
		wallMs: first.w.time.clock.wallMs(),
	});
	await second.w.time.advance(1_000);
	const used = Number(second.sensor.details()?.used_bytes);
	assert.ok(used >= 58_000_000 && used <= 61_000_000, `${used}`);
	first.stop();
	second.stop();
});

test("flash: 24 writes in 24 busy hours and one at the end; none while nothing passes; a full disk is not hammered", async () => {
	const { w, bytes, stop } = life({ config: PLAN });
	await w.time.advance(1_000);
	for (let n = 1; n <= 24 * 60; n++) {
		bytes(n * 1000);
		await w.time.advance(60_000);
	}
	assert.equal(writes(w, FLASH_FILE), 24);
	bytes(5_000_000);
	await w.time.advance(10_000);
	stop();
	assert.equal(writes(w, FLASH_FILE), 25);
	const idle = life({ config: PLAN });
	await idle.w.time.advance(24 * HOUR);
	idle.stop();
	assert.equal(writes(idle.w, FLASH_FILE), 0);
	const full = life({ config: PLAN });
	await full.w.time.advance(1_000);
	full.w.files.full = true;
	full.bytes(1_000);
	await full.w.time.advance(5 * HOUR);
	assert.equal(full.sensor.health().state, "ok");
	assert.match(full.sensor.health().text, /ENOSPC; data use is lost with a restart$/);
	const told = full.w.log.lines.filter((line) => String(line.fields.reason).includes(FLASH_FILE)).length;
	assert.ok(told <= 6, `${told} lines`);
	full.stop();
});

test("a book that cannot be read is told, and counting begins anew", async () => {
	const { w, sensor, bytes, stop } = life({ config: PLAN, files: { [FLASH_FILE]: "{nonsense" } });
	await w.time.advance(1_000);
	bytes(1_000);
	await w.time.advance(10_000);
	assert.equal(sensor.details()?.used_bytes, 1_000);
	assert.equal(w.log.lines[0]?.fields.reason, `${FLASH_FILE} cannot be read; data use is counted anew`);
	stop();
});

test("RutOS: its quota counts where we have no plan; its collector where both count the same days", async () => {
	const quota = life();
	quota.w.answers.set("quota_limit.mob1s1a1 status", sample("rutos/ubus_quota_limit_mob1s1a1_status.shape.json"));
	await quota.w.time.advance(1_000);
	assert.deepEqual(
		[quota.sensor.details()?.cap, quota.sensor.details()?.source, quota.w.now().usage_pct],
		["reached", "quota_limit", 100],
	);
	quota.stop();
	const collect = life({ config: PLAN });
	collect.w.answers.set("mdcollect get", { tx: 100_000_000, rx: 750_000_000 });
	await collect.w.time.advance(1_000);
	assert.deepEqual([collect.sensor.details()?.source, collect.w.now().usage_pct], ["mdcollect", 85]);
	assert.deepEqual(collect.w.calls, ['mdcollect get {"period":"month","iface":"mob1s1a1"}']);
	collect.stop();
	const none = life({ config: PLAN });
	await none.w.time.advance(HOUR);
	assert.ok(none.w.calls.length <= 7, `${none.w.calls.length} questions in an hour where RutOS is not`);
	assert.equal(none.sensor.health().state, "ok");
	none.w.answers.set("mdcollect get", new AutonomyError("timeout", "no answer"));
	await none.w.time.advance(HOUR);
	assert.equal(none.sensor.health().state, "ok");
	none.stop();
});

test("no device: absent figures stay, counting goes on when it is back; counters made anew count from 0", async () => {
	const { w, sensor, bytes, stop } = life({ config: PLAN });
	await w.time.advance(1_000);
	bytes(1_000_000);
	await w.time.advance(10_000);
	sensor.follow({ ...mob, device: null }, false);
	await w.time.advance(10_000);
	assert.equal(sensor.health().text, "no device now; 0 % of the data plan used");
	w.files.content.set("/sys/class/net/wwan0/ifindex", "9\n");
	bytes(500_000);
	sensor.follow(mob, false);
	await w.time.advance(11_000);
	assert.equal(sensor.details()?.used_bytes, 1_500_000);
	stop();
});

test("the host of sensors closes what a kind shares when the daemon stops, and only then", async () => {
	const w = world({ uplink: mob, config: PLAN, files: { "/proc/net/dev": table(5) } });
	const kind = usageKind();
	const host = createSenses({
		platform: w.context.platform,
		bus: w.bus,
		log: w.log,
		kinds: [kind],
		config: w.context.config,
		onInput: () => undefined,
		onClass: () => undefined,
		onReach: () => undefined,
		onSuspect: () => undefined,
		onEvent: () => undefined,
	});
	host.setUplinks([mob]);
	await w.time.advance(1_000);
	w.files.content.set("/proc/net/dev", table(5_000));
	await w.time.advance(10_000);
	for (let n = 0; n < 20; n++) {
		host.setUplinks([]);
		host.setUplinks([mob]);
	}
	assert.equal(writes(w, FLASH_FILE), 0);
	await w.time.advance(11_000);
	host.close();
	assert.equal(writes(w, FLASH_FILE), 1);
});

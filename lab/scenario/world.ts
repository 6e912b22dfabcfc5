/**
 * Does one step of a scenario to a router. Faults of an ISP add up until it is healed. What this machine cannot do is
 * not done, and the reason is given back.
 */
import { type PlacedDish, placeDish } from "../dish/place.ts";
import { GOOD_MODEM, type ModemState } from "../modem/modem.ts";
import type { Faults } from "../net/faults.ts";
import { nowMs } from "../net/lab.ts";
import { GOOD_RADIO, type RadioState } from "../radio/radio.ts";
import type { RouterUnderTest } from "../under-test.ts";
import type { Step } from "./format.ts";

export interface World {
	/** When it was done (lab clock, the moment after the last command), and why not if it was not. */
	do(step: Step): Promise<{ readonly atMs: number; readonly skipped: string | null }>;
	/** Everything as at the start. */
	healAll(): Promise<void>;
}

export interface WorldOptions {
	/** Makes the daemon's wall clock jump; answers why it cannot. */
	clockJump?(seconds: number): Promise<string | null>;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function createWorld(router: RouterUnderTest, options: WorldOptions = {}): World {
	const { lab } = router;
	const faults = new Map<number, Faults>();
	const slowed = new Set<number>();
	const modems = new Set<number>();
	const radios = new Set<number>();
	const dishes = new Map<number, PlacedDish>();
	let bootcount = 12;
	let deadEverywhere = false;

	async function add(isp: number, more: Faults): Promise<void> {
		const all = { ...faults.get(isp), ...more };
		faults.set(isp, all);
		await lab.faults(isp, all);
	}

	async function heal(isp: number): Promise<void> {
		if (faults.delete(isp)) await lab.faults(isp, {});
		if (slowed.delete(isp)) await lab.latency(isp, 0);
		if (modems.delete(isp)) await router.modem(isp, GOOD_MODEM);
		if (radios.delete(isp)) await router.radio(isp, GOOD_RADIO);
		await dishes.get(isp)?.set({ reset: true, status: info(bootcount) });
		await lab.carrier(isp, true);
	}

	async function healAll(): Promise<void> {
		if (deadEverywhere) await lab.deadEverywhere([]);
		deadEverywhere = false;
		for (const isp of lab.plan.isps) await heal(isp.index);
	}

	/** Null when it was done. */
	async function modem(isp: number, state: Partial<ModemState>): Promise<string | null> {
		const why = router.cannot("modem");
		if (why !== null) return why;
		modems.add(isp);
		await router.modem(isp, state);
		return null;
	}

	async function radio(isp: number, state: Partial<RadioState>): Promise<string | null> {
		const why = router.cannot("radio");
		if (why !== null) return why;
		radios.add(isp);
		await router.radio(isp, state);
		return null;
	}

	async function dish(isp: number): Promise<PlacedDish> {
		const there = dishes.get(isp) ?? (await placeDish(lab, isp));
		dishes.set(isp, there);
		return there;
	}

	/** Nothing passes behind the dish, which answers and says why. */
	async function dishOutage(isp: number, cause: string, forS: number): Promise<void> {
		const there = await dish(isp);
		await there.set({ outage: cause });
		await add(isp, { gatewayOnly: true });
		await sleep(forS * 1000);
		await there.set({ outage: null });
		await add(isp, { gatewayOnly: false });
	}

	/** Announced, then it is away for a while and comes back with one more boot on its counter. */
	async function dishRestart(isp: number, inS: number, forS: number): Promise<void> {
		const there = await dish(isp);
		const at = Math.round(Date.now() / 1000 + inS);
		await there.set({ status: { software_update_stats: { software_update_state: 6, reboot_scheduled_utc_time: at } } });
		await sleep(at * 1000 - Date.now());
		await add(isp, { gatewayOnly: true });
		await there.set({ mode: "silent", drop: true });
		await sleep(forS * 1000);
		bootcount++;
		await there.set({ reset: true, status: info(bootcount) });
		await add(isp, { gatewayOnly: false });
	}

	/** Bytes both ways over one ISP, as a download would: big pings. */
	async function useData(isp: number, mb: number): Promise<string | null> {
		const device = lab.plan.isps[isp - 1]?.device ?? "";
		const count = Math.ceil((mb * 1_000_000) / (2 * 1_428));
		const argv = ["ping", "-q", "-I", device, "-s", "1400", "-i", "0.002", "-c", String(count), "1.0.0.1"];
		const { code, stderr } = await router.run(argv, { timeoutMs: 120_000 });
		return code === 0 ? null : `ping: ${stderr.trim() || code}`;
	}

	/** The signal falls evenly; where it is `dead_dbm` the link is dead. */
	async function fade(step: Extract<Step, { do: "fade" | "walk" }>): Promise<string | null> {
		const began = nowMs();
		let dead = false;
		for (;;) {
			const share = Math.min(1, (nowMs() - began) / (step.over_s * 1000));
			const rsrp = Math.round(step.from_dbm + share * (step.to_dbm - step.from_dbm));
			// SINR and RSRQ go with it: noise stays, signal goes.
			const sinr = Math.max(-20, rsrp + 103);
			const why =
				step.do === "walk"
					? await radio(step.isp, { signal: rsrp })
					: await modem(step.isp, { rsrp, sinr, rsrq: sinr < 0 ? -17 : -10, rssi: rsrp + 27 });
			if (why !== null) return why;
			if (!dead && rsrp <= step.dead_dbm) {
				dead = true;
				await add(step.isp, { blackhole: true });
			}
			if (share >= 1) return null;
			await sleep(250);
		}
	}

	function nameOf(isp: number): string {
		return lab.plan.isps[isp - 1]?.interface ?? "";
	}

	async function perform(step: Step): Promise<string | null> {
		switch (step.do) {
			case "blackhole":
				await add(step.isp, { blackhole: true });
				return null;
			case "gateway_only":
				await add(step.isp, { gatewayOnly: true });
				return null;
			case "icmp_filtered":
				await add(step.isp, { icmpFiltered: true });
				return null;
			case "dns_dead":
				await add(step.isp, { dnsDead: true });
				return null;
			case "ipv6_only":
				await add(step.isp, { ipv4Dead: true });
				return null;
			case "ipv4_only":
				await add(step.isp, { ipv6Dead: true });
				return null;
			case "loss":
				await add(step.isp, { lossDownPct: step.pct, lossUpPct: step.pct });
				return null;
			case "one_way_loss":
				await add(step.isp, step.direction === "down" ? { lossDownPct: step.pct } : { lossUpPct: step.pct });
				return null;
			case "latency":
				try {
					await lab.latency(step.isp, step.ms, step.jitter_ms ?? 0);
					slowed.add(step.isp);
					return null;
				} catch (error) {
					return error instanceof Error ? error.message : String(error);
				}
			case "carrier":
				await lab.carrier(step.isp, step.up);
				return null;
			case "target_dead":
				if (step.isp === undefined) {
					deadEverywhere = true;
					await lab.deadEverywhere(step.targets);
				} else await add(step.isp, { deadTargets: step.targets });
				return null;
			case "flap":
				for (let n = 0; n < step.times; n++) {
					await add(step.isp, { blackhole: true });
					await sleep(step.down_s * 1000);
					await heal(step.isp);
					await sleep(step.up_s * 1000);
				}
				return null;
			case "mwan3_rebuild":
				if (lab.plan.layout !== "mwan3") return "there is no mwan3 in this lab";
				await router.mwan3Event("connected", nameOf(1));
				return null;
			case "mwan3_restart":
				await router.mwan3("restart");
				return null;
			case "mwan3_stop":
				await router.mwan3("stop");
				return null;
			case "mwan3_start":
				await router.mwan3("start");
				return null;
			case "ubusd_restart":
				await router.broker("restart");
				return null;
			case "ubusd_wedge":
			case "ubusd_unwedge": {
				const why = router.cannot("wedge_broker");
				if (why === null) await router.broker(step.do === "ubusd_wedge" ? "wedge" : "unwedge");
				return why;
			}
			case "renew":
				await router.renew(nameOf(step.isp));
				return null;
			case "ifup":
				await router.ifup(nameOf(step.isp));
				return null;
			case "ifdown":
				await router.ifdown(nameOf(step.isp));
				return null;
			case "fade":
			case "walk":
				return fade(step);
			case "use_data":
				return useData(step.isp, step.mb);
			case "roaming":
				return modem(
					step.isp,
					step.on ? { registration: 5, operator: "Far Away" } : { registration: 1, operator: "Lab Mobile" },
				);
			case "sim_out":
			case "deregister": {
				const out = step.do === "sim_out";
				const why = await modem(step.isp, out ? { simPresent: false, registration: 0 } : { registration: 3 });
				if (why === null) await add(step.isp, { blackhole: true });
				return why;
			}
			case "dish":
				await dish(step.isp);
				return null;
			case "dish_state":
				await (await dish(step.isp)).set({ outage: step.outage });
				return null;
			case "dish_outage":
				await dishOutage(step.isp, step.cause, step.for_s);
				return null;
			case "dish_restart":
				await dishRestart(step.isp, step.in_s, step.for_s);
				return null;
			case "clock_jump":
				if (!options.clockJump) {
					return "a wall clock cannot be set for one namespace; needs a daemon started under libfaketime";
				}
				return options.clockJump(step.seconds);
			case "heal":
				if (step.isp === undefined) await healAll();
				else await heal(step.isp);
				return null;
		}
	}

	return {
		async do(step) {
			const skipped = await perform(step);
			return { atMs: nowMs(), skipped };
		},
		healAll,
	};
}

function info(bootcount: number): { device_info: Record<string, unknown> } {
	return {
		device_info: {
			id: "ut-lab",
			hardware_version: "rev4_panda_prod2",
			software_version: "2026.07.06.mr81950",
			bootcount,
		},
	};
}

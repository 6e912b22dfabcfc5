/** What has to be closed at the end, when one of it fails: the daemon itself on a platform of the test's making. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createConfigStore } from "../../daemon/config/store.ts";
import { createDaemon } from "../../daemon/loop/daemon.ts";
import type { Platform } from "../../daemon/platform/platform.ts";
import { fakeFiles, fakeLog, fakeProcesses, fakeRandom, fakeTime, settle } from "../support/fake-platform.ts";

function daemonOf() {
	const time = fakeTime();
	const files = fakeFiles();
	const log = fakeLog();
	const stream = { write: () => true, pendingBytes: 0, pause() {}, resume() {}, close() {} };
	const platform = {
		...time,
		files,
		processes: fakeProcesses(),
		random: fakeRandom(),
		streams: { connect: () => stream },
		outlets: { pushLacks: () => null },
		host: { env: () => undefined, memory: () => ({ rssBytes: 1, heapBytes: 1 }), pid: 1, runtime: "a test" },
	} as unknown as Platform;
	const store = createConfigStore({ files, log, configDir: "/etc/config" });
	store.load();
	return { time, log, daemon: createDaemon({ platform, log, store, version: "0" }) };
}

for (const room of ["loop", "discovery", "prober", "gps", "senses", "steerer", "recorder", "bus"] as const) {
	test(`${room} that cannot be closed is told, and keeps nobody else from it, nor the router from being given back`, async () => {
		const { time, log, daemon } = daemonOf();
		const closed: string[] = [];
		daemon.start();
		for (const name of ["loop", "discovery", "prober", "gps", "senses", "steerer", "recorder", "bus"] as const) {
			const one = daemon.rooms[name];
			const close = one.close.bind(one);
			Object.assign(one, {
				close() {
					closed.push(name);
					close();
					if (name === room) throw new Error(`${name} is stuck`);
				},
			});
		}
		const giveBack = daemon.rooms.steerer.giveBack.bind(daemon.rooms.steerer);
		Object.assign(daemon.rooms.steerer, {
			giveBack() {
				closed.push("given back");
				return giveBack();
			},
		});
		const stopped = daemon.stop();
		await settle();
		await time.advance(1000);
		await stopped;
		const order = ["loop", "discovery", "prober", "gps", "senses", "given back", "steerer", "recorder", "bus"];
		assert.deepEqual(closed, order);
		assert.deepEqual(
			log.lines.filter(({ level, msg }) => level === "error" && msg === "shutdown").map(({ fields }) => fields.reason),
			[`${room} is stuck`],
		);
		assert.equal(time.pending(), 0, "no timer is left");
	});
}

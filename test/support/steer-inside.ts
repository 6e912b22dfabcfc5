/**
 * A real steerer as a process of its own, for tests that put it into a namespace or kill it: one JSON command a line on
 * stdin, one JSON answer a line on stdout. argv: {"folder", "hide": programs that count as not installed}.
 */
import { createInterface } from "node:readline";
import type { SteerAction } from "../../daemon/decide/types.ts";
import { AutonomyError } from "../../daemon/platform/error.ts";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";
import type { Platform } from "../../daemon/platform/platform.ts";
import { createSteerer } from "../../daemon/steer/steerer.ts";
import type { Discovered } from "../../daemon/uplink/types.ts";
import { fakeLog } from "./fake-platform.ts";

export type SteerCommand =
	| { readonly do: "recover" | "status" | "giveBack" }
	| { readonly do: "discovered"; readonly value: Discovered }
	| { readonly do: "observe" | "hold"; readonly value: boolean }
	| { readonly do: "apply"; readonly actions: readonly SteerAction[] }
	| { readonly do: "reassert"; readonly reason: string };

const { folder, hide } = JSON.parse(process.argv[2] ?? "{}") as { folder: string; hide: string[] };
const node = createNodePlatform();
let held = false;
/** Their time has come while all were held. */
const overdue = new Set<() => void>();
const platform: Platform = {
	...node,
	timers: {
		...node.timers,
		after(ms, callback) {
			const run = (): void => {
				if (held) overdue.add(callback);
				else callback();
			};
			const timer = node.timers.after(ms, run);
			return {
				close() {
					timer.close();
					overdue.delete(callback);
				},
			};
		},
	},
	processes: {
		...node.processes,
		find: (name) => (hide.includes(name) ? null : node.processes.find(name)),
		run(argv, options) {
			if (!hide.includes(argv[0])) return node.processes.run(argv, options);
			return Promise.reject(new AutonomyError("spawn_failed", `cannot start ${argv[0]}: ENOENT`));
		},
	},
};
const steerer = createSteerer({
	platform,
	log: fakeLog(),
	stateFile: `${folder}/steer.json`,
	paths: { stateDir: `${folder}/state`, runDir: `${folder}/run/mwan3`, hotplug: `${folder}/bin/15-mwan3` },
});

async function answer(command: SteerCommand): Promise<unknown> {
	switch (command.do) {
		case "recover":
			return steerer.recover();
		case "discovered":
			await steerer.setDiscovered(command.value);
			return null;
		case "observe":
			steerer.setObserve(command.value);
			return null;
		case "hold":
			held = command.value;
			for (const callback of held ? [] : [...overdue]) {
				overdue.delete(callback);
				callback();
			}
			return null;
		case "apply":
			return Promise.all(command.actions.map((action) => steerer.apply(action)));
		case "reassert":
			await steerer.reassert(command.reason);
			return null;
		case "status":
			return steerer.status();
		case "giveBack":
			return steerer.giveBack();
	}
}

for await (const line of createInterface({ input: process.stdin })) {
	const value = await answer(JSON.parse(line) as SteerCommand);
	process.stdout.write(`${JSON.stringify(value ?? null)}\n`);
}
steerer.close();

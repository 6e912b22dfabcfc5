/** A source of figures on the world of test/serve: a real engine, recorder and configuration. */
import type { TestContext } from "node:test";
import type { Rooms } from "../../daemon/loop/rooms.ts";
import { sourceOf } from "../../daemon/loop/source.ts";
import type { Source } from "../../daemon/publish/source.ts";
import { type World, type WorldOptions, worldFor } from "../serve/world.ts";

export async function sourceFor(
	t: TestContext,
	options: WorldOptions = {},
): Promise<{ readonly source: Source; readonly world: World }> {
	const world = await worldFor(t, { pastS: 120, ...options });
	const rooms = { version: "1.2.3", bus: world.client, recorder: world.deps.recorder } as unknown as Rooms;
	return { source: sourceOf(rooms, world.deps, () => "boat"), world };
}

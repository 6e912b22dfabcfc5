/**
 * Takes over /etc/config/starfail once (config/migrate.ts says what and when). Written through rpcd's `uci` object, so it
 * waits until the bus is there; a failure is told and tried again at the next connection.
 */
import { CONFIG_PACKAGE } from "../../contract/options.ts";
import { errorText } from "../platform/error.ts";
import type { Closable } from "../platform/platform.ts";
import { loadPackage } from "../uci/load.ts";
import type { Rooms } from "./rooms.ts";

const LEGACY_PACKAGE = "starfail";

export function migrateOnce(rooms: Rooms, tell: (text: string) => void): Closable {
	const { platform, store, bus, log } = rooms;
	let busy = false;

	const migrate = async (): Promise<void> => {
		const legacy = loadPackage(platform.files, LEGACY_PACKAGE);
		if (legacy === null) return;
		const [{ planMigration }, { writeEdits }] = await Promise.all([
			import("../config/migrate.ts"),
			import("../serve/config.ts"),
		]);
		const plan = planMigration(legacy, store.readPackage());
		if (plan === null) return;
		await writeEdits(bus, plan.edits);
		for (const note of plan.notes) {
			log.info("configuration", { reason: note });
			tell(note);
		}
		rooms.reload();
	};
	return bus.onState((state) => {
		if (state !== "connected" || busy) return;
		busy = true;
		migrate()
			.catch((error) => {
				const reason = `/etc/config/${LEGACY_PACKAGE} could not be taken over into /etc/config/${CONFIG_PACKAGE}: ${errorText(error)}`;
				log.warn("configuration", { reason });
			})
			.finally(() => {
				busy = false;
			});
	});
}

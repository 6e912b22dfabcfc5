/** The real plugin of rpcd, in a tree of its own, as an object on the lab's bus: rpcd's part of the page System. */
import { join } from "node:path";
import { RPCD_API, RPCD_OBJECT } from "../../contract/api-rpcd.ts";
import type { BlobInputTable } from "../../daemon/bus/blobmsg.ts";
import type { Bus } from "../../daemon/bus/bus.ts";
import { type Box, box } from "../rpcd/support.ts";

export interface Plugin {
	readonly box: Box;
	close(): void;
}

export async function servePlugin(bus: Bus): Promise<Plugin> {
	const jshn = join(import.meta.dirname, "../support/jshn");
	const made = await box({ name: "sh", argv: ["sh"], jshn, library: `${jshn}/jshn.sh`, skip: false });
	const methods = Object.fromEntries(
		Object.entries(RPCD_API).map(([name, { args }]) => [
			name,
			{
				args: Object.fromEntries(Object.entries(args).map(([arg, { type }]) => [arg, type])),
				// rpcd hands over what came, the session included, and what the plugin prints goes back.
				handle: async (given: object) => (await made.call(name, { ...given })) as BlobInputTable,
			},
		]),
	);
	const served = bus.serve({ path: RPCD_OBJECT, methods } as Parameters<Bus["serve"]>[0]);
	return {
		box: made,
		close() {
			served.close();
			made.remove();
		},
	};
}

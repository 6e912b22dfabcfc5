import type { KindHead } from "../lazy.ts";

export const CELLULAR: KindHead = {
	name: "cellular",
	cost: "RutOS: two questions on the bus every 2 s in use, every 10 s on standby; else 2 programs every 10 s or 60 s",
	serves: (uplink) => (uplink.class === "cellular" ? `it is cellular: ${uplink.classReason}` : null),
};

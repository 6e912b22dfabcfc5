/** Every kind of sensor there is. */
import { CELLULAR } from "./cellular/kind.ts";
import { lazyKind } from "./lazy.ts";
import type { SensorKind } from "./sensor.ts";
import { starlinkKind } from "./starlink/starlink.ts";
import { usageKind } from "./usage/usage.ts";
import { WIFI } from "./wifi/kind.ts";
import { wiredKind } from "./wired/wired.ts";

export const SENSOR_KINDS: readonly SensorKind[] = [
	starlinkKind(),
	lazyKind(CELLULAR, async () => (await import("./cellular/cellular.ts")).cellularKind()),
	lazyKind(WIFI, async () => (await import("./wifi/wifi.ts")).wifiKind()),
	wiredKind(),
	usageKind(),
];

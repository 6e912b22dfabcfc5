/** Every kind of sensor there is. */
import { cellularKind } from "./cellular/cellular.ts";
import type { SensorKind } from "./sensor.ts";
import { starlinkKind } from "./starlink/starlink.ts";
import { usageKind } from "./usage/usage.ts";
import { wifiKind } from "./wifi/wifi.ts";
import { wiredKind } from "./wired/wired.ts";

export const SENSOR_KINDS: readonly SensorKind[] = [
	starlinkKind(),
	cellularKind(),
	wifiKind(),
	wiredKind(),
	usageKind(),
];

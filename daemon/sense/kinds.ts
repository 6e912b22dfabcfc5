/** Every kind of sensor there is. */
import { cellularKind } from "./cellular/cellular.ts";
import type { SensorKind } from "./sensor.ts";

export const SENSOR_KINDS: readonly SensorKind[] = [cellularKind()];

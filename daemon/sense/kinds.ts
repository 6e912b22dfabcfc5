/** Every kind of sensor there is. */
import type { SensorKind } from "./sensor.ts";

export const SENSOR_KINDS: readonly SensorKind[] = [];

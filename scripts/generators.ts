/** Everything that is generated from contract/ and dish.proto. A new generator is one more function in this list. */
import { generateConfig } from "./generate-config.ts";
import { generateDish } from "./generate-dish.ts";
import { generateGrafana } from "./generate-grafana.ts";
import { generateMqtt } from "./generate-mqtt.ts";
import { generateRpcd } from "./generate-rpcd.ts";
import { generateUbus } from "./generate-ubus.ts";
import { generateVuci } from "./generate-vuci.ts";
import type { GeneratedFile } from "./generated-file.ts";

export const GENERATORS: readonly (() => readonly GeneratedFile[])[] = [
	generateConfig,
	generateUbus,
	generateDish,
	generateRpcd,
	generateMqtt,
	generateGrafana,
	generateVuci,
];

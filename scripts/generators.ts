/** Everything that is generated from contract/. A new generator is one more function in this list. */
import { generateConfig } from "./generate-config.ts";
import { generateUbus } from "./generate-ubus.ts";
import type { GeneratedFile } from "./generated-file.ts";

export const GENERATORS: readonly (() => readonly GeneratedFile[])[] = [generateConfig, generateUbus];

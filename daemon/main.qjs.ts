/** The daemon on QuickJS. No logic. */
import { start } from "./loop/start.ts";
import { createLogger } from "./platform/qjs/log.ts";
import { createQjsPlatform } from "./platform/qjs/platform.ts";

await start({ platform: createQjsPlatform(), createLogger });

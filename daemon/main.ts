/** The daemon on Node. No logic. */
import { start } from "./loop/start.ts";
import { createLogger } from "./platform/node/log.ts";
import { createNodePlatform } from "./platform/node/platform.ts";

await start({ platform: createNodePlatform(), createLogger });

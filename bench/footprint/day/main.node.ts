import { createLogger } from "../../../daemon/platform/node/log.ts";
import { createNodePlatform } from "../../../daemon/platform/node/platform.ts";
import { day } from "./day.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
await day({ platform: createNodePlatform(), createLogger, turn });

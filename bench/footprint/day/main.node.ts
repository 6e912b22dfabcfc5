import { createLogger } from "../../../daemon/platform/node/log.ts";
import { createNodePlatform } from "../../../daemon/platform/node/platform.ts";
import { anonKb } from "./own.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const platform = createNodePlatform();
const engineKb = anonKb(platform);
const { day } = await import("./day.ts");
await day({ platform, createLogger, turn, engineKb });

import { os } from "../../../daemon/platform/qjs/engine.ts";
import { createLogger } from "../../../daemon/platform/qjs/log.ts";
import { createQjsPlatform } from "../../../daemon/platform/qjs/platform.ts";
import { day } from "./day.ts";

const turn = (): Promise<void> => new Promise((resolve) => void os.setTimeout(resolve, 0));
await day({ platform: createQjsPlatform(), createLogger, turn });

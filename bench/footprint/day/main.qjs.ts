import { os } from "../../../daemon/platform/qjs/engine.ts";
import { createLogger } from "../../../daemon/platform/qjs/log.ts";
import { createQjsPlatform } from "../../../daemon/platform/qjs/platform.ts";
import { anonKb } from "./own.ts";

const turn = (): Promise<void> => new Promise((resolve) => void os.setTimeout(resolve, 0));
const platform = createQjsPlatform();
const engineKb = anonKb(platform);
const { day } = await import("./day.ts");
await day({ platform, createLogger, turn, engineKb });

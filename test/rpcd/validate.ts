/** `autonomyd --validate FILE` alone: the daemon's own check, without the rest of the daemon. */
import { validate } from "../../daemon/loop/offline.ts";
import { createNodePlatform } from "../../daemon/platform/node/platform.ts";

const { host, files } = createNodePlatform();
const { text, code } = validate(files, host.args[1] ?? null, null);
host.print(text);
host.exit(code);

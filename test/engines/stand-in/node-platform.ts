/** daemon/platform/node by its names, as the QuickJS platform: tests of real sockets, files and programs run on both. */
export { qjsFiles as nodeFiles } from "../../../daemon/platform/qjs/files.ts";
export { qjsHttp as nodeHttp } from "../../../daemon/platform/qjs/http.ts";
export { createLogger } from "../../../daemon/platform/qjs/log.ts";
export { createQjsPlatform as createNodePlatform } from "../../../daemon/platform/qjs/platform.ts";
export { qjsProcesses as nodeProcesses } from "../../../daemon/platform/qjs/processes.ts";
export { qjsStreams as nodeStreams } from "../../../daemon/platform/qjs/streams.ts";

/** daemon/platform/node by its names, as the QuickJS platform: tests of real sockets, files and programs run on both. */
import { qjsFiles } from "../../../daemon/platform/qjs/files.ts";
import { qjsHttp } from "../../../daemon/platform/qjs/http.ts";
import { createLogger as create } from "../../../daemon/platform/qjs/log.ts";
import { createQjsPlatform } from "../../../daemon/platform/qjs/platform.ts";
import { qjsStreams } from "../../../daemon/platform/qjs/streams.ts";

export const nodeFiles = qjsFiles;
export const nodeHttp = qjsHttp;
export const nodeStreams = qjsStreams;
export const createLogger = create;
export const createNodePlatform = createQjsPlatform;

import type { Plugin } from "esbuild";

/** For every bundle of the daemon. */
export declare const daemonPlugins: readonly Plugin[];
/** Name of an entry of esbuild -> its file. */
export declare const doors: Readonly<Record<string, string>>;

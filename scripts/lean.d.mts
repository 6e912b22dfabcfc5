import type { Plugin } from "esbuild";

/** For every bundle of the daemon with Node's libraries in it. */
export declare const leanLibraries: readonly Plugin[];

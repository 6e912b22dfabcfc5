/** The daemon as it ships but with no sensor in it, to compare with: what all of them together cost. */
import { mkdirSync } from "node:fs";
import { build, type Plugin } from "esbuild";

export const BARE = "build/bench/autonomyd.bare.mjs";

const noSensors: Plugin = {
	name: "no-sensors",
	setup(building) {
		building.onLoad({ filter: /\/daemon\/sense\/kinds\.ts$/ }, () => ({
			contents: "export const SENSOR_KINDS = [];",
			loader: "ts",
		}));
	},
};

/** As scripts/build.mjs does. */
export async function buildBare(): Promise<void> {
	mkdirSync("build/bench", { recursive: true });
	await build({
		entryPoints: ["daemon/main.ts"],
		outfile: BARE,
		bundle: true,
		platform: "node",
		target: "node20",
		format: "esm",
		minify: true,
		legalComments: "none",
		external: ["@grpc/proto-loader"],
		define: { AUTONOMY_VERSION: '"bare"' },
		banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
		plugins: [noSensors],
		logLevel: "error",
	});
}

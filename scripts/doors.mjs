/** How the daemon is bundled and cut into pieces, for what ships (build.mjs) and for benches that measure the same code. */
import { contractAsText } from "./contract-as-text.mjs";

/** QuickJS's own modules, which esbuild must leave alone, are "qjs:std" and "qjs:os" in the sources. */
const qjsModules = {
	name: "modules of QuickJS",
	setup(on) {
		on.onResolve({ filter: /^qjs:/ }, ({ path }) => ({ path: path.slice(4), external: true }));
	},
};

/**
 * Where rooms are entered: cut there, the code is in pieces that QuickJS compiles one after the other. In one piece of
 * 590 kB compiling leaves holes of 2 MB in its memory (measured).
 */
const DOORS = [
	"alert/alerts",
	"bus/client",
	"config/store",
	"decide/engine",
	"loop/foresee",
	"probe/prober",
	"publish/publishers",
	"record/recorder",
	"sense/kinds",
	"sense/senses",
	"serve/register",
	"steer/steerer",
	"uplink/discovery",
];
/** Name of an entry of esbuild -> its file. */
export const doors = Object.fromEntries(
	DOORS.map((path) => [`door-${path.replaceAll("/", "-")}`, `daemon/${path}.ts`]),
);

export const daemonPlugins = [qjsModules, contractAsText];

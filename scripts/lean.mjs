/**
 * Libraries of npm as the daemon carries them: without the parts that it never enters. What is left out costs memory even
 * where nobody calls it, since its text is kept and Node's own modules below it are loaded. A change of a library that makes one of these
 * untrue ends the build, or fails the tests of the room that uses it.
 */
import { readFileSync } from "node:fs";

/** The way mqtt-packet writes numbers by default: from 65 536 buffers made beforehand, 8 MB (measured). */
const CACHED = [
	["let toGenerate = true", "let toGenerate = false"],
	["let writeNumber = writeNumberCached", "let writeNumber = writeNumberGenerated"],
];

/** mqtt.js over TCP and TLS alone, and without its cache of numbers. */
const leanMqtt = {
	name: "mqtt.js without WebSockets and SOCKS",
	setup(on) {
		on.onResolve({ filter: /^(ws|socks)$/ }, ({ path }) => ({ path, namespace: "left-out" }));
		on.onLoad({ filter: /.*/, namespace: "left-out" }, () => ({ contents: "module.exports = {};", loader: "js" }));
		on.onLoad({ filter: /mqtt-packet.writeToStream\.js$/ }, ({ path }) => {
			let contents = readFileSync(path, "utf8");
			for (const [usual, ours] of CACHED) {
				if (!contents.includes(usual)) throw new Error(`${path} has changed: there is no '${usual}'`);
				contents = contents.replace(usual, ours);
			}
			return { contents, loader: "js" };
		});
		on.onResolve({ filter: /^readable-stream$/ }, () => ({ path: "node:stream", external: true }));
	},
};

/**
 * What daemon/platform/node/grpc.ts uses; its own resolver takes the place of the library's, one address that of
 * balancing. The channel comes first, as in the library: its modules need each other in a circle.
 */
const GRPC = `
require("./channel");
exports.Client = require("./client").Client;
exports.status = require("./constants").Status;
const { ChannelCredentials } = require("./channel-credentials");
exports.credentials = { createInsecure: ChannelCredentials.createInsecure };
const { registerResolver } = require("./resolver");
const { statusOrFromValue } = require("./call-interface");
exports.experimental = { registerResolver, statusOrFromValue };
require("./load-balancer-pick-first").setup();
`;

const leanGrpc = {
	name: "gRPC without servers, resolvers and load balancers",
	setup(on) {
		on.onLoad({ filter: /@grpc.grpc-js.build.src.index\.js$/ }, () => ({ contents: GRPC, loader: "js" }));
	},
};

/** Module -> what stands in its place. The destination is written to at once, so nothing is left for the end of the process. */
const PINO = {
	"./transport": 'module.exports = () => { throw new Error("no transports of pino here"); };',
	"on-exit-leak-free": "module.exports = { register() {}, unregister() {} };",
	worker_threads: "module.exports = { isMainThread: true };",
	"@pinojs/redact": 'module.exports = () => { throw new Error("no redaction by pino here"); };',
};

const leanPino = {
	name: "pino without threads and redaction",
	setup(on) {
		on.onResolve(
			{ filter: /^(\.\/transport|\.\/lib\/transport|on-exit-leak-free|worker_threads|@pinojs\/redact)$/ },
			(args) =>
				/[\\/]node_modules[\\/]pino[\\/]/.test(args.importer)
					? { path: args.path.replace("./lib/", "./"), namespace: "pino-without" }
					: undefined,
		);
		on.onLoad({ filter: /.*/, namespace: "pino-without" }, ({ path }) => ({ contents: PINO[path], loader: "js" }));
	},
};

export const leanLibraries = [leanMqtt, leanGrpc, leanPino];

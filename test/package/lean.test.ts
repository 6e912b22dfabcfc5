/** The libraries as the bundle carries them (scripts/lean.mjs): what is left of them does what the daemon wants of it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { readStatus } from "../../daemon/sense/starlink/status.ts";
import { decodeAnswer, encodeQuestion, METHOD } from "../../daemon/sense/starlink/wire.ts";
import { startDish } from "../../lab/dish/dish.ts";
import { leanLibraries } from "../../scripts/lean.mjs";

const REPO = path.dirname(path.dirname(import.meta.dirname));
const REQUIRE = 'import{createRequire as r}from"node:module";globalThis.require=r(import.meta.url);';

describe("libraries without what the daemon never enters", () => {
	let folder = "";
	before(async () => {
		folder = mkdtempSync(`${tmpdir()}/autonomy-lean-`);
		await build({
			absWorkingDir: REPO,
			entryPoints: { grpc: "daemon/platform/node/grpc.ts", log: "daemon/platform/node/log.ts" },
			outdir: folder,
			outExtension: { ".js": ".mjs" },
			bundle: true,
			minify: true,
			format: "esm",
			platform: "node",
			target: "es2022",
			banner: { js: REQUIRE },
			plugins: [...leanLibraries],
			logLevel: "error",
		});
	});
	after(() => rmSync(folder, { recursive: true }));

	test("gRPC asks a dish, and says when nobody is there", async () => {
		const { openChannel } = (await import(`${folder}/grpc.mjs`)) as typeof import("../../daemon/platform/node/grpc.ts");
		const dish = await startDish({ host: "127.0.0.1", port: 0, webPort: 0 });
		const channel = openChannel({ host: "127.0.0.1", port: dish.port, localAddress: "127.0.0.1" });
		try {
			const bytes = await channel.call(METHOD, encodeQuestion("get_status"), 10_000);
			assert.equal(readStatus(decodeAnswer("get_status", bytes)).bootcount, 12);
		} finally {
			channel.close();
			await dish.close();
		}
		const nobody = openChannel({ host: "127.0.0.1", port: dish.port });
		await assert.rejects(nobody.call(METHOD, encodeQuestion("get_status"), 10_000), /ECONNREFUSED/);
		nobody.close();
	});

	test("lines of the log are whole when the process ends at once", () => {
		const script = `import { createLogger } from "${folder}/log.mjs";
			const log = createLogger("info");
			log.child("probe").warn("late", { reason: "a\\u2028b", n: 1 });
			log.debug("not told");
			log.setLevel("debug");
			log.debug("told");
			process.exit(0);`;
		const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
		assert.equal(stderr, "");
		const lines = stdout.split("\n").filter(Boolean);
		const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
		assert.deepEqual(
			told.map(({ ts, ...rest }) => rest),
			[
				{ level: "warn", component: "probe", reason: "a\u2028b", n: 1, msg: "late" },
				{ level: "debug", msg: "told" },
			],
		);
		assert.ok(lines.every((line) => !line.includes("\u2028")));
	});
});

/** The pages are strict TypeScript against LuCI's and the browser's types, which the rest of the project does not have. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

for (const project of ["web", "luci-app-autonomy"]) {
	test(`${project}/tsconfig.json`, () => {
		const result = spawnSync("node_modules/.bin/tsc", ["-p", `${project}/tsconfig.json`, "--noEmit"], {
			encoding: "utf8",
		});
		assert.equal(`${result.stdout}${result.stderr}`, "");
		assert.equal(result.status, 0);
	});
}

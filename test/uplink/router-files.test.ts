import assert from "node:assert/strict";
import { test } from "node:test";
import { createRouterFiles } from "../../daemon/uplink/router-files.ts";
import { fakeFiles } from "../support/fake-platform.ts";

const zone = (networks: string): string =>
	`config zone z\n option name wan\n option masq 1\n list network '${networks}'\n`;

test("packages are parsed again when their files changed, or may have", () => {
	const files = fakeFiles({ "/etc/config/firewall": zone("wan") });
	const read: string[] = [];
	const counted = {
		...files,
		readTextIfAny(path: string) {
			read.push(path);
			return files.readTextIfAny(path);
		},
	};
	const router = createRouterFiles(counted);
	const names = () => [...router.wanInterfaces([])];
	assert.deepEqual(names(), ["wan"]);
	assert.deepEqual(read.splice(0), ["/etc/config/firewall"]);
	assert.deepEqual(names(), ["wan"]);
	assert.deepEqual(read, []);
	files.content.set("/etc/config/firewall", zone("wan wanb"));
	assert.deepEqual(names(), ["wan", "wanb"], "another size");
	files.content.set("/tmp/.uci/firewall", "firewall.z.masq='0'\n");
	assert.deepEqual(names(), [], "what is not committed yet counts");
	files.content.delete("/tmp/.uci/firewall");
	files.content.set("/etc/config/network", "config interface lte\n option area_type wan\n");
	assert.deepEqual(names(), ["wan", "wanb", "lte"], "the other package");
	files.content.set("/etc/config/firewall", zone("wan wanc"));
	assert.deepEqual(names(), ["wan", "wanb", "lte"], "as long and, in this test, as old: nothing to be seen");
	router.forget();
	assert.deepEqual(names(), ["wan", "wanc", "lte"]);
});

test("what is wrong with a file is told with every look", () => {
	const files = fakeFiles({ "/etc/config/mwan3": "config interface 'wan\n" });
	const router = createRouterFiles(files);
	for (const look of [1, 2]) {
		const problems: string[] = [];
		assert.equal(router.mwan3(problems), null);
		assert.match(problems.join(), /mwan3/, `look ${look}`);
		assert.equal(problems.length, 1);
	}
	files.content.set("/etc/config/mwan3", "config interface 'wan'\n option enabled 1\n");
	const problems: string[] = [];
	assert.deepEqual(
		router.mwan3(problems)?.links.map((one) => one.interface),
		["wan"],
	);
	assert.deepEqual(problems, []);
});

test("what /etc/config/network says of interfaces: metric, and tables of their own", () => {
	const text = `config interface wan
 option metric 10
config interface wanb
 option metric ten
 option ip4table 100
config interface wan6
 option ip6table prelocal
 option disabled 1
config device
 option metric 7
`;
	const router = createRouterFiles(fakeFiles({ "/etc/config/network": text }));
	assert.deepEqual(
		[...router.interfaceHints([])],
		[
			["wan", { metric: 10, ownTable: [], disabled: false }],
			["wanb", { metric: null, ownTable: ["ipv4"], disabled: false }],
			["wan6", { metric: null, ownTable: ["ipv6"], disabled: true }],
		],
	);
	assert.deepEqual([...createRouterFiles(fakeFiles({})).interfaceHints([])], []);
});

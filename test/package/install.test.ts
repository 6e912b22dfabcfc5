/**
 * install.sh in trees laid out as routers, with package managers that record what they are asked, and feeds served over
 * HTTP on loopback. The signature check is usign's; where there is none, signify of OpenBSD stands in for it.
 */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { file } from "../../scripts/feed/entry.ts";
import { installer } from "../../scripts/feed/installer.ts";
import { opkgFeed } from "../../scripts/feed/opkg-feed.ts";
import type { FeedPackage } from "../../scripts/feed/package.ts";
import { generateSecretKey, parseSecretKey, publicKeyText } from "../../scripts/feed/usign.ts";
import { type Box, type Router, routerOf } from "./install-router.ts";
import { folder, group, has, REPO } from "./support.ts";

const TEMPLATE = readFileSync(join(REPO, "install.sh"), "utf8");
const place = folder();
const secretText = generateSecretKey();
const secret = parseSecretKey(secretText);
const pem = generateKeyPairSync("rsa", { modulusLength: 2048 })
	.publicKey.export({ type: "spki", format: "pem" })
	.toString();
const ONE: FeedPackage = {
	name: "autonomy",
	version: "1.0-r1",
	section: "net",
	description: "one",
	depends: [],
	provides: [],
	conffiles: [],
	files: [file("usr/x", "x")],
	scripts: {},
};

let server: Server;
let feed = "";
const served = new Map<string, Buffer>();

before(async () => {
	writeFileSync(join(place, "key"), secretText);
	const own: FeedPackage = { ...ONE, name: "autonomy-runtime-static", architecture: "mipsel_24kc" };
	for (const { path, content } of opkgFeed([ONE, own], 0, join(place, "key")))
		served.set(`/feed/opkg/${path}`, content);
	for (const place of ["", "mipsel_24kc/"]) served.set(`/feed/apk/${place}packages.adb`, Buffer.from("ADBd"));
	const bad = Buffer.from(served.get("/feed/opkg/Packages")!);
	bad[20]! ^= 1;
	served.set("/bad/opkg/Packages", bad);
	served.set("/bad/opkg/Packages.sig", served.get("/feed/opkg/Packages.sig")!);
	server = createServer((request, response) => {
		const content = served.get(request.url ?? "");
		response.writeHead(content === undefined ? 404 : 200).end(content);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	feed = `http://127.0.0.1:${(server.address() as AddressInfo).port}/feed`;
});
after(() => {
	server.closeAllConnections();
	server.close();
	rmSync(place, { recursive: true });
});

const router = (shell: readonly string[], what: Router = {}): Box =>
	routerOf(
		{
			keyNumber: secret.number,
			script: () => installer(TEMPLATE, { feed, usignKey: publicKeyText(secret), apkKey: pem }),
		},
		shell,
		what,
	);

const skip = has("signify-openbsd") ? false : "no signify-openbsd to stand in for usign";

for (const shell of [["busybox", "ash"], ["dash"]]) {
	group(shell.join(" "), has(shell[0]!) ? skip : `no ${shell[0]} here`, () => {
		test("OpenWrt 24.10: says what it will do, asks, and does just that", async (t) => {
			const box = router(shell);
			t.after(() => box.remove());
			const before = box.files();
			const dry = await box.run(["--dry-run"]);
			assert.equal(dry.code, 0, dry.text);
			assert.match(dry.text, /^autonomy on OpenWrt 24\.10\.7 \(aarch64_cortex-a53\), by opkg:$/m);
			assert.match(dry.text, /^ {2}packages autonomy-runtime-node autonomy luci-app-autonomy$/m);
			assert.match(dry.text, /^ {2}runtime {2}Node\.js 20\.20\.2-r1, a package of OpenWrt 24\.10\.7$/m);
			assert.deepEqual(box.files(), before);
			const nobody = await box.run([]);
			assert.equal(nobody.code, 1);
			assert.match(nobody.text, /nobody can be asked here: look at the plan above, then say --yes/);
			assert.deepEqual(box.files(), before);
			assert.deepEqual(new Set(box.calls()), new Set(["opkg info quickjs", "opkg info node"]));
			const ran = await box.run(["--yes"]);
			assert.equal(ran.code, 0, ran.text);
			assert.equal(box.read(`etc/opkg/keys/${secret.number}`), publicKeyText(secret));
			assert.equal(
				box.read("etc/opkg/customfeeds.conf"),
				`# mine\nsrc/gz other http://127.0.0.1/other\nsrc/gz autonomy ${feed}/opkg\n`,
			);
			assert.deepEqual(box.calls().slice(-2), [
				"opkg update",
				"opkg install autonomy-runtime-node autonomy luci-app-autonomy",
			]);
			// Twice is the same as once.
			assert.equal((await box.run(["--yes", "--no-luci"])).code, 0);
			assert.equal(box.read("etc/opkg/customfeeds.conf").match(/autonomy /g)?.length, 1);
			assert.equal(box.calls().at(-1), "opkg install autonomy-runtime-node autonomy");
		});

		test("OpenWrt 25.12 with a feed that has Node.js", async (t) => {
			const box = router(shell, { release: "25.12.6", manager: "apk", luci: false });
			t.after(() => box.remove());
			const ran = await box.run(["--yes"]);
			assert.equal(ran.code, 0, ran.text);
			assert.equal(box.read("etc/apk/keys/autonomy.pem"), pem);
			assert.equal(box.read("etc/apk/repositories.d/autonomy.list"), `${feed}/apk/packages.adb\n`);
			assert.deepEqual(box.calls().slice(-2), ["apk update", "apk add autonomy-runtime-node autonomy"]);
		});

		test("lists of packages that are empty after a restart are fetched first", async (t) => {
			const box = router(shell, { lists: "empty" });
			t.after(() => box.remove());
			const ran = await box.run(["--dry-run"]);
			assert.equal(ran.code, 0, ran.text);
			const asked = ["opkg info quickjs", "opkg info node"];
			assert.deepEqual(box.calls(), [...asked, "opkg update", ...asked]);
		});

		const runtimes: [string, Router, string, RegExp][] = [
			["QuickJS of the release", { quickjs: "2025.09.13-r1" }, "quickjs", /QuickJS 2025\.09\.13-r1, a package of/],
			[
				"QuickJS of 25.12",
				{ release: "25.12.6", manager: "apk", node: null, quickjs: "2025.09.13-r1" },
				"quickjs",
				/QuickJS 2025\.09\.13-r1, a package of/,
			],
			["Node.js that is here", { nodeHere: "22.1.0", quickjs: "2025.09.13-r1" }, "node", /Node\.js 22\.1\.0, already/],
			[
				"the feed's own",
				{ nodeHere: "18.1.0", arch: "mipsel_24kc" },
				"static",
				/QuickJS for mipsel_24kc, from the feed/,
			],
			[
				"the feed's own by apk",
				{ release: "25.12.6", manager: "apk", node: null, arch: "mipsel_24kc" },
				"static",
				/QuickJS for mipsel_24kc, from the feed/,
			],
			[
				"the feed's own on RutOS",
				{ release: "21.02.0", rutos: "RUT9M_R_00.07.21", arch: "mipsel_24kc", node: null },
				"static",
				/QuickJS for mipsel_24kc/,
			],
		];
		test("what it runs on is chosen by what is there, and said", async (t) => {
			for (const [name, what, runtime, words] of runtimes) {
				const box = router(shell, { luci: false, ...what });
				t.after(() => box.remove());
				const ran = await box.run(["--yes"]);
				assert.equal(ran.code, 0, `${name}: ${ran.text}`);
				assert.match(ran.text, new RegExp(`^ {2}runtime {2}${words.source}`, "m"), name);
				assert.match(box.calls().at(-1) ?? "", new RegExp(` autonomy-runtime-${runtime} autonomy$`), name);
				if (what.manager !== "apk")
					assert.equal(
						box.read("etc/opkg/customfeeds.conf"),
						`# mine\nsrc/gz other http://127.0.0.1/other\nsrc/gz autonomy ${feed}/opkg\n${runtime === "static" ? `src/gz autonomy_runtime ${feed}/opkg/mipsel_24kc\n` : ""}`,
					);
				else
					assert.equal(
						box.read("etc/apk/repositories.d/autonomy.list"),
						`${feed}/apk/packages.adb\n${runtime === "static" ? `${feed}/apk/mipsel_24kc/packages.adb\n` : ""}`,
					);
			}
		});

		const refusals: [string, Router, RegExp][] = [
			["an old release", { release: "23.05.5" }, /OpenWrt 23\.05\.5 is too old/],
			[
				"25.12 without anything to run it on",
				{ release: "25.12.6", manager: "apk", node: null },
				/nothing to run it on: OpenWrt 25\.12\.6 offers Node\.js \(none\) .* QuickJS \(none\)/,
			],
			["24.10 without its feeds", { node: null }, /nothing to run it on: .*Are the release's own feeds configured/],
			["Node.js too old", { node: "18.20.6-1" }, /offers Node\.js 18\.20\.6-1 \(needed: 20 or later\)/],
			["QuickJS too old", { node: null, quickjs: "2024.01.13-r2" }, /QuickJS 2024\.01\.13-r2 \(needed: 2025-04-26/],
			["MIPS without a runtime", { arch: "mips_24kc", node: null }, /the feed has no runtime for mips_24kc/],
			["no architecture", { arch: "" }, /does not tell the architecture/],
			[
				"RutOS",
				{ release: "21.02.0", rutos: "RUTX_R_00.07.20", arch: "arm_cortex-a7_neon-vfpv4", node: null },
				/RutOS RUTX_R_00\.07\.20 offers Node\.js \(none\).*no runtime for arm_cortex-a7_neon-vfpv4/,
			],
			["little flash", { flashKb: 20_000 }, /too little flash: 20000 KB are free in \/overlay, 49096 KB are needed/],
			["little memory", { ramKb: 60_000 }, /too little memory: 60000 KB are free, 90000 KB are needed/],
			[
				"little memory for QuickJS",
				{ ramKb: 20_000, quickjs: "2025.09.13-r1" },
				/too little memory: 20000 KB are free, 24000 KB are needed/,
			],
			["no package manager", { manager: null }, /has neither opkg nor apk/],
		];
		for (const [name, what, message] of refusals) {
			test(`refused with the reason: ${name}`, async (t) => {
				if (what.flashKb !== undefined && shell[0] === "busybox") {
					t.skip("Debian's busybox takes its own df whatever PATH says");
					return;
				}
				const box = router(shell, what);
				t.after(() => box.remove());
				const before = box.files();
				const ran = await box.run(["--yes"]);
				assert.equal(ran.code, 1, ran.text);
				assert.match(ran.text, message);
				assert.deepEqual(box.files(), before);
			});
		}

		test("a feed that is not what it should be is not used", async (t) => {
			const box = router(shell);
			t.after(() => box.remove());
			const before = box.files();
			const cases: [string[], RegExp, string?][] = [
				[["--feed", feed.replace(/feed$/, "bad")], /is not signed with the key of this copy/],
				[["--feed", feed.replace(/feed$/, "none")], /the feed cannot be reached: http/],
				[["--feed", "ftp://x/y"], /no address of the web: ftp:\/\/x\/y/],
				[["--feed", "http://x/$(id)"], /characters that no address has/],
				[[], /which feed\? this copy of install\.sh knows none/, TEMPLATE],
				[["--feed", feed], /with which key is the feed signed\?/, TEMPLATE],
				[["--feed", feed, "--key", "/nowhere"], /the key cannot be read: \/nowhere/, TEMPLATE],
				[["--feed", feed, "--key", "/etc/passwd"], /that is no public key of usign/, TEMPLATE],
			];
			for (const [args, message, script] of cases) {
				const ran = await box.run([...args, "--yes"], script);
				assert.equal(ran.code, 1, ran.text);
				assert.match(ran.text, message);
			}
			assert.deepEqual(box.files(), before);
			assert.equal(
				box.calls().some((call) => /install/.test(call)),
				false,
			);
		});

		test("an installation that fails leaves no feed and no key", async (t) => {
			const box = router(shell, { installs: 255 });
			t.after(() => box.remove());
			const ran = await box.run(["--yes"]);
			assert.equal(ran.code, 1);
			assert.match(ran.text, /opkg could not install it, see above; feed and key are taken away again/);
			assert.equal(box.read("etc/opkg/customfeeds.conf"), "# mine\nsrc/gz other http://127.0.0.1/other\n");
			assert.equal(existsSync(join(box.root, "etc/opkg/keys", secret.number)), false);
		});

		test("--uninstall takes away what was installed; --purge the settings too", async (t) => {
			for (const manager of ["opkg", "apk"] as const) {
				const box = router(shell, { manager, release: "25.12.0", installed: ["autonomy", "luci-app-autonomy"] });
				t.after(() => box.remove());
				assert.equal((await box.run(["--yes"])).code, 0);
				mkdirSync(join(box.root, "etc/autonomy/backups"), { recursive: true });
				mkdirSync(join(box.root, "etc/config"), { recursive: true });
				writeFileSync(join(box.root, "etc/config/autonomy"), "mine");
				const dry = await box.run(["--uninstall", "--dry-run"]);
				assert.equal(dry.code, 0, dry.text);
				assert.match(dry.text, /^ {2}packages luci-app-autonomy autonomy$/m);
				const ran = await box.run(["--uninstall", "--yes"]);
				assert.equal(ran.code, 0, ran.text);
				assert.equal(
					box.calls().at(-1),
					`${manager} ${manager === "apk" ? "del" : "remove"} luci-app-autonomy autonomy`,
				);
				assert.equal(box.read("etc/config/autonomy"), "mine");
				const left = box.files().filter((one) => /keys\/|autonomy\.list/.test(one));
				assert.deepEqual(left, []);
				if (manager === "opkg")
					assert.equal(box.read("etc/opkg/customfeeds.conf"), "# mine\nsrc/gz other http://127.0.0.1/other\n");
				assert.equal((await box.run(["--uninstall", "--purge", "--yes"])).code, 0);
				assert.equal(existsSync(join(box.root, "etc/config/autonomy")), false);
				assert.equal(existsSync(join(box.root, "etc/autonomy")), false);
			}
		});

		test("wrong usage is 2 and shows the right one; a download cut short does nothing", async (t) => {
			const box = router(shell);
			t.after(() => box.remove());
			for (const args of [["--frobnicate"], ["--feed"], ["--purge"]]) {
				const ran = await box.run(args);
				assert.equal(ran.code, 2);
				assert.match(ran.text, /^usage: install\.sh/);
			}
			const half = await box.run(["--yes"], TEMPLATE.slice(0, TEMPLATE.lastIndexOf('main "$@"')));
			assert.deepEqual(half, { code: 0, text: "" });
			assert.deepEqual(box.calls(), []);
		});
	});
}

test("address and keys are put in as text only", () => {
	const fill = (one: Partial<Parameters<typeof installer>[1]>): string =>
		installer(TEMPLATE, { feed: "https://h/f", usignKey: "", apkKey: "", ...one });
	assert.match(fill({}), /^FEED='https:\/\/h\/f'$/m);
	assert.throws(() => fill({ feed: "https://h/'; id '" }), /not an address for a feed/);
	assert.throws(() => fill({ usignKey: "x'; id; '" }), /not a public key: x'; id/);
	assert.throws(() => installer("nothing", { feed: "https://h", usignKey: "", apkKey: "" }), /has no line FEED=''/);
});

test("shellcheck has no objection to install.sh", {
	skip: has("shellcheck") ? false : "no shellcheck here",
}, async () => {
	const { spawnSync } = await import("node:child_process");
	assert.equal(spawnSync("shellcheck", ["-s", "dash", join(REPO, "install.sh")], { encoding: "utf8" }).stdout, "");
});

/**
 * `make feed`: build/feed/opkg for OpenWrt up to 24.10 and RutOS, build/feed/apk for 25.12 and later. Each folder is
 * made anew beside the old one and put in its place when it is whole. --help lists the options.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { apkFeed } from "./apk-feed.ts";
import { writeFolder } from "./folder.ts";
import { installer } from "./installer.ts";
import { opkgFeed } from "./opkg-feed.ts";
import { type FeedOptions, feedOptions, REPO } from "./options.ts";
import { feedPackages, RUTOS_SECTION } from "./packages.ts";
import { firmwareText, pmArch, pmArchive } from "./pm.ts";
import { releaseArchive, releaseFiles } from "./release.ts";

const USAGE = `make feed|pm|release ARGS="--option value ..."
  --out FOLDER        where to (build/feed)
  --version V         other than package.json's
  --release N         of the packaging (1)
  --usign-key FILE    secret key of usign for opkg's index (or AUTONOMY_USIGN_KEY)
  --url ADDRESS       where the feed will be found: makes its install.sh, keys included
  --apk-key FILE      private key, PEM, for apk's index (or AUTONOMY_APK_KEY)
make pm ROUTER=RUTX FIRMWARE=00.07.20 [--arch NAME]: an archive for RutOS's Package Manager; make release: one for OpenWrt's SDK.
Without a key that index is not signed. Times come from SOURCE_DATE_EPOCH or the last commit.`;

function feed(options: FeedOptions): void {
	const { packages, left } = feedPackages(REPO, options.version, options.release);
	const feeds = {
		opkg: opkgFeed(packages, options.epochS, options.usignKey),
		apk: apkFeed(
			packages.filter((one) => one.section !== RUTOS_SECTION),
			options.epochS,
			options.apkKey,
		),
	};
	for (const [name, files] of Object.entries(feeds)) {
		writeFolder(join(options.out, name), files);
		for (const { path, content } of files) console.log(`${name}/${path} ${content.length}`);
	}
	if (options.url !== null) {
		const key = (name: keyof typeof feeds): string =>
			feeds[name].find((one) => one.path.startsWith("keys/"))?.content.toString() ?? "";
		const template = readFileSync(join(REPO, "install.sh"), "utf8");
		const script = installer(template, { feed: options.url, usignKey: key("opkg"), apkKey: key("apk") });
		writeFileSync(join(options.out, "install.sh"), script, { mode: 0o755 });
		console.log(`install.sh ${script.length}`);
	}
	for (const reason of left) console.log(`left out: ${reason}`);
	if (options.usignKey === null) console.log("opkg's index is not signed: no --usign-key");
	if (options.apkKey === null) console.log("apk's packages and index are not signed: no --apk-key");
}

/** What RutOS can be given as one archive: the daemon, RutOS' pages, and the runtime it has a build for. */
function pm(options: FeedOptions): void {
	if (options.router === null || options.firmware === null)
		throw new Error("for which router and firmware? make pm ROUTER=RUTX FIRMWARE=00.07.20");
	const target = { router: options.router, firmware: options.firmware };
	const { packages } = feedPackages(REPO, options.version, options.release);
	const arch = pmArch(target.router, options.arch);
	const runtime = packages.find((one) => one.name === "autonomy-runtime-static" && one.architecture === arch);
	if (runtime === undefined)
		throw new Error(`${target.router} has no runtime of its own: make runtime ARCH=${arch} first`);
	const pages = packages.filter((one) => one.section === RUTOS_SECTION);
	const ours = [...packages.filter((one) => one.name === "autonomy"), runtime, ...pages];
	const archive = pmArchive(ours, target, options.epochS);
	const name = `autonomy_${options.version}-r${options.release}_${firmwareText(target)}.tar.gz`;
	mkdirSync(join(options.out, "pm"), { recursive: true });
	writeFileSync(join(options.out, "pm", name), archive);
	console.log(`pm/${name} ${archive.length}`);
}

function release(options: FeedOptions): void {
	const name = `autonomy-${options.version}`;
	const files = releaseFiles(REPO, options.version, options.release, join(REPO, "build/luci/luci-app-autonomy"));
	const archive = releaseArchive(files, name, options.epochS);
	mkdirSync(options.out, { recursive: true });
	writeFileSync(join(options.out, `${name}.tar.gz`), archive);
	console.log(`${name}.tar.gz ${archive.length}`);
	console.log(`sha256 ${createHash("sha256").update(archive).digest("hex")}`);
}

const MAKES = { feed, pm, release };
const [what = "", ...args] = process.argv.slice(2);
if (args.includes("--help") || !(what in MAKES)) {
	console.log(USAGE);
	process.exitCode = args.includes("--help") ? 0 : 2;
} else {
	MAKES[what as keyof typeof MAKES](feedOptions(args));
}

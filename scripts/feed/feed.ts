/**
 * `make feed`: build/feed/opkg for OpenWrt up to 24.10 and RutOS, build/feed/apk for 25.12 and later. Each folder is
 * made anew beside the old one and put in its place when it is whole. --help lists the options.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { apkFeed } from "./apk-feed.ts";
import type { FileEntry } from "./entry.ts";
import { installer } from "./installer.ts";
import { opkgFeed } from "./opkg-feed.ts";
import { feedOptions, REPO } from "./options.ts";
import { feedPackages } from "./packages.ts";

const USAGE = `make feed ARGS="--option value ..."
  --out FOLDER        where to (build/feed)
  --version V         other than package.json's
  --release N         of the packaging (1)
  --usign-key FILE    secret key of usign for opkg's index (or AUTONOMY_USIGN_KEY)
  --url ADDRESS       where the feed will be found: makes its install.sh, keys included
  --apk-key FILE      private key, PEM, for apk's index (or AUTONOMY_APK_KEY)
Without a key that index is not signed. Times come from SOURCE_DATE_EPOCH or the last commit.`;

export function writeFolder(folder: string, files: readonly FileEntry[]): void {
	const fresh = `${folder}.new.${process.pid}`;
	rmSync(fresh, { recursive: true, force: true });
	for (const { path, content, mode } of files) {
		mkdirSync(dirname(join(fresh, path)), { recursive: true });
		writeFileSync(join(fresh, path), content, { mode });
	}
	rmSync(folder, { recursive: true, force: true });
	renameSync(fresh, folder);
}

function main(args: readonly string[]): void {
	if (args.includes("--help")) {
		console.log(USAGE);
		return;
	}
	const options = feedOptions(args);
	const { packages, left } = feedPackages(REPO, options.version, options.release);
	const feeds = {
		opkg: opkgFeed(packages, options.epochS, options.usignKey),
		apk: apkFeed(packages, options.epochS, options.apkKey),
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

main(process.argv.slice(2));

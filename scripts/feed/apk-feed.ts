/**
 * A folder as a line of /etc/apk/repositories.d names it (its packages.adb): the packages, the index, and the public key
 * as a router keeps it in /etc/apk/keys. Packages and index are signed with the same key. apk names files without their
 * architecture, so what is made for one is in a folder of its name, with an index of its own: another line.
 */
import { readFileSync } from "node:fs";
import { parsePrivateKey, publicKeyPem } from "./adb.ts";
import { apkIndex, buildApk } from "./apk.ts";
import { type FileEntry, file } from "./entry.ts";
import type { FeedPackage } from "./package.ts";

/** `keyFile` null: not signed. */
export function apkFeed(packages: readonly FeedPackage[], epochS: number, keyFile: string | null): FileEntry[] {
	const key = keyFile === null ? null : parsePrivateKey(readFileSync(keyFile, "utf8"));
	const places = new Set(packages.map((one) => (one.architecture === undefined ? "" : `${one.architecture}/`)));
	const indexed = (place: string): FileEntry[] => {
		const own = packages.filter((one) => (one.architecture ?? "") === place.slice(0, -1));
		const apks = own.map((one) => buildApk(one, epochS, key));
		return [
			...apks.map((apk) => file(`${place}${apk.filename}`, apk.bytes)),
			file(`${place}packages.adb`, apkIndex(apks, "autonomy", key)),
		];
	};
	return [...[...places].flatMap(indexed), ...(key === null ? [] : [file("keys/autonomy.pem", publicKeyPem(key))])];
}

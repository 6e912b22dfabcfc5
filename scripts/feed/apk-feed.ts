/**
 * A folder as a line of /etc/apk/repositories.d names it (its packages.adb): the packages, the index, and the public key
 * as a router keeps it in /etc/apk/keys. Packages and index are signed with the same key.
 */
import { readFileSync } from "node:fs";
import { parsePrivateKey, publicKeyPem } from "./adb.ts";
import { apkIndex, buildApk } from "./apk.ts";
import { type FileEntry, file } from "./entry.ts";
import type { FeedPackage } from "./package.ts";

/** `keyFile` null: not signed. */
export function apkFeed(packages: readonly FeedPackage[], epochS: number, keyFile: string | null): FileEntry[] {
	const key = keyFile === null ? null : parsePrivateKey(readFileSync(keyFile, "utf8"));
	const apks = packages.map((one) => buildApk(one, epochS, key));
	return [
		...apks.map((apk) => file(apk.filename, apk.bytes)),
		file("packages.adb", apkIndex(apks, "autonomy", key)),
		...(key === null ? [] : [file("keys/autonomy.pem", publicKeyPem(key))]),
	];
}

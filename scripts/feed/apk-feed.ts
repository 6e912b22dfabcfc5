/**
 * A folder as a line of /etc/apk/repositories.d names it (its packages.adb): the packages, the index, and the public key
 * as a router keeps it in /etc/apk/keys. Packages and index are signed with the same key.
 */
import { readFileSync } from "node:fs";
import { parsePrivateKey, publicKeyPem } from "./adb.ts";
import { apkIndex, buildApk } from "./apk.ts";
import { type FileEntry, file } from "./entry.ts";
import type { FeedPackage } from "./package.ts";
import { byPlace } from "./places.ts";

/** `keyFile` null: not signed. */
export function apkFeed(packages: readonly FeedPackage[], epochS: number, keyFile: string | null): FileEntry[] {
	const key = keyFile === null ? null : parsePrivateKey(readFileSync(keyFile, "utf8"));
	const indexed = ([place, own]: readonly [string, readonly FeedPackage[]]): FileEntry[] => {
		const apks = own.map((one) => buildApk(one, epochS, key));
		return [
			...apks.map((apk) => file(`${place}${apk.filename}`, apk.bytes)),
			file(`${place}packages.adb`, apkIndex(apks, "autonomy", key)),
		];
	};
	const keys = key === null ? [] : [file("keys/autonomy.pem", publicKeyPem(key))];
	return [...[...byPlace(packages)].flatMap(indexed), ...keys];
}

/**
 * A folder as opkg's `src/gz` wants it: the packages, Packages with its gzipped form, signature and manifest, and beside
 * them the public key, under its number, as a router keeps it in /etc/opkg/keys.
 */
import { readFileSync } from "node:fs";
import { type FileEntry, file } from "./entry.ts";
import { packagesIndex, packagesManifest } from "./index.ts";
import { buildIpk } from "./ipk.ts";
import type { FeedPackage } from "./package.ts";
import { gzip } from "./tar.ts";
import { parseSecretKey, publicKeyText, signText } from "./usign.ts";

/** Files of the folder. `keyFile` null: not signed. */
export function opkgFeed(packages: readonly FeedPackage[], epochS: number, keyFile: string | null): FileEntry[] {
	const ipks = packages.map((one) => buildIpk(one, epochS));
	const index = Buffer.from(packagesIndex(ipks));
	const files = [
		...ipks.map((ipk) => file(ipk.filename, ipk.bytes)),
		file("Packages", index),
		file("Packages.gz", gzip(index)),
		file("Packages.manifest", packagesManifest(ipks)),
	];
	if (keyFile !== null) {
		const key = parseSecretKey(readFileSync(keyFile, "utf8"));
		files.push(file("Packages.sig", signText(index, key)), file(`keys/${key.number}`, publicKeyText(key)));
	}
	return files;
}

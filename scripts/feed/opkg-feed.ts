/**
 * A folder as opkg's `src/gz` wants it: the packages, Packages with its gzipped form, signature and manifest, and beside
 * them the public key, under its number, as a router keeps it in /etc/opkg/keys.
 */
import { readFileSync } from "node:fs";
import { type FileEntry, file } from "./entry.ts";
import { packagesIndex, packagesManifest } from "./index.ts";
import { buildIpk } from "./ipk.ts";
import type { FeedPackage } from "./package.ts";
import { byPlace } from "./places.ts";
import { gzip } from "./tar.ts";
import { parseSecretKey, publicKeyText, signText } from "./usign.ts";

/** Files of the folder. `keyFile` null: not signed. */
export function opkgFeed(packages: readonly FeedPackage[], epochS: number, keyFile: string | null): FileEntry[] {
	const key = keyFile === null ? null : parseSecretKey(readFileSync(keyFile, "utf8"));
	const files = [...byPlace(packages)].flatMap(([place, own]) => {
		const ipks = own.map((one) => buildIpk(one, epochS));
		const index = Buffer.from(packagesIndex(ipks));
		return [
			...ipks.map((ipk) => file(`${place}${ipk.filename}`, ipk.bytes)),
			file(`${place}Packages`, index),
			file(`${place}Packages.gz`, gzip(index)),
			file(`${place}Packages.manifest`, packagesManifest(ipks)),
			...(key === null ? [] : [file(`${place}Packages.sig`, signText(index, key))]),
		];
	});
	if (key !== null) files.push(file(`keys/${key.number}`, publicKeyText(key)));
	return files;
}

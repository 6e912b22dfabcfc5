/**
 * The index of an opkg feed: Packages, its gzipped form, and Packages.manifest (which, unlike Packages, also tells where
 * a package came from). opkg compares Size and SHA256sum with what it downloaded; Packages.sig covers the whole text.
 */
import { createHash } from "node:crypto";
import { fieldText, type Ipk } from "./ipk.ts";

/** What Packages leaves out: what nobody needs to choose or check a package, on every router that updates its lists. */
const MANIFEST_ONLY = new Set(["Source", "SourceDateEpoch", "Maintainer", "LicenseFiles"]);

export function sha256(data: Buffer): string {
	return createHash("sha256").update(data).digest("hex");
}

function stanza(ipk: Ipk, keep: (field: string) => boolean): string {
	const description = ipk.fields.filter(([name]) => name === "Description");
	const others = ipk.fields.filter(([name]) => name !== "Description" && keep(name));
	return fieldText([
		...others,
		["Filename", ipk.filename],
		["Size", String(ipk.bytes.length)],
		["SHA256sum", sha256(ipk.bytes)],
		...description,
	]);
}

function sorted(ipks: readonly Ipk[]): Ipk[] {
	return [...ipks].sort((a, b) => (a.filename < b.filename ? -1 : 1));
}

export function packagesIndex(ipks: readonly Ipk[]): string {
	return sorted(ipks)
		.map((ipk) => `${stanza(ipk, (field) => !MANIFEST_ONLY.has(field))}\n`)
		.join("");
}

export function packagesManifest(ipks: readonly Ipk[]): string {
	return sorted(ipks)
		.map((ipk) => `${stanza(ipk, () => true)}\n`)
		.join("");
}

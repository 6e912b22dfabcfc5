/**
 * OpenWrt's ipk: a gzipped tar of debian-binary, data.tar.gz and control.tar.gz (not an `ar` archive as in Debian).
 * The scripts are those every OpenWrt package has: they call default_postinst and default_prerm of /lib/functions.sh,
 * which do the package's own part from `postinst-pkg` and `prerm-pkg`.
 */
import { file, withParents } from "./entry.ts";
import {
	ANY_ARCHITECTURE,
	checkPackage,
	dependency,
	type FeedPackage,
	LICENSE,
	MAINTAINER,
	SOURCE_NAME,
} from "./package.ts";
import { gzip, tar } from "./tar.ts";

const LIBRARY = `[ -s "\${IPKG_INSTROOT}/lib/functions.sh" ] || exit 0\n. "\${IPKG_INSTROOT}/lib/functions.sh"\n`;
const POSTINST = `#!/bin/sh\n[ "\${IPKG_NO_SCRIPT}" = "1" ] && exit 0\n${LIBRARY}default_postinst "$0" "$@"\n`;
const PRERM = `#!/bin/sh\n${LIBRARY}default_prerm "$0" "$@"\n`;
/** opkg says it in the environment and as argument. */
const UPGRADE_ONLY = `[ "\${PKG_UPGRADE:-0}" = 1 ] || [ "\${1:-}" = upgrade ] || exit 0\n`;

export interface Ipk {
	readonly filename: string;
	/** Fields in order, without those the index adds (Filename, Size, SHA256sum). */
	readonly fields: readonly (readonly [name: string, value: string])[];
	readonly bytes: Buffer;
	/** The two archives inside. */
	readonly control: Buffer;
	readonly data: Buffer;
}

function dependsText(one: FeedPackage): string {
	return one.depends
		.map(dependency)
		.map(({ name, atLeast }) => (atLeast === null ? name : `${name} (>= ${atLeast})`))
		.join(", ");
}

function controlFields(one: FeedPackage, mtimeS: number, installedSize: number): [string, string][] {
	const fields: [string, string][] = [
		["Package", one.name],
		["Version", one.version],
		["Depends", dependsText(one)],
		["Provides", one.provides.join(", ")],
		["Source", SOURCE_NAME],
		["SourceName", SOURCE_NAME],
		["License", one.license ?? LICENSE],
		["LicenseFiles", "LICENSE"],
		["Section", one.section],
		["SourceDateEpoch", String(mtimeS)],
		["Maintainer", MAINTAINER],
		...(one.fields ?? []).map(([name, value]): [string, string] => [name, value]),
		["Architecture", one.architecture ?? ANY_ARCHITECTURE],
		["Installed-Size", String(installedSize)],
		["Description", one.description],
	];
	return fields.filter(([, value]) => value !== "");
}

export function fieldText(fields: Ipk["fields"]): string {
	return fields.map(([name, value]) => `${name}: ${value}\n`).join("");
}

export function buildIpk(one: FeedPackage, mtimeS: number): Ipk {
	checkPackage(one);
	const data = tar(withParents(one.files), mtimeS);
	const fields = controlFields(one, mtimeS, data.length);
	const { preUpgrade, postInstall, preRemove, postRemove } = one.scripts;
	const control = [
		file("control", fieldText(fields)),
		file("postinst", POSTINST, 0o755),
		file("prerm", PRERM, 0o755),
		...(one.conffiles.length === 0 ? [] : [file("conffiles", `${[...one.conffiles].sort().join("\n")}\n`)]),
		...(preUpgrade === undefined ? [] : [file("preinst", `#!/bin/sh\n${UPGRADE_ONLY}${preUpgrade}`, 0o755)]),
		...(postInstall === undefined ? [] : [file("postinst-pkg", `#!/bin/sh\n${postInstall}`, 0o755)]),
		...(preRemove === undefined ? [] : [file("prerm-pkg", `#!/bin/sh\n${preRemove}`, 0o755)]),
		...(postRemove === undefined ? [] : [file("postrm", `#!/bin/sh\n${postRemove}`, 0o755)]),
	];
	const inside = { data: gzip(data), control: gzip(tar(withParents(control), mtimeS)) };
	const members = [
		file("debian-binary", "2.0\n"),
		file("data.tar.gz", inside.data),
		file("control.tar.gz", inside.control),
	];
	return {
		filename: `${one.name}_${one.version}_${one.architecture ?? ANY_ARCHITECTURE}.ipk`,
		fields,
		bytes: gzip(tar(members, mtimeS)),
		...inside,
	};
}

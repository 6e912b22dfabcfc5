/**
 * Packages and index for apk-tools 3 (OpenWrt 25.12 and later), with what OpenWrt's own packages hold beside the files:
 * below lib/apk/packages the list of files (default_postinst and default_prerm go by it) and the conffiles with their sums.
 * Field numbers are those of apk's schemas (src/apk_adb.h).
 */
import { createHash, type KeyObject } from "node:crypto";
import { AdbWriter, adbFile, compressed, NONE } from "./adb.ts";
import { byPath, type Entry, type FileEntry, file, withParents } from "./entry.ts";
import {
	checkPackage,
	dependency,
	type FeedPackage,
	LICENSE,
	MAINTAINER,
	type PackageScripts,
	SOURCE_NAME,
} from "./package.ts";

/** apk's word for "every architecture". */
const ARCH = "noarch";
const UID_BYTES = 20;
const ROOT = "root";

export interface Apk {
	readonly filename: string;
	readonly one: FeedPackage;
	readonly bytes: Buffer;
	readonly installedSize: number;
	/** SHA-256 of the part the index vouches for; it has the sums of all files in it. */
	readonly hash: Buffer;
}

function ownFiles(one: FeedPackage): FileEntry[] {
	const base = `lib/apk/packages/${one.name}`;
	const extra: FileEntry[] = [];
	if (one.conffiles.length > 0) {
		const sums = [...one.conffiles].sort().map((path) => {
			const content = one.files.find((entry) => `/${entry.path}` === path)?.content ?? Buffer.alloc(0);
			return `${path} ${createHash("sha256").update(content).digest("hex")}\n`;
		});
		extra.push(file(`${base}.conffiles`, `${[...one.conffiles].sort().join("\n")}\n`));
		extra.push(file(`${base}.conffiles_static`, sums.join("")));
	}
	// As OpenWrt's own: without the conffile lists, which are made after it.
	const list = one.files.map((entry) => `/${entry.path}\n`).sort();
	return [...one.files, ...extra, file(`${base}.list`, list.join(""))];
}

const SETTING = (name: string): string =>
	`[ -s "\${IPKG_INSTROOT}/lib/functions.sh" ] || exit 0\n. "\${IPKG_INSTROOT}/lib/functions.sh"\nexport root="\${IPKG_INSTROOT}"\nexport pkgname="${name}"\n`;

/** In the order of apk's fields: trigger, pre-install, post-install, pre-deinstall, post-deinstall, pre-upgrade, post-upgrade. */
function scriptTexts(name: string, scripts: PackageScripts): (string | undefined)[] {
	const install = `[ "\${IPKG_NO_SCRIPT}" = "1" ] && exit 0\n${SETTING(name)}add_group_and_user\ndefault_postinst\n${scripts.postInstall ?? ""}`;
	const upgrade = "export PKG_UPGRADE=1\n";
	const shebang = (text: string | undefined, before = ""): string | undefined =>
		text === undefined ? undefined : `#!/bin/sh\n${before}${text}`;
	return [
		undefined,
		undefined,
		undefined,
		shebang(install),
		// Ours first, as opkg has it, and by itself: it ends with exit.
		shebang(`${scripts.preRemove === undefined ? "" : `(\n${scripts.preRemove})\n`}${SETTING(name)}default_prerm\n`),
		shebang(scripts.postRemove),
		shebang(scripts.preUpgrade, upgrade),
		shebang(install, upgrade),
	];
}

/** apk's operators are bits: 1 equal, 2 less, 4 greater. */
const AT_LEAST = 5;

function dependencies(writer: AdbWriter, texts: readonly string[]): number {
	const items = [...new Set(texts)].sort().map((text) => {
		const { name, atLeast } = dependency(text);
		const written = writer.blob(name);
		if (atLeast === null) return writer.object([NONE, written]);
		return writer.object([NONE, written, writer.blob(atLeast), writer.int(AT_LEAST)]);
	});
	return writer.array(items);
}

/** Fields 1 to 16 of a package's description; `hash` and sizes differ between package and index. */
function described(writer: AdbWriter, one: FeedPackage): number[] {
	const fields: number[] = new Array(17).fill(NONE);
	fields[1] = writer.blob(one.name);
	fields[2] = writer.blob(one.version);
	fields[4] = writer.blob(one.description);
	fields[5] = writer.blob(one.architecture ?? ARCH);
	fields[6] = writer.blob(one.license ?? LICENSE);
	fields[7] = writer.blob(SOURCE_NAME);
	fields[8] = writer.blob(MAINTAINER);
	fields[14] = one.priority === undefined ? NONE : writer.int(one.priority);
	fields[15] = dependencies(writer, one.depends);
	fields[16] = dependencies(writer, one.provides);
	return fields;
}

function acl(writer: AdbWriter, mode: number): number {
	return writer.object([NONE, writer.int(mode), writer.blob(ROOT), writer.blob(ROOT)]);
}

interface Folder {
	readonly path: string;
	readonly files: readonly FileEntry[];
}

function folders(entries: readonly Entry[]): Folder[] {
	const paths = ["", ...entries.filter((entry) => entry.kind === "dir").map((entry) => entry.path)];
	return paths
		.map((path) => ({
			path,
			files: entries.filter(
				(entry): entry is FileEntry =>
					entry.kind === "file" && entry.path.slice(0, Math.max(entry.path.lastIndexOf("/"), 0)) === path,
			),
		}))
		.filter(({ path, files }) => path !== "" || files.length > 0)
		.sort(byPath);
}

function writeFolder(writer: AdbWriter, { path, files }: Folder, mtimeS: number): number {
	const written = files.map((entry) => {
		const name = writer.blob(entry.path.slice(entry.path.lastIndexOf("/") + 1));
		const sum = writer.blob(createHash("sha256").update(entry.content).digest());
		const mtime = writer.int(mtimeS);
		const size = writer.int(entry.content.length);
		return writer.object([NONE, name, acl(writer, entry.mode), size, mtime, sum]);
	});
	const name = writer.blob(path);
	const rights = acl(writer, 0o755);
	return writer.object([NONE, name, rights, writer.array(written)]);
}

export function buildApk(one: FeedPackage, mtimeS: number, key: KeyObject | null): Apk {
	checkPackage(one);
	const writer = new AdbWriter();
	const fields = described(writer, one);
	const inside = folders(withParents(ownFiles(one)));
	const paths = inside.map((folder) => writeFolder(writer, folder, mtimeS));
	const files = inside.flatMap((folder) => folder.files);
	const installedSize = files.reduce((total, entry) => total + entry.content.length, 0);
	fields[12] = writer.int(installedSize);
	// Its own number, from everything else: a hole now, filled in when the rest stands.
	const hole = writer.blob(Buffer.alloc(UID_BYTES), false);
	fields[3] = hole;
	const info = writer.object(fields);
	const folderList = writer.array(paths);
	const scripts = writer.object(scriptTexts(one.name, one.scripts).map((text) => writer.blob(text ?? "")));
	const adb = writer.finish(writer.object([NONE, info, folderList, scripts]));
	const uid = createHash("sha256").update(adb).digest().subarray(0, UID_BYTES);
	uid.copy(adb, (hole & 0x0fffffff) + 1);

	const data = inside.flatMap((folder, at) =>
		folder.files.flatMap((entry, index) => {
			if (entry.content.length === 0) return [];
			const place = Buffer.alloc(8);
			place.writeUInt32LE(at + 1);
			place.writeUInt32LE(index + 1, 4);
			return [Buffer.concat([place, entry.content])];
		}),
	);
	return {
		filename: `${one.name}-${one.version}.apk`,
		one,
		bytes: compressed(adbFile({ schema: "pckg", adb, key, data })),
		installedSize,
		hash: createHash("sha256").update(adb).digest(),
	};
}

/** packages.adb: what apk update fetches. */
export function apkIndex(apks: readonly Apk[], description: string, key: KeyObject | null): Buffer {
	const writer = new AdbWriter();
	const sorted = [...apks].sort((a, b) => (a.filename < b.filename ? -1 : 1));
	const entries = sorted.map((apk) => {
		const fields = described(writer, apk.one);
		fields[3] = writer.blob(apk.hash);
		fields[12] = writer.int(apk.installedSize);
		fields[13] = writer.int(apk.bytes.length);
		return writer.object(fields);
	});
	const root = writer.object([NONE, writer.blob(description), writer.array(entries)]);
	return compressed(adbFile({ schema: "indx", adb: writer.finish(root), key, data: [] }));
}

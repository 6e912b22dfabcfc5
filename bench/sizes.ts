/**
 * What the packages weigh: as files of the feed, and installed, by the feed's own builder. Installed bytes are those of the
 * files; on flash OpenWrt's file systems compress them to about the size of the package. Needs `make feed`'s builds.
 */
import { buildApk } from "../scripts/feed/apk.ts";
import { buildIpk } from "../scripts/feed/ipk.ts";
import { REPO } from "../scripts/feed/options.ts";
import { feedPackages } from "../scripts/feed/packages.ts";

/** Upper bounds of the ipk, where one was promised. */
const BOUND_BYTES: Readonly<Record<string, number>> = { autonomy: 700_000, "luci-app-autonomy": 200_000 };

interface Size {
	readonly ipk_bytes: number;
	readonly apk_bytes: number;
	readonly installed_bytes: number;
	readonly bound_bytes: number | null;
}

export async function run(): Promise<object> {
	const { packages, left } = feedPackages(REPO, "0.0.0", 1);
	const sizes: Record<string, Size> = {};
	console.error(`${"package".padEnd(26)}      ipk      apk  installed    bound`);
	for (const one of packages) {
		const bound = BOUND_BYTES[one.name] ?? null;
		const size: Size = {
			ipk_bytes: buildIpk(one, 0).bytes.length,
			apk_bytes: buildApk(one, 0, null).bytes.length,
			installed_bytes: one.files.reduce((total, entry) => total + entry.content.length, 0),
			bound_bytes: bound,
		};
		sizes[one.name] = size;
		const column = (value: number | null, width: number): string => String(value ?? "-").padStart(width);
		console.error(
			`${one.name.padEnd(26)} ${column(size.ipk_bytes, 8)} ${column(size.apk_bytes, 8)} ${column(size.installed_bytes, 10)} ${column(bound, 8)}`,
		);
		if (bound !== null && size.ipk_bytes > bound) process.exitCode = 1;
	}
	for (const reason of left) console.error(`left out: ${reason}`);
	return { sizes };
}

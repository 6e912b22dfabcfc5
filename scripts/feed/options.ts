/**
 * What the feed is made from and with: options of the command line, then the environment, then the repository itself.
 * Private keys are files somewhere else; they are named, never kept here.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

export const REPO = resolve(import.meta.dirname, "../..");

export interface FeedOptions {
	readonly out: string;
	/** Of the sources: 0.1.0. */
	readonly version: string;
	/** Of the packaging: 1, 2, ... */
	readonly release: number;
	/** Time of every file in every archive. */
	readonly epochS: number;
	/** Null: the index is not signed, and it is said. */
	readonly usignKey: string | null;
	readonly apkKey: string | null;
	/** Where the feed will be found; null: no install.sh is made for it. */
	readonly url: string | null;
	/** For a Package Manager archive of RutOS. */
	readonly router: string | null;
	readonly firmware: string | null;
	/** Its processor, where the family does not tell. */
	readonly arch: string | null;
}

/** SOURCE_DATE_EPOCH, else the time of the last commit: the same sources give the same bytes. */
function epoch(): number {
	const given = process.env.SOURCE_DATE_EPOCH;
	if (given !== undefined && given !== "") {
		if (!/^\d{1,11}$/.test(given)) throw new Error(`SOURCE_DATE_EPOCH is not a number of seconds: ${given}`);
		return Number(given);
	}
	try {
		return Number(execFileSync("git", ["log", "-1", "--format=%ct"], { cwd: REPO, encoding: "utf8" }));
	} catch {
		throw new Error("not a git repository: say with SOURCE_DATE_EPOCH (seconds) what time the files are to have");
	}
}

export function feedOptions(args: readonly string[]): FeedOptions {
	const { values } = parseArgs({
		args: [...args],
		options: {
			out: { type: "string", default: join(REPO, "build/feed") },
			version: { type: "string" },
			release: { type: "string", default: "1" },
			"usign-key": { type: "string" },
			"apk-key": { type: "string" },
			url: { type: "string" },
			router: { type: "string" },
			firmware: { type: "string" },
			arch: { type: "string" },
		},
	});
	const meta = JSON.parse(readFileSync(join(REPO, "package.json"), "utf8")) as { version: string };
	if (!/^[1-9]\d{0,3}$/.test(values.release)) throw new Error(`--release is not a number from 1: ${values.release}`);
	const orNull = (text: string | undefined): string | null => (text === undefined || text === "" ? null : text);
	return {
		out: resolve(values.out),
		version: values.version ?? meta.version,
		release: Number(values.release),
		epochS: epoch(),
		usignKey: orNull(values["usign-key"] ?? process.env.AUTONOMY_USIGN_KEY),
		apkKey: orNull(values["apk-key"] ?? process.env.AUTONOMY_APK_KEY),
		url: orNull(values.url ?? process.env.AUTONOMY_FEED_URL),
		router: orNull(values.router ?? process.env.ROUTER),
		firmware: orNull(values.firmware ?? process.env.FIRMWARE),
		arch: orNull(values.arch),
	};
}

/**
 * An archive for the Package Manager page of RutOS: the packages with the control fields that page looks for, and `main`,
 * which says for which routers and firmware it is. RutOS takes it only where Router is the family and Firmware ends in the
 * version that runs, so there is one archive for each; it is not signed, which the page says before it installs.
 * The sums in `main` are over control.tar.gz and data.tar.gz, one after the other. Not tried on a router.
 */
import { createHash } from "node:crypto";
import { file } from "./entry.ts";
import { buildIpk, type Ipk } from "./ipk.ts";
import type { FeedPackage } from "./package.ts";
import { gzip, tar } from "./tar.ts";

export interface RutTarget {
	/** Family as RutOS names it: RUTX, RUTM, RUT9, RUT9M, RUT2, RUT2M, TRB1 ... */
	readonly router: string;
	/** 00.07.20, or with the family before it: RUTX_R_00.07.20. */
	readonly firmware: string;
}

const TITLE = "autonomy";

/** Which processor a family has, as its package manager names it. */
const ARCH_OF_FAMILY: Readonly<Record<string, string>> = {
	RUTX: "arm_cortex-a7_neon-vfpv4",
	RUTM: "mipsel_24kc",
	RUT2M: "mipsel_24kc",
	RUT9M: "mipsel_24kc",
	RUT2: "mips_24kc",
	RUT9: "mips_24kc",
};

/** `given`: what the caller says for a family that is not known here, else null. */
export function pmArch(router: string, given: string | null): string {
	const found = given ?? ARCH_OF_FAMILY[router];
	if (found === undefined)
		throw new Error(
			`which processor has ${router}? known: ${Object.keys(ARCH_OF_FAMILY).join(", ")}; for others ARGS="--arch NAME"`,
		);
	return found;
}

export function firmwareText({ router, firmware }: RutTarget): string {
	if (!/^[A-Z]{2,5}[0-9A-Z]{0,4}$/.test(router)) throw new Error(`not a family of routers, like RUTX: ${router}`);
	const version = /^(?:([A-Z0-9]+)_R_)?(\d{2}(?:\.\d{2}){1,2}(?:\.\d+)?)$/.exec(firmware);
	if (version === null) throw new Error(`not a firmware version, like 00.07.20: ${firmware}`);
	if (version[1] !== undefined && version[1] !== router) throw new Error(`${firmware} is not for ${router}`);
	return `${router}_R_${version[2]}`;
}

function named(ipk: Ipk): string {
	const sum = createHash("sha256").update(ipk.control).update(ipk.data).digest("hex");
	return `${ipk.filename}:${sum}`;
}

/** The first package is the one the page shows; the others are what it needs. */
export function pmArchive(packages: readonly FeedPackage[], target: RutTarget, mtimeS: number): Buffer {
	const [first, ...others] = packages;
	if (first === undefined) throw new Error("an archive of no packages");
	const shown: [string, string][] = [
		["Router", target.router],
		["Firmware", firmwareText(target)],
		["tlt_name", TITLE],
		["AppName", first.name],
		["pkg_network_restart", "0"],
	];
	const main = buildIpk({ ...first, fields: shown }, mtimeS);
	const rest = others.map((one) => buildIpk(one, mtimeS));
	const info = [
		...main.fields.filter(([name]) => name === "Package" || name === "Version"),
		...shown,
		["ipk_file", named(main)],
		["ipk_deps", rest.map(named).join(" ")],
	];
	const members = [main, ...rest].map((ipk) => file(ipk.filename, ipk.bytes));
	const text = info.map(([name, value]) => `${name}: ${value}\n`).join("");
	return gzip(tar([...members, file("main", text)], mtimeS));
}

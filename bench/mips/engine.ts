/** QuickJS for MIPS by qemu-user, with its instructions counted: a program to be run in the place of qjs. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPO } from "../../lab/net/bundle.ts";

const ARCH = "mipsel_24kc";
const QEMU = "qemu-mipsel";
/** Numbers of qemu's plugin interface that this plugin fits: 7.2 wants 1, later ones more. */
const APIS = [1, 2, 3, 4, 5];

export interface CountedEngine {
	/** Below the repository, so that it is there inside the lab too. */
	readonly program: string;
	/** Executed so far by everything started from `program`, since the last reset. */
	instructions(): number;
	reset(): void;
	remove(): void;
}

/** Null with the reason where it cannot be had. */
export function countedEngine(): CountedEngine | string {
	const qjs = `build/runtime/${ARCH}/qjs`;
	if (!existsSync(join(REPO, qjs))) return `no static QuickJS: make runtime ARCH=${ARCH} first`;
	if (spawnSync(QEMU, ["-version"]).status !== 0) return `no ${QEMU} here; Debian: apt-get install qemu-user`;
	const folder = join(REPO, "build/bench/mips");
	mkdirSync(folder, { recursive: true });
	// In the lab the checkout cannot be written; /dev is the same inside and outside.
	const counter = `/dev/shm/autonomy-mips-${process.pid}`;
	const plugin = join(folder, "count.so");
	const argv = (file: string): string[] => ["-cpu", "24Kc", "-plugin", `${plugin},out=${file}`];
	const fits = APIS.some((api) => {
		const made = spawnSync("gcc", [
			"-O2",
			"-shared",
			"-fPIC",
			`-DAPI=${api}`,
			"-o",
			plugin,
			join(REPO, "bench/mips/count.c"),
		]);
		if (made.status !== 0) return false;
		const ran = spawnSync(QEMU, [...argv(counter), join(REPO, qjs), "-e", "1"]);
		return ran.status === 0 && existsSync(counter) && readFileSync(counter).readBigUInt64LE() > 0n;
	});
	if (!fits) return "gcc could not make a plugin that this qemu takes";
	const program = join(folder, "qjs");
	writeFileSync(
		program,
		`#!/bin/sh\nhere="\${0%/*}"\nexec ${QEMU} -cpu 24Kc -plugin "$here/count.so,out=${counter}" "$here/../../runtime/${ARCH}/qjs" "$@"\n`,
	);
	chmodSync(program, 0o755);
	return {
		program,
		instructions: () => Number(readFileSync(counter).readBigUInt64LE()),
		reset: () => writeFileSync(counter, Buffer.alloc(8)),
		remove: () => rmSync(counter, { force: true }),
	};
}

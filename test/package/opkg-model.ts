/**
 * opkg and OpenWrt's default_postinst and default_prerm as far as a package can notice them, on a folder: order of the
 * scripts, conffiles, files that a newer version no longer has, uci-defaults. Checked against the real ones by
 * real.test.ts, which runs the same steps. Everything runs under busybox ash with AUTONOMY_ROOT as the router's root.
 */
import { createHash } from "node:crypto";
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmdirSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { must, run, unpackIpk } from "./support.ts";

interface Installed {
	readonly files: readonly string[];
	/** Path and the sum it had when it came. */
	readonly conffiles: ReadonlyMap<string, string>;
	readonly scripts: ReadonlyMap<string, string>;
}

export interface OpkgModel {
	install(ipk: Buffer): void;
	remove(name: string): void;
	/** Every file with its mode, sorted. */
	listing(): string[];
}

const SCRIPTS = ["preinst", "postinst-pkg", "prerm-pkg", "postrm"];

function sum(path: string): string {
	return createHash("sha256").update(readFileSync(path)).digest("hex");
}

export function opkgModel(root: string, bin: string): OpkgModel {
	const installed = new Map<string, Installed>();
	const env = { PATH: `${bin}:/usr/bin:/bin`, AUTONOMY_ROOT: root };

	function script(one: Installed | undefined, name: string, upgrade: boolean): void {
		const text = one?.scripts.get(name);
		if (text === undefined) return;
		const path = join(bin, "..", `${name}.sh`);
		writeFileSync(path, text);
		const ran = run(["busybox", "ash", path], { env: { ...env, PKG_UPGRADE: upgrade ? "1" : "0" } });
		if (ran.status !== 0) throw new Error(`${name}: ${ran.status} ${ran.stderr}`);
	}

	function service(one: Installed, command: string): void {
		for (const path of one.files.filter((file) => file.startsWith("etc/init.d/")))
			run([join(root, path), command], { env });
	}

	function prune(path: string): void {
		for (let at = dirname(path); at !== "."; at = dirname(at)) {
			if (!existsSync(join(root, at)) || readdirSync(join(root, at)).length > 0) return;
			rmdirSync(join(root, at));
		}
	}

	return {
		install(ipk) {
			const box = unpackIpk(ipk);
			const name = /^Package: (.*)$/m.exec(box.control("control") ?? "")?.[1] ?? "";
			const old = installed.get(name);
			const scripts = new Map(
				SCRIPTS.flatMap((one) => (box.control(one) === null ? [] : [[one, box.control(one)!] as const])),
			);
			const files = must(["tar", "-tzf", box.data])
				.trimEnd()
				.split("\n")
				.filter((line) => !line.endsWith("/"))
				.map((line) => line.slice(2));
			const conffiles = (box.control("conffiles") ?? "")
				.trim()
				.split("\n")
				.filter((line) => line !== "")
				.map((line) => line.slice(1));
			script({ files, conffiles: new Map(), scripts }, "preinst", old !== undefined);
			script(old, "prerm-pkg", true);
			if (old !== undefined) service(old, "stop");
			// What the owner changed is put aside; so is what was there before the package.
			const kept = conffiles.filter(
				(path) => existsSync(join(root, path)) && sum(join(root, path)) !== old?.conffiles.get(path),
			);
			for (const path of kept) renameSync(join(root, path), join(root, `${path}.aside`));
			must(["tar", "-xzf", box.data, "-C", root]);
			const sums = new Map(conffiles.map((path) => [path, sum(join(root, path))]));
			for (const path of kept) {
				if (sum(join(root, `${path}.aside`)) !== sums.get(path))
					renameSync(join(root, path), join(root, `${path}-opkg`));
				renameSync(join(root, `${path}.aside`), join(root, path));
			}
			for (const path of old?.files ?? []) {
				if (files.includes(path) || !existsSync(join(root, path))) continue;
				rmSync(join(root, path));
				prune(path);
			}
			const record = { files, conffiles: sums, scripts };
			installed.set(name, record);
			for (const path of files.filter((file) => file.startsWith("etc/uci-defaults/"))) {
				const ran = run(["busybox", "ash", "-c", '( [ -f "$1" ] && . "$1" ) && rm -f "$1"', "sh", join(root, path)], {
					env,
				});
				if (ran.status !== 0) throw new Error(`${path}: ${ran.stderr}`);
			}
			script(record, "postinst-pkg", old !== undefined);
			if (old === undefined) service(record, "enable");
			service(record, "start");
			box.remove();
		},
		remove(name) {
			const one = installed.get(name);
			if (one === undefined) throw new Error(`${name} is not installed`);
			script(one, "prerm-pkg", false);
			service(one, "disable");
			service(one, "stop");
			for (const path of one.files) {
				const at = join(root, path);
				const was = one.conffiles.get(path);
				if (!existsSync(at) || (was !== undefined && sum(at) !== was)) continue;
				rmSync(at);
				prune(path);
			}
			installed.delete(name);
			script(one, "postrm", false);
		},
		listing() {
			mkdirSync(root, { recursive: true });
			return readdirSync(root, { recursive: true, encoding: "utf8" })
				.filter((path) => statSync(join(root, path)).isFile())
				.map((path) => `${(statSync(join(root, path)).mode & 0o777).toString(8)} ${path}`)
				.sort();
		},
	};
}

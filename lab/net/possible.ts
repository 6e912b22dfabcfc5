/** Says what this machine lacks for a lab, in words; an empty list means that one can be built. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const NEEDED = [
	"unshare",
	"nsenter",
	"ip",
	"nft",
	"iptables-restore",
	"ip6tables-restore",
	"ipset",
	"conntrack",
	"fping",
];

function inPath(name: string): boolean {
	const folders = `${process.env.PATH ?? ""}:/usr/sbin:/sbin:/usr/bin:/bin`.split(":");
	return folders.some((folder) => existsSync(`${folder}/${name}`));
}

/** How namespaces are made here: as root, or as root of a user namespace of our own. */
export function unshareArgs(): string[] {
	return [
		...(process.getuid?.() === 0 ? [] : ["-Ur"]),
		"--net",
		"--mount",
		"--pid",
		"--fork",
		"--kill-child",
		"--mount-proc",
	];
}

let answer: string[] | null = null;

export function missing(): readonly string[] {
	if (answer) return answer;
	const absent = NEEDED.filter((name) => !inPath(name));
	answer = absent.map((name) => `the program ${name} is not installed`);
	if (process.platform !== "linux") answer.push("namespaces exist only on Linux");
	else if (!absent.includes("unshare")) {
		const test = spawnSync("unshare", [
			...unshareArgs(),
			"sh",
			"-c",
			"mount -t tmpfs lab /run && mkdir -p /run/x && ip link set lo up",
		]);
		if (test.status !== 0) {
			const who = process.getuid?.() === 0 ? "root" : "an unprivileged user";
			answer.push(
				`namespaces cannot be made as ${who}: ${String(test.stderr).trim() || test.error?.message || "unshare failed"}` +
					(who === "root" ? "" : " (run as root, or allow user namespaces: sysctl kernel.unprivileged_userns_clone=1)"),
			);
		}
	}
	return answer;
}

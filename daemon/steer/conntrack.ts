/**
 * Frees connections that are stuck on a dead uplink: never all of them, only those of that uplink and family. With
 * mwan3 they carry the uplink's mark; without it they are known by the address they were masqueraded to, which is where
 * their replies go (reply-dst). Nothing of this ever writes to /proc/net/nf_conntrack.
 */
import type { Family } from "../health/types.ts";
import type { Argv } from "../platform/platform.ts";
import { addressOf, hex } from "./names.ts";

export type ReleaseBy =
	| { readonly kind: "mark"; readonly mark: number; readonly mask: number }
	| { readonly kind: "address"; readonly address: string };

export function releaseArgv(family: Family, by: ReleaseBy): Argv {
	const select =
		by.kind === "mark" ? ["--mark", `${hex(by.mark)}/${hex(by.mask)}`] : ["--reply-dst", addressOf(family, by.address)];
	return ["conntrack", "-D", "-f", family, ...select];
}

/** How many connections `conntrack -D` says it deleted; null when it says nothing of the kind (it failed). */
export function releasedFlows(stderr: string): number | null {
	const match = /(\d+) flow entries have been deleted/.exec(stderr);
	return match ? Number(match[1]) : null;
}

/** `conntrack -D` lists first and deletes then; it ends at the first that has gone meanwhile, the rest stays (1.4.7). */
export function isInterrupted(stderr: string): boolean {
	return releasedFlows(stderr) === null && /such conntrack doesn't exist/.test(stderr);
}

/** How programs are run somewhere in a lab; shared by the keeper and those who ask it. */

/** Where the router's programs are looked for; the lab's own first. */
export const ROUTER_PATH = "/lab/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export type Where = "router" | "client" | "internet" | `isp${number}`;

export interface RunParams {
	readonly where: Where;
	readonly argv: readonly string[];
	readonly stdin?: string;
	readonly timeoutMs?: number;
	readonly env?: Readonly<Record<string, string>>;
}

export interface RunResult {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** How programs are run somewhere in a lab; shared by the keeper and those who ask it. */
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

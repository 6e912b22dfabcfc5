/** The work of smoke.ts without its judge: what ../qemu.test.ts does on Node and what the other engine must do alike. */
import { double, int16, int64 } from "../../../daemon/bus/blobmsg.ts";
import { decodeTable } from "../../../daemon/bus/blobmsg-read.ts";
import { ATTR, FrameWriter, MSG, parseMessage } from "../../../daemon/bus/message.ts";
import { readConfig } from "../../../daemon/config/read.ts";
import { formatReport } from "../../../daemon/config/report.ts";
import { describe } from "../../../daemon/decide/describe.ts";
import { step } from "../../../daemon/decide/engine.ts";
import type { Settings } from "../../../daemon/decide/settings.ts";
import { initialState } from "../../../daemon/decide/state.ts";
import type { Input } from "../../../daemon/decide/types.ts";
import { createInputLog } from "../../../daemon/record/input-log.ts";
import { parseUci } from "../../../daemon/uci/parse.ts";

export interface Recording {
	readonly configuration: string;
	readonly settings: Settings;
	readonly inputs: readonly Input[];
}

export interface Results {
	readonly configuration: readonly string[];
	readonly codec: string;
	readonly decisions: readonly string[];
}

const FILE = "/etc/config/autonomy";

/** The values in force, and what is said about the text. */
export function configuration(text: string): string[] {
	const { config, report } = readConfig(parseUci(text, { file: FILE }), FILE);
	return [JSON.stringify({ ...config, members: [...config.members] }), formatReport(report)];
}

/** A frame with every type there is, in hex, and what it reads as. */
export function codec(): string {
	const table = {
		byte: true,
		short: int16(-2),
		int: -123_456_789,
		long: int64(-1_234_567_890_123n),
		double: double(Math.PI * 1e-5),
		text: "Größe €",
		list: [1, "a", null],
		inside: { deep: { none: null } },
	};
	const frame = new FrameWriter()
		.begin(MSG.data, 513, 0xfedcba98)
		.u32(ATTR.objId, 0x80000001)
		.table(ATTR.data, table)
		.end();
	const hex = [...frame].map((byte) => byte.toString(16).padStart(2, "0")).join("");
	const { data, seq, peer, objId } = parseMessage(frame);
	const read = data === null ? null : decodeTable(data);
	return `${hex} ${JSON.stringify({ seq, peer, objId, read }, (_, value) => (typeof value === "bigint" ? `${value}n` : value))}`;
}

/** Through the log in its binary form, as a router records; every decision, and what the engine sees at the end. */
export function decisions({ inputs, settings }: Recording): string[] {
	const log = createInputLog(4_000_000, () => null);
	for (const one of inputs) log.add(one);
	let state = initialState(settings);
	const found: string[] = [];
	for (const input of log.replay(0).inputs) {
		const result = step(state, input);
		state = result.state;
		for (const one of result.decisions) found.push(JSON.stringify(one));
	}
	return [...found, JSON.stringify(describe(state))];
}

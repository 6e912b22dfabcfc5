/** Cuts bytes into lines without ever holding more than one capped line. */
import { concat, decodeText } from "./text.ts";

const MAX_LINE = 65_536;
const NEWLINE = 10;

export interface LineCutter {
	push(chunk: Uint8Array): void;
	/** Delivers an unfinished last line. */
	end(): void;
}

/** `onLine` gets each line without its end; lines beyond 64 KiB are cut there and the rest is dropped. */
export function createLineCutter(onLine: (line: string) => void): LineCutter {
	let rest: Uint8Array = new Uint8Array(0);
	let dropping = false;
	const deliver = (line: Uint8Array): void => onLine(decodeText(line.subarray(0, MAX_LINE)).replace(/\r$/, ""));
	return {
		push(chunk) {
			let start = 0;
			for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
				const part = chunk.subarray(start, end);
				start = end + 1;
				if (dropping) dropping = false;
				else deliver(rest.length === 0 ? part : concat([rest, part]));
				rest = new Uint8Array(0);
			}
			if (dropping || start === chunk.length) return;
			rest = concat([rest, chunk.subarray(start)]);
			if (rest.length > MAX_LINE) {
				deliver(rest);
				rest = new Uint8Array(0);
				dropping = true;
			}
		},
		end() {
			if (rest.length > 0 && !dropping) onLine(decodeText(rest));
			rest = new Uint8Array(0);
		},
	};
}

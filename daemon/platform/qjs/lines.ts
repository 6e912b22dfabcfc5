/** Cuts bytes into lines without ever holding more than one capped line. Keeps nothing of the memory it is given. */
import { asciiText, concat, decodeText } from "../text.ts";

const MAX_LINE = 65_536;
const NEWLINE = 10;
const RETURN = 13;
const NOTHING = new Uint8Array(0);

export interface LineCutter {
	push(chunk: Uint8Array): void;
	/** Delivers an unfinished last line. */
	end(): void;
}

/** `onLine` gets each line without its end; lines beyond 64 KiB are cut there and the rest is dropped. */
export function createLineCutter(onLine: (line: string) => void): LineCutter {
	let rest: Uint8Array = NOTHING;
	let dropping = false;
	const deliver = (line: Uint8Array): void => onLine(decodeText(line.subarray(0, MAX_LINE)).replace(/\r$/, ""));
	/** Whole lines of plain text, as programs write them, by the engine's own means. */
	function pushText(text: string): void {
		let start = 0;
		for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
			const stop = end > start && text.charCodeAt(end - 1) === RETURN ? end - 1 : end;
			const line = text.slice(start, stop);
			start = end + 1;
			onLine(line);
		}
	}

	return {
		push(chunk) {
			if (rest.length === 0 && !dropping && chunk[chunk.length - 1] === NEWLINE) {
				const text = asciiText(chunk);
				if (text !== null) {
					pushText(text);
					return;
				}
			}
			let start = 0;
			for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
				const part = chunk.subarray(start, end);
				start = end + 1;
				if (dropping) dropping = false;
				else deliver(rest.length === 0 ? part : concat([rest, part]));
				rest = NOTHING;
			}
			if (dropping || start === chunk.length) return;
			rest = concat([rest, chunk.subarray(start)]);
			if (rest.length > MAX_LINE) {
				deliver(rest);
				rest = NOTHING;
				dropping = true;
			}
		},
		end() {
			if (rest.length > 0 && !dropping) onLine(decodeText(rest));
			rest = NOTHING;
		},
	};
}

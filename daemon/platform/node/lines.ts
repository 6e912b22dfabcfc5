/** Cuts a byte stream into lines without ever holding more than one capped line. */
import { StringDecoder } from "node:string_decoder";

const MAX_LINE = 65_536;

export interface LineCutter {
	push(chunk: Buffer): void;
	/** Delivers an unfinished last line. */
	end(): void;
}

function clean(line: string): string {
	const cut = line.length > MAX_LINE ? line.slice(0, MAX_LINE) : line;
	return cut.endsWith("\r") ? cut.slice(0, -1) : cut;
}

/** `onLine` gets each line without its end; lines beyond 64 KiB are cut there and the rest is dropped. */
export function createLineCutter(onLine: (line: string) => void): LineCutter {
	const decoder = new StringDecoder("utf8");
	let rest = "";
	let dropping = false;

	const take = (text: string): void => {
		let start = 0;
		for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
			const line = rest + text.slice(start, end);
			rest = "";
			start = end + 1;
			if (dropping) dropping = false;
			else onLine(clean(line));
		}
		if (dropping) return;
		rest += text.slice(start);
		if (rest.length > MAX_LINE) {
			onLine(rest.slice(0, MAX_LINE));
			rest = "";
			dropping = true;
		}
	};

	return {
		push: (chunk) => take(decoder.write(chunk)),
		end() {
			take(decoder.end());
			if (rest && !dropping) onLine(rest);
			rest = "";
		},
	};
}

/** How the demo speaks: time since the start in front, colour only for people at a terminal, lines that fit 100 columns. */
import { nowMs } from "../net/lab.ts";

export interface Teller {
	/** A chapter of the story. */
	chapter(title: string): void;
	/** What happens in the world. */
	world(text: string): void;
	/** What the daemon says. */
	daemon(text: string): void;
	/** What the LAN client noticed. */
	client(text: string): void;
	note(text: string): void;
	verdict(ok: boolean, text: string): void;
}

const WIDTH = 100;

function wrap(text: string, indent: number): string {
	const lines: string[] = [];
	let line = "";
	for (const word of text.split(/\s+/)) {
		if (line !== "" && line.length + word.length + 1 > WIDTH - indent) {
			lines.push(line);
			line = word;
		} else line = line === "" ? word : `${line} ${word}`;
	}
	lines.push(line);
	return lines.join(`\n${" ".repeat(indent)}`);
}

export function createTeller(): Teller {
	const began = nowMs();
	const colour = process.stdout.isTTY && process.env.NO_COLOR === undefined;
	const paint = (code: number, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
	function say(who: string, code: number, text: string): void {
		const time = `${((nowMs() - began) / 1000).toFixed(1).padStart(6)} s`;
		// What the daemon says may hold names from outside: no control character reaches the terminal.
		const clean = [...text].filter((c) => c >= " " && c !== "\u007f" && !(c >= "\u0080" && c < "\u00a0")).join("");
		process.stdout.write(`${paint(2, time)}  ${paint(code, who.padEnd(7))}  ${wrap(clean, 19)}\n`);
	}
	return {
		chapter: (title) => void process.stdout.write(`\n${paint(1, title)}\n`),
		world: (text) => say("world", 35, text),
		daemon: (text) => say("daemon", 36, text),
		client: (text) => say("client", 33, text),
		note: (text) => say("", 2, text),
		verdict: (ok, text) => say(ok ? "as told" : "WRONG", ok ? 32 : 31, text),
	};
}

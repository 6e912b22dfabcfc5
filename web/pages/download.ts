/** Hands a text to the browser as a file. */
import { el } from "../dom.ts";

export function download(name: string, text: string): void {
	const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
	el("a", { href: url, download: name }).click();
	// The download has begun by then; the text need not stay in memory.
	setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/**
 * The contract without its words for people: forms and reference pages are made from them, the daemon has no use for them
 * (22 kB, and several times that in the memory of QuickJS). What an argument that must be there is for stays: a caller who
 * leaves it out is told. Works on the text, in the few forms the contract is written in; what it does not know stays too.
 */
import { readFileSync } from "node:fs";

const TEXT = String.raw`"(?:[^"\\]|\\.)*"`;
/** Short forms of contract/api-schema.ts: text("help"), int32("ms", "help"), oneOf(NAMES, "help"). */
const FIRST = new RegExp(String.raw`\b(text|flag|uci|table|list|map)\(\s*${TEXT}`, "g");
const SECOND = new RegExp(String.raw`\b(int32|int64|double|oneOf)\(\s*(${TEXT}|\[[^\]]*\]|[\w.]+),\s*${TEXT}`, "g");
const OBJECT = /\{[^{}]*\}/g;
const HELP = new RegExp(String.raw`\bhelp:\s*${TEXT}`, "g");
const METHOD = new RegExp(String.raw`\bhelp:\s*${TEXT}(,\s*rights:)`, "g");

export function withoutHelp(text) {
	return text
		.replace(FIRST, '$1(""')
		.replace(SECOND, '$1($2, ""')
		.replace(METHOD, 'help: ""$1')
		.replace(OBJECT, (one) => (/\brequired\b/.test(one) ? one : one.replace(HELP, 'help: ""')));
}

export const contractWithoutHelp = {
	name: "contract without words for people",
	setup(on) {
		on.onLoad({ filter: /[\\/]contract[\\/](api|options)[\w-]*\.ts$/ }, ({ path }) => ({
			contents: withoutHelp(readFileSync(path, "utf8")),
			loader: "ts",
		}));
	},
};

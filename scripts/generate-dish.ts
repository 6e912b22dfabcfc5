/** The messages of a dish, from dish.proto to what protobufjs reads without its parser. */
import fs from "node:fs";
import path from "node:path";
import protobuf from "protobufjs";
import type { GeneratedFile } from "./generated-file.ts";

const FOLDER = "daemon/sense/starlink";

export function generateDish(): readonly GeneratedFile[] {
	const source = fs.readFileSync(path.join(path.dirname(import.meta.dirname), FOLDER, "dish.proto"), "utf8");
	const { root } = protobuf.parse(source, { keepCase: true });
	return [{ path: `${FOLDER}/dish-schema.json`, text: `${JSON.stringify(root.toJSON())}\n` }];
}

/** `npm run generate`: writes every file that is made from contract/, and says which ones changed. */
import fs from "node:fs";
import path from "node:path";
import { GENERATORS } from "./generators.ts";

const root = path.dirname(import.meta.dirname);

for (const file of GENERATORS.flatMap((generate) => generate())) {
	const target = path.join(root, file.path);
	const old = fs.existsSync(target) ? fs.readFileSync(target, "utf8") : null;
	if (old === file.text) continue;
	fs.mkdirSync(path.dirname(target), { recursive: true });
	fs.writeFileSync(target, file.text);
	console.log(`${old === null ? "new" : "changed"}: ${file.path}`);
}

/**
 * Licences of the libraries that are part of the bundle, as text for the package: their terms want to travel with every
 * copy. A package's identical text is not repeated.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Names in package-lock.json that are not for development alone. */
function shipped(repo: string): string[] {
	const lock = JSON.parse(readFileSync(join(repo, "package-lock.json"), "utf8")) as {
		packages: Record<string, { dev?: boolean; optional?: boolean }>;
	};
	return Object.entries(lock.packages)
		.filter(([path, entry]) => path !== "" && entry.dev !== true && entry.optional !== true)
		.map(([path]) => path)
		.sort();
}

/** Left out: what only gRPC's loader of .proto files needs, which build.mjs leaves out of the bundle. */
const NOT_BUNDLED = /node_modules\/(@grpc\/proto-loader|lodash\.camelcase|yargs|thread-stream|sonic-boom|@types)(\/|$)/;

export function licences(repo: string): string {
	const byText = new Map<string, string[]>();
	for (const path of shipped(repo)) {
		if (NOT_BUNDLED.test(path)) continue;
		const folder = join(repo, path);
		if (!existsSync(folder)) continue;
		const meta = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, unknown>;
		const name = readdirSync(folder).find((one) => /^licen[cs]e(\.(md|txt))?$/i.test(one));
		const text = name === undefined ? "" : readFileSync(join(folder, name), "utf8").trim();
		byText.set(text, [...(byText.get(text) ?? []), `${meta.name} ${meta.version} (${meta.license})`]);
	}
	return `Parts of autonomy's bundle come from these libraries.\n${[...byText]
		.map(([text, names]) => `\n${"=".repeat(72)}\n${names.join("\n")}\n\n${text}\n`)
		.join("")}`;
}

/**
 * The contract as the daemon carries it: tables of methods and options as texts, one of which is read when it is needed
 * (contract/api-compact.ts), without the words for people. Forms, reference pages and tests use the tables themselves.
 */
import { build } from "esbuild";

/** A record by the same names as the original, of what `pack` makes of each. */
const each = (record, pack) => Object.fromEntries(Object.entries(record).map(([name, value]) => [name, pack(value)]));

const withoutHelp = (_, value) =>
	typeof value === "object" && value?.help !== undefined ? { ...value, help: undefined } : value;
const lean = (value) => JSON.parse(JSON.stringify(value, withoutHelp));
const exported = (constants) =>
	Object.entries(constants)
		.map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
		.join("\n");

/** File -> what stands in its place. Everything of it that the daemon uses, and no more. */
const SHORT = {
	"api.ts": ({ API, API_OBJECT, NOTIFICATIONS }, { packFields, packMethod }) =>
		`import { unpacked, unpackFields, unpackMethod } from "./api-compact.ts";
${exported({ API_OBJECT })}
export const API = unpacked(${JSON.stringify(each(API, packMethod))}, unpackMethod);
export const NOTIFICATIONS = unpacked(${JSON.stringify(each(NOTIFICATIONS, ({ fields }) => packFields(fields)))},
	(text) => ({ help: "", fields: unpackFields(text) }));`,
	"mqtt.ts": ({ TOPICS, AVAILABILITY, COMMANDS }) => exported({ TOPICS: lean(TOPICS), AVAILABILITY, COMMANDS }),
	"api-alerts.ts": ({ MOST_PUSH }) => exported({ MOST_PUSH }),
	"options.ts": ({ CONFIG_PACKAGE, SECTIONS }) =>
		`import { unpacked } from "./api-compact.ts";
${exported({ CONFIG_PACKAGE })}
export const SECTIONS = unpacked(${JSON.stringify(SECTIONS.map((one) => JSON.stringify(lean(one))))}, JSON.parse);
export const sectionSpec = (key) => SECTIONS[${JSON.stringify(SECTIONS.map(({ key }) => key))}.indexOf(key)];`,
	"options-alerts.ts": ({ ALERT_KINDS, ALERT_LEVELS }) =>
		exported({ ALERT_LEVELS, ALERT_KINDS: each(ALERT_KINDS, lean) }),
};

/** A source file's exports. */
async function evaluated(path) {
	const { outputFiles } = await build({
		entryPoints: [path],
		bundle: true,
		write: false,
		format: "esm",
		platform: "neutral",
	});
	return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

export const contractAsText = {
	name: "contract as text",
	setup(on) {
		on.onLoad({ filter: /[\\/]contract[\\/](api|api-alerts|mqtt|options|options-alerts)\.ts$/ }, async ({ path }) => {
			const compact = await evaluated(path.replace(/[^\\/]+$/, "api-compact.ts"));
			const contents = SHORT[/[^\\/]+$/.exec(path)[0]](await evaluated(path), compact);
			return { contents, loader: "js" };
		});
	},
};

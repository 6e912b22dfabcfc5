/** A report as one self-contained HTML page with SVG: no script, no request to anywhere. Pure; every text is escaped. */
import type { Reply } from "../../../contract/api.ts";
import { offlineWords, periodWords, predictionWords, worstHours, worstPlaces } from "./report-text.ts";
import { amount, figure, span, when } from "./words.ts";

type Report = Reply<"report">;
type Uplink = Report["uplinks"][number];

const HOUR_MS = 3_600_000;
const ENTITIES: Readonly<Record<string, string>> = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	'"': "&quot;",
	"'": "&#39;",
};

function esc(text: string): string {
	return text.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "?").replace(/[&<>"']/g, (one) => ENTITIES[one] ?? "");
}

const STYLE = `:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;margin:1.5em auto;max-width:60em;padding:0 1em;color:#222;background:#fff}
h1{font-size:1.5em}h2{font-size:1.2em}h3{font-size:1em;margin:.8em 0 .2em;overflow-wrap:anywhere}
div.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:right;padding:.3em .6em;border-bottom:1px solid #ccc;white-space:nowrap}
th:first-child,td:first-child{text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:5em}
svg{display:block;width:100%;height:auto}svg text{font-size:10px;fill:#555}
.good{fill:#1a7f5a}.fair{fill:#b26a00}.bad{fill:#c0342b}.grid{stroke:#999;stroke-width:.5;stroke-dasharray:2 3}
li{overflow-wrap:anywhere}
@media(max-width:600px){svg text{font-size:19px}}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}th,td{border-color:#444}svg text{fill:#aaa}
.good{fill:#3fb68b}.fair{fill:#e0a030}.bad{fill:#f0695f}}`;

export function reportPage(report: Report): string {
	const { switches } = report;
	const priced = report.uplinks.some((one) => one.cost != null);
	const title = `autonomy, ${report.period} report`;
	const offline = offlineWords(report);
	const [hours, places] = [worstHours(report), worstPlaces(report)];
	const facts = [
		`Switches: ${switches.failovers} after a failure, ${switches.predictive} before one, ${switches.failbacks} back, \
${switches.manual} by hand. ${offline.slice(0, 1).toUpperCase()}${offline.slice(1)}.`,
		`${predictionWords(report)}.`,
		...(hours.length === 0 ? [] : [`Worst hours of the day (UTC, mean score): ${hours.join(", ")}.`]),
		...(places.length === 0 ? [] : [`Worst places: ${places.join("; ")}.`]),
	];
	const charts = report.uplinks.map((one) => `<h3>${esc(one.name)}</h3>${chart(one, report.to_unix_ms)}`);
	const head = ["Uplink", "Worked", "Down", "Carried", "ms", "Loss %", "Bytes", ...(priced ? ["Cost"] : [])];
	return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">\
<title>${title}</title><style>${STYLE}</style></head><body><main><h1>${title}</h1>
<p>${esc(periodWords(report))}${report.complete ? "" : "; the record does not reach back further"}</p>
<div class="wide" tabindex="0" role="region" aria-label="uplinks"><table><thead><tr>${head.map((one) => `<th scope="col">${one}</th>`).join("")}</tr></thead>
<tbody>${report.uplinks.map((one) => row(one, priced)).join("\n")}</tbody></table></div>
${facts.map((one) => `<p>${esc(one)}</p>`).join("\n")}
<h2>Score by hour</h2>${charts.join("\n")}
${report.hints.length === 0 ? "" : `<h2>What to change</h2><ul>${report.hints.map((hint) => `<li>${esc(hint)}</li>`).join("")}</ul>`}
</main></body></html>
`;
}

function row(one: Uplink, priced: boolean): string {
	const cells = [
		one.availability_pct == null ? "-" : `${one.availability_pct.toFixed(2)} %`,
		one.down_s == null ? "-" : span(one.down_s),
		span(one.carried_s),
		figure(one.rtt_ms, 0),
		figure(one.loss_pct),
		amount(one.bytes),
		...(priced ? [one.cost == null ? "-" : one.cost.toFixed(2)] : []),
	];
	return `<tr><td>${esc(one.name)}</td>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}

const WIDTH = 720;
const HEIGHT = 60;
/** Room for the numbers, which are larger where the page is narrow. */
const TOP = 16;
const BELOW = 22;
const LEFT = 40;

/** A bar an hour, with a scale and the hours (UTC) below; hours nobody knows of stay empty. */
function chart({ name, hours }: Uplink, toUnixMs: number): string {
	if (hours.every((score) => score === "-")) return "<p>Nothing is known of it.</p>";
	const count = Math.max(1, hours.length);
	const each = (WIDTH - LEFT) / count;
	const bars = hours.map((score, index) => {
		if (score === "-") return "";
		const value = Math.max(1, Math.min(100, Number(score)));
		const kind = value >= 70 ? "good" : value >= 40 ? "fair" : "bad";
		const height = (value * HEIGHT) / 100;
		const at = `x="${(LEFT + index * each).toFixed(1)}" y="${(HEIGHT - height + TOP).toFixed(1)}"`;
		const begins = when(toUnixMs - (hours.length - index) * HOUR_MS).slice(5, 16);
		return `<rect class="${kind}" ${at} width="${Math.max(0.5, each - 1).toFixed(1)}" height="${height.toFixed(1)}">\
<title>${begins}: ${value}</title></rect>`;
	});
	const scale = [0, 50, 100].map((value) => {
		const y = HEIGHT + TOP - (value * HEIGHT) / 100;
		return `<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${y}" y2="${y}"/><text x="${LEFT - 4}" y="${y + 3}" text-anchor="end">${value}</text>`;
	});
	const step = Math.max(1, Math.ceil(count / 6));
	const marks = hours.flatMap((_, index) => {
		if (index % step !== 0) return [];
		const begins = when(toUnixMs - (hours.length - index) * HOUR_MS);
		const text = hours.length > 48 ? begins.slice(5, 10) : begins.slice(11, 16);
		return [`<text x="${(LEFT + index * each).toFixed(1)}" y="${HEIGHT + TOP + BELOW - 4}">${text}</text>`];
	});
	return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT + TOP + BELOW}" role="img" aria-label="${esc(`score of ${name} by hour`)}">\
${scale.join("")}${bars.join("")}${marks.join("")}</svg>`;
}

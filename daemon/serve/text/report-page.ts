/** A report as one self-contained HTML page with SVG: no script, no request to anywhere. Pure; every text is escaped. */
import type { Reply } from "../../../contract/api.ts";
import { amount, figure, span, when } from "./words.ts";

type Report = Reply<"report">;

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

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:60em;padding:0 1em;color:#222;background:#fff}
table{border-collapse:collapse;width:100%}th,td{text-align:right;padding:.3em .6em;border-bottom:1px solid #ddd}
th:first-child,td:first-child{text-align:left}svg{display:block;width:100%;height:48px}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}th,td{border-color:#444}}`;

export function reportPage(report: Report): string {
	const { switches } = report;
	const rows = report.uplinks.map(
		(one) =>
			`<tr><td>${esc(one.name)}</td><td>${one.availability_pct == null ? "-" : `${one.availability_pct.toFixed(2)} %`}</td>\
<td>${one.down_s == null ? "-" : span(one.down_s)}</td><td>${span(one.carried_s)}</td><td>${figure(one.rtt_ms, 0)}</td>\
<td>${figure(one.loss_pct)}</td><td>${amount(one.bytes)}</td></tr>`,
	);
	const charts = report.uplinks.map(
		(one) => `<h3>${esc(one.name)}</h3>${bars(one.hours, `score of ${one.name} by hour`)}`,
	);
	const worst = report.worst_hours.map(
		({ hour, score }) => `${String(hour).padStart(2, "0")}:00 (${figure(score, 0)})`,
	);
	const title = `autonomy, ${report.period} report`;
	const offline =
		report.offline_s === 0 ? "Never without internet." : `Without internet for ${span(report.offline_s)}.`;
	return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">\
<title>${title}</title><style>${STYLE}</style></head><body><h1>${title}</h1>
<p>${when(report.from_unix_ms)} to ${when(report.to_unix_ms)} UTC${report.complete ? "" : "; the record does not reach back further"}</p>
<table><thead><tr><th>Uplink</th><th>Worked</th><th>Down</th><th>Carried</th><th>ms</th><th>Loss %</th><th>Bytes</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table>
<p>Switches: ${switches.failovers} after a failure, ${switches.predictive} before one, ${switches.failbacks} back, \
${switches.manual} by hand. ${offline}${worst.length === 0 ? "" : ` Worst hours (UTC, mean score): ${worst.join(", ")}.`}</p>
<h2>Score by hour</h2>${charts.join("\n")}
${report.hints.length === 0 ? "" : `<h2>What to change</h2><ul>${report.hints.map((hint) => `<li>${esc(hint)}</li>`).join("")}</ul>`}
</body></html>
`;
}

function bars(hours: readonly string[], label: string): string {
	const width = Math.max(1, hours.length) * 10;
	const rects = hours.map((score, index) => {
		if (score === "-") return "";
		const value = Math.max(1, Math.min(100, Number(score)));
		const color = value >= 70 ? "#2a8" : value >= 40 ? "#d90" : "#c33";
		return `<rect x="${index * 10 + 1}" y="${100 - value}" width="8" height="${value}" fill="${color}"/>`;
	});
	return `<svg viewBox="0 0 ${width} 100" preserveAspectRatio="none" role="img" aria-label="${esc(label)}">${rects.join("")}</svg>`;
}

/** Dots in a plane as SVG, each with its name: for the reports in docs/measured. */
export interface Dot {
	readonly name: string;
	readonly x: number;
	readonly y: number;
	/** Drawn larger and red. */
	readonly own?: boolean;
}

const WIDTH = 640;
const HEIGHT = 400;
const EDGE = 48;

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** Axes begin at 0; `title` names the picture for who cannot see it. */
export function plot(title: string, xTitle: string, yTitle: string, dots: readonly Dot[]): string {
	const mostX = Math.max(...dots.map((dot) => dot.x), 1e-9) * 1.1;
	const mostY = Math.max(...dots.map((dot) => dot.y), 1e-9) * 1.1;
	const marks = dots.map(({ name, x, y, own }) => {
		const cx = (EDGE + (x / mostX) * (WIDTH - 2 * EDGE)).toFixed(1);
		const cy = (HEIGHT - EDGE - (y / mostY) * (HEIGHT - 2 * EDGE)).toFixed(1);
		const [radius, fill] = own ? [6, "#c33"] : [4, "#36c"];
		const mark = `<circle cx="${cx}" cy="${cy}" r="${radius}" fill="${fill}"><title>${escaped(`${name}: ${y} at ${x}`)}</title></circle>`;
		return `${mark}<text x="${Number(cx) + 7}" y="${Number(cy) + 4}">${escaped(name)}</text>`;
	});
	const digits = (most: number): string => (most < 10 ? most.toFixed(1) : most.toFixed(0));
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="9"><title>${escaped(title)}</title>
<rect width="100%" height="100%" fill="#fff"/>
<path d="M${EDGE} ${EDGE}V${HEIGHT - EDGE}H${WIDTH - EDGE}" fill="none" stroke="#333"/>
<text x="${WIDTH / 2}" y="${HEIGHT - 12}" text-anchor="middle" font-size="12">${escaped(xTitle)} (0 to ${digits(mostX)})</text>
<text x="14" y="${HEIGHT / 2}" transform="rotate(-90 14 ${HEIGHT / 2})" text-anchor="middle" font-size="12">${escaped(yTitle)} (0 to ${digits(mostY)})</text>
${marks.join("\n")}
</svg>
`;
}

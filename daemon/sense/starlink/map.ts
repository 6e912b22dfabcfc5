/**
 * The obstruction map: a picture of the sky, row 0 on top. In the frame of the earth the centre is the zenith, up is
 * north, right is east and the edge is `maxThetaDeg` from the zenith; in the dish's own frame (mobile dishes, the Mini)
 * directions are relative to the dish. A cell says how well the sky could be seen there, 0 to 1, or that nobody looked.
 * Kept as a picture of 4 bits a cell: 0 not measured, 1 (blocked) to 15 (clear).
 */
import { figure, figures, type Raw } from "./raw.ts";
import { nameOf } from "./wire.ts";

const SIDE_MAX = 512;
/** Below this a cell counts as blocked (real maps: 4819 cells of 1, nine between 0 and 0.8). */
const CLEAR = 0.8;
/** The dish steers its beam about this far from where it points. */
const FIELD_DEG = 50;
const DEFAULT_THETA_DEG = 80;

export interface ObstructionMap {
	readonly rows: number;
	readonly columns: number;
	readonly frame: "earth" | "dish" | "unknown";
	readonly maxThetaDeg: number;
	readonly measuredPct: number;
	/** Of what was measured in the whole picture; null when nothing was. */
	readonly blockedPct: number | null;
	/** Of what was measured where the dish looks. */
	readonly towardPct: number | null;
	/** Cells row by row, two a byte, the first in the high half. */
	readonly picture: Uint8Array;
}

/** The angle between a cell's direction and the dish's, degrees; infinite outside the picture. */
function offAxisDeg(x: number, y: number, maxThetaDeg: number, azimuthDeg: number, elevationDeg: number): number {
	const radius = Math.hypot(x, y);
	if (radius > 1) return Number.POSITIVE_INFINITY;
	const rad = Math.PI / 180;
	const theta = radius * maxThetaDeg * rad;
	const azimuth = Math.atan2(x, -y);
	const zenith = (90 - elevationDeg) * rad;
	const cos =
		Math.cos(theta) * Math.cos(zenith) + Math.sin(theta) * Math.sin(zenith) * Math.cos(azimuth - azimuthDeg * rad);
	return Math.acos(Math.max(-1, Math.min(1, cos))) / rad;
}

/** Where the dish points; nulls: straight up. Null when the reply holds no picture. */
export function readMap(raw: Raw, azimuthDeg: number | null, elevationDeg: number | null): ObstructionMap | null {
	const rows = figure(raw, "num_rows", 1, SIDE_MAX);
	const columns = figure(raw, "num_cols", 1, SIDE_MAX);
	const cells = figures(raw, "snr");
	if (rows === null || columns === null || cells.length !== rows * columns) return null;
	const name = nameOf("ObstructionMapReferenceFrame", raw.map_reference_frame);
	const frame = name === "FRAME_EARTH" ? "earth" : name === "FRAME_UT" ? "dish" : "unknown";
	const maxThetaDeg = figure(raw, "max_theta_deg", 1, 90) ?? DEFAULT_THETA_DEG;
	// In the dish's own frame it looks at the middle.
	const [azimuth, elevation] = frame === "earth" ? [azimuthDeg ?? 0, elevationDeg ?? 90] : [0, 90];
	const picture = new Uint8Array(Math.ceil(cells.length / 2));
	const whole = { measured: 0, blocked: 0 };
	const toward = { measured: 0, blocked: 0 };
	for (const [at, cell] of cells.entries()) {
		if (!(cell >= 0 && cell <= 1)) continue;
		const nibble = 1 + Math.round(cell * 14);
		picture[at >> 1] = (picture[at >> 1] ?? 0) | (at % 2 === 0 ? nibble << 4 : nibble);
		const x = ((at % columns) + 0.5) / (columns / 2) - 1;
		const y = (Math.floor(at / columns) + 0.5) / (rows / 2) - 1;
		const counts = offAxisDeg(x, y, maxThetaDeg, azimuth, elevation) <= FIELD_DEG ? [whole, toward] : [whole];
		for (const count of counts) {
			count.measured++;
			if (cell < CLEAR) count.blocked++;
		}
	}
	const share = (count: typeof whole): number | null =>
		count.measured === 0 ? null : (100 * count.blocked) / count.measured;
	return {
		rows,
		columns,
		frame,
		maxThetaDeg,
		measuredPct: (100 * whole.measured) / cells.length,
		blockedPct: share(whole),
		towardPct: share(toward),
		picture,
	};
}

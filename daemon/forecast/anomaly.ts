/**
 * Does a link behave unlike its own last days? Slow means of its round trip and loss, with their usual wandering; flagged
 * when the last minutes lie far outside. Shown, never acted on: other is not bad. Kept in RAM, starts anew with the daemon.
 */
export interface Anomaly {
	/** Once a minute at most; figures of that minute. NaN = not known. */
	minute(atMs: number, rttMs: number, loss: number): void;
	text(): string | null;
}

const MINUTE_MS = 60_000;
/** How far back "usual" reaches; faster until so many minutes are known. */
const MEMORY_HOURS = 24;
const RECENT_GAIN = 1 / 10;
const LEAST_MINUTES = 180;
const TIMES = 5;

interface Level {
	mean: number;
	wander: number;
	recent: number;
	minutes: number;
}

const level = (): Level => ({ mean: 0, wander: 0, recent: 0, minutes: 0 });

function follow(l: Level, value: number, hours: number): void {
	if (!Number.isFinite(value)) return;
	l.minutes++;
	const gain = Math.max(1 / (60 * hours), 1 / l.minutes);
	const off = value > l.mean ? value - l.mean : l.mean - value;
	if (l.minutes > 1) l.wander += (off - l.wander) * gain;
	l.mean += (value - l.mean) * gain;
	l.recent += (value - l.recent) * Math.max(RECENT_GAIN, 1 / l.minutes);
}

const odd = (l: Level, least: number): boolean =>
	l.minutes >= LEAST_MINUTES && l.recent - l.mean > Math.max(least, TIMES * l.wander);

export function createAnomaly(memoryHours: () => number = () => MEMORY_HOURS): Anomaly {
	const rtt = level();
	const loss = level();
	let lastMs = Number.NEGATIVE_INFINITY;
	return {
		minute(atMs, rttMs, lossShare) {
			if (atMs >= lastMs && atMs < lastMs + MINUTE_MS) return;
			lastMs = atMs;
			const hours = memoryHours();
			follow(rtt, rttMs, hours);
			follow(loss, lossShare, hours);
		},
		text() {
			if (odd(rtt, 0.5 * rtt.mean)) {
				return `round trips of ${Math.round(rtt.recent)} ms, usually ${Math.round(rtt.mean)} ms`;
			}
			if (odd(loss, 0.02)) {
				return `${Math.round(1000 * loss.recent) / 10} % lost, usually ${Math.round(1000 * loss.mean) / 10} %`;
			}
			return null;
		},
	};
}

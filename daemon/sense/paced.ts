/** Events that may come every few seconds on the road: at most so many of a type a minute, the rest is counted. */
export type TellEvent = (atMs: number, type: string, reason: string) => void;

const PAUSE_MS = 60_000;

export function pacedEvents(tell: (type: string, reason: string) => void, most = 1): TellEvent {
	const told = new Map<string, { fromMs: number; count: number; held: number }>();
	return (atMs, type, reason) => {
		const last = told.get(type);
		const over = last === undefined || atMs - last.fromMs >= PAUSE_MS;
		if (!over && last.count >= most) {
			last.held++;
			return;
		}
		const held = last?.held ?? 0;
		told.set(type, over ? { fromMs: atMs, count: 1, held: 0 } : { ...last, count: last.count + 1, held: 0 });
		tell(type, held === 0 ? reason : `${reason}; ${held} more since the last one that was told`);
	};
}

/** LuCI's poll: whole seconds, not entered again while pending; a synchronous throw ends the tick and disables the entry. */
interface Entry {
	readonly run: () => Promise<unknown>;
	readonly seconds: number;
	busy: boolean;
}

export function createPoll(defaultSeconds: number) {
	const entries: Entry[] = [];
	let tick = 0;
	let timer: number | null = null;

	function step(): void {
		tick++;
		for (const entry of entries) {
			if (tick % entry.seconds !== 0 || entry.busy) continue;
			entry.busy = true;
			void entry.run().finally(() => {
				entry.busy = false;
			});
		}
	}

	const poll = {
		add(run: () => Promise<unknown>, seconds = defaultSeconds): boolean {
			if (entries.some((entry) => entry.run === run)) return false;
			entries.push({ run, seconds, busy: false });
			if (tick !== null && timer === null) poll.start();
			return true;
		},
		remove(run: () => Promise<unknown>): boolean {
			const index = entries.findIndex((entry) => entry.run === run);
			if (index >= 0) entries.splice(index, 1);
			return index >= 0;
		},
		start(): boolean {
			if (timer !== null) return false;
			timer = window.setInterval(step, 1000);
			document.dispatchEvent(new CustomEvent("poll-start"));
			return true;
		},
		stop(): boolean {
			if (timer === null) return false;
			window.clearInterval(timer);
			timer = null;
			document.dispatchEvent(new CustomEvent("poll-stop"));
			return true;
		},
		active: () => timer !== null,
	};
	return poll;
}

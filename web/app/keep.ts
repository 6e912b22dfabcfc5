/**
 * What this phone remembers: the browser's storage, which may be full, forbidden or written by somebody else. Reading
 * gives null then, writing is silent: nothing of it is needed to work.
 */
const PREFIX = "autonomy.";

function tried<T>(work: () => T): T | null {
	try {
		return work();
	} catch {
		return null;
	}
}

/** `lasting`: also after the app was closed. */
export function keep(name: string, value: unknown, lasting = true): void {
	tried(() => {
		const store = lasting ? localStorage : sessionStorage;
		if (value === null) store.removeItem(PREFIX + name);
		else store.setItem(PREFIX + name, JSON.stringify(value));
	});
}

/** A table as it was kept; null when there is none. */
export function kept(name: string, lasting = true): Readonly<Record<string, unknown>> | null {
	const found = tried(
		() => JSON.parse((lasting ? localStorage : sessionStorage).getItem(PREFIX + name) ?? "null") as unknown,
	);
	return typeof found === "object" && found !== null && !Array.isArray(found)
		? (found as Readonly<Record<string, unknown>>)
		: null;
}

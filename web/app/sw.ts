/**
 * The worker beside the app: keeps the shell, so that it opens without the router, and shows what the router pushes. It
 * keeps no answers of the router: the last state is the app's own matter (state.ts).
 */
declare const SHELL_VERSION: string;
declare const SHELL_FILES: readonly string[];

/** What of ServiceWorkerGlobalScope is used; its types and those of pages exclude each other. */
interface Worker {
	readonly location: Location;
	readonly registration: { readonly scope: string; showNotification(title: string, options: object): Promise<void> };
	readonly clients: {
		claim(): Promise<void>;
		matchAll(
			options: object,
		): Promise<readonly { readonly url: string; navigate(url: string): Promise<unknown>; focus(): Promise<unknown> }[]>;
		openWindow(url: string): Promise<unknown>;
	};
	skipWaiting(): Promise<void>;
	addEventListener(type: string, listener: (event: never) => void): void;
}

interface Lasting extends Event {
	waitUntil(work: Promise<unknown>): void;
}

interface FetchEvent extends Lasting {
	readonly request: Request;
	respondWith(answer: Promise<Response>): void;
}

interface PushEvent extends Lasting {
	readonly data: { json(): unknown } | null;
}

interface ClickEvent extends Lasting {
	readonly action: string;
	readonly notification: { readonly data: unknown; close(): void };
}

const worker = self as unknown as Worker;
const CACHE = `autonomy-${SHELL_VERSION}`;

worker.addEventListener("install", (event: Lasting) => {
	const all = SHELL_FILES.map((file) => new Request(file, { cache: "reload" }));
	event.waitUntil(
		caches
			.open(CACHE)
			.then((cache) => cache.addAll(all))
			.then(() => worker.skipWaiting()),
	);
});

worker.addEventListener("activate", (event: Lasting) => {
	const old = async (): Promise<void> => {
		const names = (await caches.keys()).filter((name) => name.startsWith("autonomy-") && name !== CACHE);
		await Promise.all(names.map((name) => caches.delete(name)));
		await worker.clients.claim();
	};
	event.waitUntil(old());
});

worker.addEventListener("fetch", (event: FetchEvent) => {
	const { request } = event;
	if (request.method !== "GET" || !request.url.startsWith(worker.registration.scope)) return;
	const answer = async (): Promise<Response> => {
		const cache = await caches.open(CACHE);
		const kept = await cache.match(request.mode === "navigate" ? "./" : request, { ignoreSearch: true });
		return kept ?? fetch(request);
	};
	event.respondWith(answer());
});

const text = (value: unknown, most: number): string => (typeof value === "string" ? value.slice(0, most) : "");

worker.addEventListener("push", (event: PushEvent) => {
	let told: Readonly<Record<string, unknown>> = {};
	try {
		told = (event.data?.json() ?? {}) as Readonly<Record<string, unknown>>;
	} catch {
		// A push must be shown, even one that says nothing.
	}
	const ack = text(told.ack, 20);
	const title = text(told.title, 200) || "autonomy";
	event.waitUntil(
		worker.registration.showNotification(title, {
			body: text(told.text, 2000),
			tag: text(told.tag, 100) || "autonomy",
			renotify: true,
			timestamp: typeof told.ts === "number" ? told.ts : Date.now(),
			requireInteraction: told.level === "emergency",
			icon: "icon-192.png",
			data: { ack },
			actions: ack === "" ? [] : [{ action: "ack", title: text(told.ack_title, 40) || "Acknowledge" }],
		}),
	);
});

worker.addEventListener("notificationclick", (event: ClickEvent) => {
	event.notification.close();
	const { ack } = (event.notification.data ?? {}) as { readonly ack?: string };
	const url = `${worker.registration.scope}#${event.action === "ack" && ack ? `ack=${ack}` : "alerts"}`;
	const show = async (): Promise<void> => {
		const [open] = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
		if (open === undefined) await worker.clients.openWindow(url);
		else {
			await open.focus();
			await open.navigate(url);
		}
	};
	event.waitUntil(show());
});

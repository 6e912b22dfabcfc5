/**
 * Alerts as notifications of this phone. The browser's push service gives an address, the router sends to it; what it
 * says only this browser can read. Each thing that may be missing is told with what to do about it.
 */
import type { Reply } from "../../contract/api.ts";
import { ApiError } from "../api.ts";
import { say } from "../say.ts";
import type { App } from "./app.ts";
import { insecureText, isApple, isInstalled } from "./device.ts";

export interface PushState {
	readonly text: string;
	readonly offer: "on" | "off" | null;
	readonly status: Reply<"push_status"> | null;
}

async function subscription(): Promise<PushSubscription | null> {
	const registration = await navigator.serviceWorker.getRegistration();
	return (await registration?.pushManager?.getSubscription()) ?? null;
}

const isMine = (status: Reply<"push_status">, mine: PushSubscription | null): boolean =>
	mine !== null && status.subscriptions.some((one) => mine.endpoint.endsWith(one.tail));

export async function pushState(app: App): Promise<PushState> {
	const no = (text: string, status: PushState["status"] = null): PushState => ({ text, offer: null, status });
	if (!isSecureContext) return no(insecureText());
	if (isApple() && !isInstalled()) return no(_("Put the app on the home screen first (Share, Add to Home Screen)."));
	if (!("serviceWorker" in navigator && "PushManager" in window)) return no(_("This browser has no push messages."));
	const status = await app.api.call("push_status");
	if (!status.available) return no(status.text, status);
	const mine = await subscription();
	if (status.enabled && isMine(status, mine)) {
		return { text: _("This phone is told of alerts, also while the app is closed."), offer: "off", status };
	}
	if (!app.session.write)
		return no(_("You may look but not change anything: your account has no right to write."), status);
	if (Notification.permission === "denied") {
		return no(_("Notifications of this page are blocked: allow them in the settings of your browser."), status);
	}
	return { text: _("Alerts come as notifications, also while the app is closed."), offer: "on", status };
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
	const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
	return Uint8Array.from(text, (one) => one.charCodeAt(0));
}

function base64url(bytes: ArrayBuffer | null): string {
	const text = String.fromCharCode(...new Uint8Array(bytes ?? new ArrayBuffer(0)));
	return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** What this phone is called in the router's list. */
function deviceName(): string {
	const { userAgent } = navigator;
	const system = ["iPhone", "iPad", "Android", "Windows", "Mac OS X", "Linux"].find((one) => userAgent.includes(one));
	const browser = ["Edg", "Firefox", "OPR", "SamsungBrowser", "Chrome", "Safari"].find((one) =>
		userAgent.includes(one),
	);
	return [browser === "Edg" ? "Edge" : browser, system].filter(Boolean).join(", ") || "browser";
}

export async function pushOn(app: App): Promise<void> {
	if ((await Notification.requestPermission()) !== "granted") {
		throw new ApiError(
			"refused",
			_("Notifications of this page are blocked: allow them in the settings of your browser."),
		);
	}
	await app.api.order("config.set", { section: "push", values: { enabled: "1" } });
	const { public_key, text: why } = await app.api.call("push_key");
	if (!public_key) throw new ApiError("refused", why);
	const { pushManager } = await navigator.serviceWorker.ready;
	// Made for another key, say before the router was reset, it is of no use.
	await (await pushManager.getSubscription())?.unsubscribe();
	let mine: PushSubscription;
	try {
		mine = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(public_key) });
	} catch (error) {
		throw new ApiError(
			"refused",
			say(_("The browser's push service does not answer: {reason}"), {
				reason: error instanceof Error ? error.message : "",
			}),
		);
	}
	const { ok, text } = await app.api.call("push_subscribe", {
		endpoint: mine.endpoint,
		p256dh: base64url(mine.getKey("p256dh")),
		auth: base64url(mine.getKey("auth")),
		label: deviceName(),
	});
	if (ok) return;
	await mine.unsubscribe();
	throw new ApiError("refused", text);
}

export async function pushOff(app: App): Promise<void> {
	const mine = await subscription();
	if (mine === null) return;
	await app.api.call("push_unsubscribe", { endpoint: mine.endpoint });
	await mine.unsubscribe();
}

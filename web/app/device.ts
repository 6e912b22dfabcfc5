/** What this browser can do for the app: being installed, working without the router, telling of alerts. */
import { say } from "../say.ts";

interface InstallEvent extends Event {
	prompt(): Promise<unknown>;
}

let install: InstallEvent | null = null;

/** Browsers that offer it say so before anybody asks. */
export function watchInstall(changed: () => void): void {
	addEventListener("beforeinstallprompt", (event) => {
		event.preventDefault();
		install = event as InstallEvent;
		changed();
	});
	addEventListener("appinstalled", () => {
		install = null;
		changed();
	});
}

export function isInstalled(): boolean {
	return (
		matchMedia("(display-mode: standalone)").matches || (navigator as { standalone?: boolean }).standalone === true
	);
}

export const canInstall = (): boolean => install !== null;

export async function installApp(): Promise<void> {
	const event = install;
	install = null;
	await event?.prompt();
}

export function isApple(): boolean {
	// iPads call themselves Macs, but Macs have no touch screen.
	const { userAgent, maxTouchPoints } = navigator;
	return /iPhone|iPad|iPod/.test(userAgent) || (userAgent.includes("Mac OS X") && maxTouchPoints > 1);
}

/** Browsers give workers, and with them all else, only to pages that nobody can tamper with on the way. */
export function insecureText(): string {
	return say(
		_(
			"Your browser allows this only over https. Open {address}; the router's certificate must be one this phone trusts.",
		),
		{ address: `https://${location.hostname}${location.pathname}` },
	);
}

export function installText(): string {
	if (isInstalled()) return _("It is installed on this phone.");
	if (!isSecureContext) return insecureText();
	if (canInstall()) return _("On the home screen it opens like any other app, also when the router is out of reach.");
	if (isApple()) return _("In Safari: Share, then Add to Home Screen.");
	return _("In the menu of your browser: Install app, or Add to Home screen.");
}

/** Null where there can be none. */
export async function registerWorker(): Promise<ServiceWorkerRegistration | null> {
	if (!isSecureContext || !("serviceWorker" in navigator)) return null;
	try {
		return await navigator.serviceWorker.register("sw.js");
	} catch (error) {
		// A certificate the browser does not trust, or storage that is switched off.
		console.warn(error);
		return null;
	}
}

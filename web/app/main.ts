/** Start of the phone app: language, worker, then the session that is kept, or the log-in. */
import { el } from "../dom.ts";
import { registerWorker } from "./device.ts";
import { keep, kept } from "./keep.ts";
import { loadLanguage } from "./language.ts";
import { showLogin } from "./login.ts";
import { forgetSession, readSession, type Session } from "./session.ts";
import { showShell } from "./shell.ts";

function enter(session: Session): void {
	showShell(session, (why) => {
		forgetSession();
		showLogin(why, enter);
	});
}

/**
 * Without a worker the browser keeps index.html as long as it sees fit: uhttpd sends no Cache-Control. A newer one names
 * other files; then all is loaded anew, once.
 */
async function renew(): Promise<void> {
	if (navigator.serviceWorker?.controller) return;
	const mine = document.querySelector("script")?.getAttribute("src") ?? "";
	try {
		const page = await (await fetch("./", { cache: "no-cache" })).text();
		if (page.includes(mine) || kept("renewed", false)?.from === mine) return;
		keep("renewed", { from: mine }, false);
		location.reload();
	} catch {
		// The router is out of reach: what is here is what there is.
	}
}

async function start(): Promise<void> {
	await loadLanguage();
	// Nobody else's page is to put itself around this one and guide taps.
	if (window.top !== window.self) {
		document.body.append(el("a", { href: location.href, target: "_top" }, "autonomy"));
		return;
	}
	const session = readSession();
	if (session === null) showLogin("", enter);
	else enter(session);
	await registerWorker();
	await renew();
}

void start();

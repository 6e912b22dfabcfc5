/** Start of the phone app: language, worker, then the session that is kept, or the log-in. */
import { registerWorker } from "./device.ts";
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

async function start(): Promise<void> {
	await loadLanguage();
	const session = readSession();
	if (session === null) showLogin("", enter);
	else enter(session);
	void registerWorker();
}

void start();

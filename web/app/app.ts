/** What every view gets: the router's client, the state, who looks, and the way to other views. */
import type { Api, Transport } from "../api.ts";
import type { Session } from "./session.ts";
import type { AppState, Store } from "./state.ts";

export interface App {
	readonly api: Api;
	readonly transport: Transport;
	readonly session: Session;
	readonly store: Store;
	/** Asks the router after this moment, so that what was just ordered is in the answer, and draws what is seen. */
	refresh(): Promise<void>;
	openUplink(name: string): void;
	/** Shows the history, with this decision explained. */
	openDecision(id: string): void;
	logout(): Promise<void>;
}

export interface View {
	readonly root: HTMLElement;
	draw(state: AppState): void;
	/** It comes into sight. */
	shown?(): void;
}

/** The router has answered, and goes on answering: what is shown is of now, not what this phone remembers. */
export function isOfNow(state: AppState): boolean {
	return state.trouble === null && state.atMs !== null;
}

/** Orders need the right to write and a router that answers. */
export function canOrder(app: App, state: AppState): boolean {
	return app.session.write && isOfNow(state);
}

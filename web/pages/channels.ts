/** Channels of alerts: how each is, with its last error in words, and a button that sends a test message. */
import type { Api } from "../api.ts";
import { el, replace, setAttribute, setText, show } from "../dom.ts";
import { type Channel, type ChannelName, channelRow, channelTitle, testOutcome } from "../model/alerts.ts";
import { told } from "../told.ts";
import { button } from "./controls.ts";
import type { Page } from "./page.ts";

/** How long somebody waits for what came of a test message, and how often it is looked. */
const WAIT_MS = 30_000;
const LOOK_MS = 1000;

export interface ChannelView {
	readonly root: HTMLElement;
	/** Undefined: it is switched off; null: the daemon does not tell. */
	update(channel: Channel | undefined | null): void;
}

export async function readChannels(api: Api): Promise<readonly Channel[]> {
	return (await api.call("notification_status")).channels;
}

export function createChannel(page: Pick<Page, "failed">, api: Api, name: ChannelName): ChannelView {
	const badge = el("span", { class: "au-badge" });
	const text = el("span");
	const notes = el("span", { class: "au-dim" });
	const outcome = el("p", { role: "status" });
	const test = button(page, _("Send a test message"), send, { about: channelTitle(name), kind: "neutral" });
	const line = el("p", {}, badge, " ", text, " ", notes);
	const root = el("div", { class: "au-channel" }, line, el("div", { class: "au-buttons" }, test), outcome);

	async function send(): Promise<void> {
		setText(outcome, _("On its way ..."));
		try {
			// Not what was known: another message may have been sent since.
			const before = await read();
			await api.call("send_test_notification", { channel: name });
			setText(outcome, await wait(before));
		} catch (error) {
			setText(outcome, "");
			throw error;
		}
	}

	async function read(): Promise<Channel | undefined> {
		return (await readChannels(api)).find((one) => one.name === name);
	}

	async function wait(before: Channel | undefined): Promise<string> {
		const untilMs = performance.now() + WAIT_MS;
		for (;;) {
			await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
			const now = await read();
			view.update(now);
			const found = testOutcome(before, now);
			if (found !== null) return found.text;
			if (performance.now() >= untilMs) return told(now?.text ?? "");
		}
	}

	const view: ChannelView = {
		root,
		update(channel) {
			const row = channel ? channelRow(channel) : null;
			setAttribute(line, "class", `au-${row?.tone ?? "off"}`);
			setText(badge, row?.state ?? (channel === null ? _("unknown") : _("switched off")));
			setText(text, row?.text ?? "");
			setText(notes, row?.notes ?? "");
			show(test, Boolean(channel));
		},
	};
	view.update(null);
	return view;
}

/** All that are switched on, each with its title; told as a list. */
export function createChannels(page: Pick<Page, "failed">, api: Api, empty: string) {
	const views = new Map<ChannelName, { readonly row: HTMLElement; readonly view: ChannelView }>();
	const list = el("ul", { class: "au-entries" });
	const none = el("p", {}, empty);
	const root = el("div", {}, none, list);
	show(none, false);
	return {
		root,
		update(channels: readonly Channel[]): void {
			show(none, channels.length === 0);
			for (const channel of channels) {
				let one = views.get(channel.name);
				if (one === undefined) {
					const view = createChannel(page, api, channel.name);
					one = { view, row: el("li", {}, el("h4", {}, channelTitle(channel.name)), view.root) };
					views.set(channel.name, one);
				}
				one.view.update(channel);
			}
			const wanted = channels.map(({ name }) => views.get(name)?.row);
			if (wanted.some((row, index) => list.children[index] !== row) || list.children.length !== wanted.length) {
				replace(list, ...wanted);
			}
		},
	};
}

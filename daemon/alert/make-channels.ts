/** The channels of a configuration. */
import type { Bus } from "../bus/bus.ts";
import type { Config } from "../config/types.ts";
import { AutonomyError } from "../platform/error.ts";
import type { Platform } from "../platform/platform.ts";
import type { Channel, ChannelName } from "./channels/channel.ts";
import { createDiscord, createSlack } from "./channels/chat.ts";
import { createEmail } from "./channels/email.ts";
import { createPagerDuty } from "./channels/pagerduty.ts";
import { createPush } from "./channels/push.ts";
import { createPushover } from "./channels/pushover.ts";
import { createSms } from "./channels/sms.ts";
import { createTelegram } from "./channels/telegram.ts";
import { createWebhook } from "./channels/webhook.ts";
import { createPost } from "./post.ts";
import type { Subscriptions } from "./subscriptions.ts";

export const CHANNELS: readonly ChannelName[] = [
	"pushover",
	"email",
	"slack",
	"discord",
	"telegram",
	"pagerduty",
	"webhook",
	"sms",
	"push",
];

export interface ChannelWorld {
	readonly platform: Platform;
	readonly bus: Bus;
	ways(): readonly (string | null)[];
	isOffline(): boolean;
	/** Who is told by web push; absent: nobody can be. */
	readonly subscriptions?: Subscriptions;
	/** Where services are, for tests; absent: their documented addresses. */
	readonly bases?: Readonly<Partial<Record<ChannelName, string>>>;
}

const NOBODY: Pick<Subscriptions, "list" | "keys" | "remove"> = {
	list: () => [],
	keys: () => Promise.reject(new AutonomyError("refused", "nobody can subscribe")),
	remove: () => 0,
};

export function makeChannel(name: ChannelName, config: Config, world: ChannelWorld): Channel {
	const { platform, bases } = world;
	const post = createPost(platform.http, () => world.ways());
	switch (name) {
		case "pushover":
			return createPushover(config.pushover, post, bases?.pushover);
		case "email":
			return createEmail(config.email, world);
		case "slack":
			return createSlack(config.slack, post);
		case "discord":
			return createDiscord(config.discord, post);
		case "telegram":
			return createTelegram(config.telegram, post, bases?.telegram);
		case "pagerduty":
			return createPagerDuty(config.pagerduty, post, bases?.pagerduty);
		case "webhook":
			return createWebhook(config.webhook, post, platform.outlets);
		case "sms":
			return createSms(config.sms, world);
		case "push":
			return createPush(config.push, post, { platform, subscriptions: world.subscriptions ?? NOBODY });
	}
}

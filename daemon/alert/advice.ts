/** What the owner can change when a channel says that it is a matter of settings: section and options by name. Pure. */
import type { ChannelName } from "./channels/channel.ts";

const OPTIONS: Readonly<Record<ChannelName, string>> = {
	pushover: "token, user, device and sound",
	email: "smtp_host, smtp_port, use_starttls, use_tls, username, password, from, to and ca_file",
	slack: "webhook_url",
	discord: "webhook_url",
	telegram: "token and chat_id",
	pagerduty: "routing_key and region",
	push: "contact",
	webhook: "url and those that begin with auth_",
	sms: "recipients, provider and device",
};

export function placeOf(channel: ChannelName): string {
	return `section ${channel} of /etc/config/autonomy`;
}

/** `text`: what is wrong. */
export function withAdvice(text: string, channel: ChannelName): string {
	if (channel === "webhook" && / private address/.test(text)) {
		return `${text}: option allow_private '1' of ${placeOf(channel)} allows it`;
	}
	if (channel === "webhook" && /redirect/.test(text)) {
		return `${text}: option follow_redirect '1' of ${placeOf(channel)} allows it, or write the right url there`;
	}
	return `${text}; look at ${OPTIONS[channel]} in ${placeOf(channel)}`;
}

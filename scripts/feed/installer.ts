/**
 * install.sh for one feed: its address and public keys put where the script has empty ones. The keys travel with the
 * script, so who got that from the right place needs to trust nothing else.
 */

export interface Feed {
	/** http or https, without what a shell could take for more than text. */
	readonly feed: string;
	/** Text of the public keys; empty: that feed is not signed, and the script will refuse it. */
	readonly usignKey: string;
	readonly apkKey: string;
}

const ADDRESS = /^https?:\/\/[A-Za-z0-9._~:/?#@!&()*+,;=%[\]-]+$/;
const KEY = /^[A-Za-z0-9+/=:. \n-]*$/;

export function installer(template: string, { feed, usignKey, apkKey }: Feed): string {
	if (!ADDRESS.test(feed)) throw new Error(`not an address for a feed: ${feed}`);
	let text = template;
	for (const [name, value] of Object.entries({ FEED: feed, USIGN_KEY: usignKey.trim(), APK_KEY: apkKey.trim() })) {
		if (name !== "FEED" && !KEY.test(value)) throw new Error(`not a public key: ${value.slice(0, 60)}`);
		const empty = `\n${name}=''\n`;
		if (text.split(empty).length !== 2) throw new Error(`install.sh has no line ${name}=''`);
		text = text.replace(empty, () => `\n${name}='${value}'\n`);
	}
	return text;
}

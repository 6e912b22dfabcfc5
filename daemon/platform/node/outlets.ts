/** Thin doors: each library is loaded by the first that needs it. */
import { type Outlets, refuseUnlessLoopback } from "../outlets.ts";

export const nodeOutlets: Outlets = {
	async hmacSha256(secret, text) {
		const { createHmac } = await import("node:crypto");
		return createHmac("sha256", secret).update(text, "utf8").digest("hex");
	},
	base64: (text) => Buffer.from(text, "utf8").toString("base64"),
	async certificateEndUnixMs(pem) {
		const { X509Certificate } = await import("node:crypto");
		try {
			const ends = Date.parse(new X509Certificate(pem).validTo);
			return Number.isNaN(ends) ? null : ends;
		} catch {
			return null; // not a certificate: whoever uses it says so
		}
	},
	async sendMail(mail) {
		const { sendMail } = await import("./mail.ts");
		return sendMail(mail);
	},
	pushLacks: () => null,
	async newPushKeys() {
		const { newPushKeys } = await import("./web-push.ts");
		return newPushKeys();
	},
	async sealPush(push) {
		const { sealPush } = await import("./web-push.ts");
		return sealPush(push);
	},
	async openMqtt(options, handlers) {
		const { openMqtt } = await import("./mqtt.ts");
		return openMqtt(options, handlers);
	},
	async listen(options) {
		refuseUnlessLoopback(options.host);
		const { listen } = await import("./listen.ts");
		return listen(options);
	},
};

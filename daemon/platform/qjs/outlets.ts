/** Ways out on QuickJS: thin doors, each part is loaded by the first that needs it. */
import { type Outlets, refuseUnlessLoopback } from "../outlets.ts";
import { encodeText } from "../text.ts";
import { encodeBase64 } from "./base64.ts";

/** `find`: the path of a program, null when it is not there. */
export const createQjsOutlets = (find: (name: string) => string | null): Outlets => ({
	async hmacSha256(secret, text) {
		const { hmacSha256 } = await import("./sha256.ts");
		return hmacSha256(secret, text);
	},
	base64: (text) => encodeBase64(encodeText(text)),
	async certificateEndUnixMs(pem) {
		const { certificateEndUnixMs } = await import("./certificate.ts");
		return certificateEndUnixMs(pem);
	},
	async sendMail(mail) {
		const { sendMail } = await import("./mail.ts");
		return sendMail(mail);
	},
	// Push services are asked over https://, and only curl has TLS.
	pushLacks: () => (find("curl") === null ? "curl" : null),
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
});

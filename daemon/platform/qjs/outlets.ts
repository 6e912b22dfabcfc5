/** Ways out on QuickJS: thin doors, each part is loaded by the first that needs it; what needs Node says so. */
import { AutonomyError } from "../error.ts";
import { type Outlets, refuseUnlessLoopback } from "../outlets.ts";
import { encodeBase64 } from "./base64.ts";
import { encodeText } from "./text.ts";

function needsNode(what: string): Promise<never> {
	const text = `${what} needs Node.js: set option runtime 'node' in section main of /etc/config/autonomy, or turn it off`;
	return Promise.reject(new AutonomyError("tool_missing", text));
}

export const qjsOutlets: Outlets = {
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
	canPush: false,
	newPushKeys: () => needsNode("web push"),
	sealPush: () => needsNode("web push"),
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

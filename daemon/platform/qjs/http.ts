/** HTTP on QuickJS: plain by ourselves, with TLS by curl. Each is loaded by the first that needs it. */
import { AutonomyError } from "../error.ts";
import type { HttpClient } from "../platform.ts";
import { parseUrl } from "./http-message.ts";

export const qjsHttp: HttpClient = {
	async request(request) {
		const url = parseUrl(request.url);
		if (request.publicOnly === true) {
			// curl and socat resolve by themselves: what we would check need not be what they connect to.
			throw new AutonomyError("refused", "on QuickJS it cannot be proven that this host is of the public internet");
		}
		if (!url.secure) {
			const { requestPlain } = await import("./http-plain.ts");
			return requestPlain(request, url);
		}
		if (request.url.length > 8192) throw new AutonomyError("bad_argument", "an address too long to be asked");
		const { requestByCurl } = await import("./http-curl.ts");
		return requestByCurl(request);
	},
};

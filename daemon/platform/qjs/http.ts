/** HTTP on QuickJS: plain by ourselves, with TLS by curl. Each is loaded by the first that needs it. */
import { AutonomyError } from "../error.ts";
import type { HttpClient } from "../platform.ts";
import { qjsRandom, qjsTimers } from "./clock.ts";
import { qjsDatagrams } from "./datagrams.ts";
import { qjsFiles } from "./files.ts";
import { parseUrl } from "./http-message.ts";

/** curl and socat would resolve by themselves, and what we had checked need not be what they connect to. */
async function addressesOf(host: string, localAddress: string | undefined): Promise<readonly string[]> {
	const { publicAddresses } = await import("./resolve.ts");
	const world = { datagrams: qjsDatagrams, files: qjsFiles, timers: qjsTimers, random: qjsRandom };
	return publicAddresses(host, localAddress, world);
}

export const qjsHttp: HttpClient = {
	async request(request) {
		const url = parseUrl(request.url);
		const addresses = request.publicOnly === true ? await addressesOf(url.host, request.localAddress) : null;
		if (!url.secure) {
			const { requestPlain } = await import("./http-plain.ts");
			return requestPlain(request, { ...url, host: addresses?.[0] ?? url.host });
		}
		if (request.url.length > 8192) throw new AutonomyError("bad_argument", "an address too long to be asked");
		const { requestByCurl } = await import("./http-curl.ts");
		return requestByCurl(request, addresses === null ? null : { ...url, addresses });
	},
};

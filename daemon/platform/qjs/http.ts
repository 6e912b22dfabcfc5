/** HTTP on QuickJS: plain by ourselves, with TLS by curl. Each is loaded by the first that needs it. */
import { AutonomyError } from "../error.ts";
import { parseUrl } from "../http-message.ts";
import type { Connect, PlainHttp } from "../http-plain.ts";
import type { HttpClient } from "../platform.ts";
import { qjsRandom, qjsTimers } from "./clock.ts";
import { qjsDatagrams } from "./datagrams.ts";
import { qjsFiles } from "./files.ts";
import { connectAny } from "./streams.ts";

let plain: PlainHttp | null = null;

const connect: Connect = (hosts, port, localAddress, handlers) => {
	const local = localAddress === undefined ? {} : { localAddress };
	return connectAny(
		hosts.map((host) => ({ kind: "tcp", host, port, ...local })),
		handlers,
	);
};

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
			// Asked for each time, what is loaded already would still be looked for (a dish is asked every second).
			plain ??= (await import("../http-plain.ts")).createPlainHttp(connect, qjsTimers);
			return plain(request, url, addresses);
		}
		if (request.url.length > 8192) throw new AutonomyError("bad_argument", "an address too long to be asked");
		const { requestByCurl } = await import("./http-curl.ts");
		return requestByCurl(request, addresses === null ? null : { ...url, addresses });
	},
};

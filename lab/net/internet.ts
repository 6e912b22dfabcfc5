/**
 * What answers on the internet of the lab: UDP and TCP echo, a DNS responder, and open ports for connect probes, on every
 * address of the plan. The echo says which ISP the packet came through. ICMP is answered by the kernel.
 */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { ECHO_PORT, ECHO_V4, ECHO_V6, INTERNET_V4, INTERNET_V6, ispOfAddress } from "./plan.ts";

const TCP_PORTS = [7, 53, 80, 443, 853];

/** Answers a DNS question with one A or AAAA record (or none, for other types); null when it is no question. */
export function dnsAnswer(query: Uint8Array): Uint8Array | null {
	if (query.length < 17 || ((query[2] ?? 0) & 0x80) !== 0) return null;
	let at = 12;
	while (at < query.length && query[at] !== 0) at += (query[at] ?? 0) + 1;
	const end = at + 5;
	if (end > query.length) return null;
	const type = ((query[at + 1] ?? 0) << 8) | (query[at + 2] ?? 0);
	const data =
		type === 1 ? [192, 0, 2, 1] : type === 28 ? [0x20, 1, 0x0d, 0xb8, ...new Array<number>(11).fill(0), 1] : null;
	const head = [query[0] ?? 0, query[1] ?? 0, 0x81, 0x80, 0, 1, 0, data ? 1 : 0, 0, 0, 0, 0];
	const record = data ? [0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length, ...data] : [];
	return Uint8Array.from([...head, ...query.subarray(12, end), ...record]);
}

async function listenUdp(
	address: string,
	port: number,
	reply: (data: Buffer, from: string) => Uint8Array | null,
): Promise<void> {
	const socket = createSocket({ type: address.includes(":") ? "udp6" : "udp4", recvBufferSize: 1 << 20 });
	socket.on("message", (data, from) => {
		const answer = reply(data, from.address);
		if (answer) socket.send(answer, from.port, from.address);
	});
	socket.on("error", () => {});
	await new Promise<void>((resolve, reject) => {
		socket.once("error", reject);
		socket.bind(port, address, () => {
			socket.off("error", reject);
			resolve();
		});
	});
}

/** The first byte of an echo is replaced by the index of the ISP it came through. */
function echo(data: Buffer, from: string): Uint8Array | null {
	if (data.length === 0) return null;
	data[0] = ispOfAddress(from) ?? 0;
	return data;
}

export async function startInternet(ipv6: boolean): Promise<void> {
	const addresses: string[] = [...INTERNET_V4, ...(ipv6 ? INTERNET_V6 : [])];
	const echoes: string[] = [ECHO_V4, ...(ipv6 ? [ECHO_V6] : [])];
	await Promise.all([
		...[...echoes, ...addresses].map((address) => listenUdp(address, ECHO_PORT, echo)),
		...addresses.map((address) => listenUdp(address, 53, dnsAnswer)),
		...TCP_PORTS.map(
			(port) =>
				new Promise<void>((resolve, reject) => {
					const server = createServer((socket) => {
						socket.on("error", () => socket.destroy());
						socket.pipe(socket);
					});
					server.on("error", reject);
					server.listen({ port, host: ipv6 ? "::" : "0.0.0.0", backlog: 256 }, resolve);
				}),
		),
	]);
}

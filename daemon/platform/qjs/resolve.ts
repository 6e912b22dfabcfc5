/**
 * Names to addresses, asked of the router's own resolver (RFC 1035), for requests that must stay on the public internet: what
 * was checked here is what curl and socat are told to connect to. What an answer says about whose addresses they are is not
 * believed, since all of them are checked.
 */
import { AutonomyError } from "../error.ts";
import type { Closable, Datagrams, Files, Random, Timers } from "../platform.ts";
import { isPublicAddress, parseAddress } from "./public-address.ts";

export interface ResolveWorld {
	readonly datagrams: Datagrams;
	readonly files: Pick<Files, "readTextIfAny">;
	readonly timers: Timers;
	readonly random: Random;
}

const ATTEMPT_MS = 2000;
const MAX_SERVERS = 3;
const HEADER = 12;
const TYPES = { A: 1, AAAA: 28 } as const;
const NX_DOMAIN = 3;

export type RecordType = keyof typeof TYPES;

/** Null when the name cannot be asked for. */
export function encodeQuestion(id: number, name: string, type: RecordType): Uint8Array | null {
	const labels = name.split(".");
	if (name.length > 253 || !labels.every((label) => /^[\w-]{1,63}$/.test(label))) return null;
	const bytes = [id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
	for (const label of labels) bytes.push(label.length, ...[...label].map((one) => one.charCodeAt(0)));
	return Uint8Array.from([...bytes, 0, 0, TYPES[type], 0, 1]);
}

function addressText(bytes: Uint8Array): string {
	if (bytes.length === 4) return bytes.join(".");
	const groups: string[] = [];
	for (let at = 0; at < 16; at += 2) groups.push((((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16));
	return groups.join(":");
}

/** The addresses in an answer; empty: there are none; null: no answer to this question, or the server could not. */
export function addressesIn(question: Uint8Array, answer: Uint8Array): string[] | null {
	const word = (at: number): number => ((answer[at] ?? 0) << 8) | (answer[at + 1] ?? 0);
	const code = (answer[3] ?? 0) & 15;
	const isOurs = answer.length >= question.length && answer[0] === question[0] && answer[1] === question[1];
	if (!isOurs || word(4) !== 1 || ((answer[2] ?? 0) & 0xf8) !== 0x80) return null;
	for (let at = HEADER; at < question.length; at++) {
		// Some resolvers give the name back in another case.
		if (((answer[at] ?? 0) | 0x20) !== ((question[at] ?? 0) | 0x20)) return null;
	}
	if (code !== 0) return code === NX_DOMAIN ? [] : null;
	const type = question[question.length - 3] ?? 0;
	const found: string[] = [];
	let at = question.length;
	for (let left = word(6); left > 0 && at < answer.length; left--) {
		// The name: labels, ended by nothing or by a pointer.
		while (at < answer.length && (answer[at] ?? 0) !== 0 && (answer[at] ?? 0) < 0xc0) at += 1 + (answer[at] ?? 0);
		at += (answer[at] ?? 0) === 0 ? 1 : 2;
		const length = word(at + 8);
		const data = answer.slice(at + 10, at + 10 + length);
		if (word(at) === type && word(at + 2) === 1 && data.length === (type === TYPES.A ? 4 : 16)) {
			found.push(addressText(data));
		}
		at += 10 + length;
	}
	return found;
}

/** Of /etc/resolv.conf; a resolver of the machine itself where that names none (resolv.conf(5)). */
export function nameServers(text: string | null): string[] {
	const all = [...(text ?? "").matchAll(/^\s*nameserver\s+(\S+)/gm)].map((one) => one[1] ?? "");
	const usable = all.filter((one) => parseAddress(one) !== null).slice(0, MAX_SERVERS);
	return usable.length === 0 ? ["127.0.0.1"] : usable;
}

function ask(server: string, name: string, type: RecordType, world: ResolveWorld): Promise<string[] | null> {
	const question = encodeQuestion(world.random.uint32() & 0xffff, name, type);
	return new Promise((resolve) => {
		if (question === null) return resolve([]);
		let timer: Closable | null = null;
		const done = (found: string[] | null): void => {
			timer?.close();
			socket.close();
			resolve(found);
		};
		const socket = world.datagrams.open(
			{ family: server.includes(":") ? "ipv6" : "ipv4" },
			{
				onMessage(bytes) {
					const found = addressesIn(question, bytes);
					if (found !== null) done(found);
				},
				onError: () => done(null),
			},
		);
		timer = world.timers.after(ATTEMPT_MS, () => done(null));
		socket.send(question, server, 53);
	});
}

async function lookUp(name: string, type: RecordType, world: ResolveWorld): Promise<string[] | null> {
	for (const server of nameServers(world.files.readTextIfAny("/etc/resolv.conf"))) {
		const found = await ask(server, name, type, world);
		if (found !== null) return found;
	}
	return null;
}

/**
 * The addresses of a host, IPv4 first; IPv4 alone when it is to be reached from an IPv4 address. Rejects with refused when
 * one of them is not of the public internet, with connection_failed when there is none.
 */
export async function publicAddresses(
	host: string,
	localAddress: string | undefined,
	world: ResolveWorld,
): Promise<string[]> {
	const isLiteral = parseAddress(host) !== null;
	// What ends in a number is taken for an address by whoever connects, in writings of its own (0x7f.1, 2130706433); what
	// ends in a dot, for a name that is not the one it was told of.
	if (!isLiteral && /(^|\.)(0x[0-9a-f]*|\d*)$/i.test(host)) {
		throw new AutonomyError("refused", `${host} is no address as it should be written`);
	}
	const types: readonly RecordType[] =
		localAddress === undefined ? ["A", "AAAA"] : [localAddress.includes(":") ? "AAAA" : "A"];
	const answers = isLiteral ? [[host]] : await Promise.all(types.map((type) => lookUp(host, type, world)));
	const addresses = answers.flatMap((one) => one ?? []);
	const bad = addresses.find((one) => !isPublicAddress(one));
	if (bad !== undefined) throw new AutonomyError("refused", `${host} has a private address`);
	if (addresses.length === 0) {
		const words = answers.includes(null) ? "no resolver answers" : "there is no such name";
		throw new AutonomyError("connection_failed", `${host}: ${words}`);
	}
	return addresses;
}

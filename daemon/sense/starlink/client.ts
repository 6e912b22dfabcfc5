/**
 * Asks one dish through one uplink. Knocks first: which of its two doors is open is found with a bare connection, so that
 * nothing is loaded for a dish that is not there. What it refuses or does not know is not asked again until its firmware
 * changes, or a quarter of a day has passed. After a time-out or a broken connection the channel is made anew.
 */
import { AutonomyError, isAutonomyError } from "../../platform/error.ts";
import type { Closable, Platform, RpcChannel } from "../../platform/platform.ts";
import { openWebChannel } from "./grpc-web.ts";
import { type DishAddress, type Door, knock } from "./knock.ts";
import type { Raw } from "./raw.ts";
import { decodeAnswer, encodeQuestion, METHOD, type Question } from "./wire.ts";

export interface DishClient extends Closable {
	ask(question: Question, timeoutMs: number): Promise<Raw>;
	/** Refused at present; no use asking. */
	refused(question: Question): AutonomyError | null;
	/** The door in use; null: not open. */
	door(): Door | null;
	/** Another firmware may allow what the last one refused. */
	firmware(version: string | null): void;
}

const REFUSED_FOR_MS = 6 * 3_600_000;

interface Refusal {
	readonly error: AutonomyError;
	readonly atMs: number;
}

export function createDishClient(platform: Platform, addressNow: () => DishAddress): DishClient {
	const { clock } = platform;
	const refusals = new Map<Question, Refusal>();
	let version: string | null = null;
	let channel: Promise<RpcChannel> | null = null;
	let opened = "";
	let door: Door | null = null;
	/** Something answered there that is no dish. */
	let useless: Door | null = null;
	let closed = false;

	async function open(address: DishAddress): Promise<RpcChannel> {
		const { host, localAddress } = address;
		door = await knock(platform, address, useless);
		const openWeb = (): RpcChannel => openWebChannel(platform.http, { host, port: address.webPort, localAddress });
		if (door === "grpc-web") return openWeb();
		let made: RpcChannel;
		try {
			made = await platform.rpc.open({ host, port: address.port, localAddress });
		} catch (error) {
			// The runtime cannot, whatever the dish can.
			if (!isAutonomyError(error, "rpc_unsupported")) throw error;
			door = "grpc-web";
			return openWeb();
		}
		if (!closed) return made;
		made.close();
		throw new AutonomyError("connection_closed", "not wanted any more");
	}

	function drop(): void {
		const old = channel;
		channel = null;
		door = null;
		old?.then(
			(one) => one.close(),
			() => undefined,
		);
	}

	function refused(question: Question): AutonomyError | null {
		const refusal = refusals.get(question);
		if (refusal === undefined) return null;
		if (clock.monotonicMs() - refusal.atMs < REFUSED_FOR_MS) return refusal.error;
		refusals.delete(question);
		return null;
	}

	return {
		async ask(question, timeoutMs) {
			const refusal = refused(question);
			if (refusal !== null) throw refusal;
			const address = addressNow();
			const key = JSON.stringify(address);
			if (key !== opened) drop();
			opened = key;
			channel ??= open(address);
			const used = channel;
			try {
				const open = await used;
				return decodeAnswer(question, await open.call(METHOD, encodeQuestion(question), timeoutMs));
			} catch (error) {
				if (isAutonomyError(error, "rpc_denied") || isAutonomyError(error, "rpc_unsupported")) {
					refusals.set(question, { error, atMs: clock.monotonicMs() });
				} else if (channel === used) {
					// Else another question has begun anew already.
					if (isAutonomyError(error, "rpc_bad_reply")) useless = door;
					drop();
				}
				throw error;
			}
		},
		refused,
		door: () => door,
		firmware(next) {
			if (version !== null && next !== null && next !== version) refusals.clear();
			version = next ?? version;
		},
		close() {
			closed = true;
			drop();
		},
	};
}

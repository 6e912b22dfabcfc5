/** Real sockets: @grpc/grpc-js and gRPC-Web against a dish that answers, refuses, is slow, falls silent, talks nonsense. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type ErrorCode, isAutonomyError } from "../../../daemon/platform/error.ts";
import { createNodePlatform } from "../../../daemon/platform/node/platform.ts";
import type { RpcChannel } from "../../../daemon/platform/platform.ts";
import { openWebChannel, unframe } from "../../../daemon/sense/starlink/grpc-web.ts";
import { readHistory } from "../../../daemon/sense/starlink/history.ts";
import { readStatus } from "../../../daemon/sense/starlink/status.ts";
import { decodeAnswer, encodeQuestion, METHOD, type Question } from "../../../daemon/sense/starlink/wire.ts";
import { type Dish, startDish } from "../../../lab/dish/dish.ts";

const platform = createNodePlatform();
const HOST = "127.0.0.1";

async function ask(channel: RpcChannel, question: Question, timeoutMs = 30_000): ReturnType<typeof decode> {
	return decode(question, await channel.call(METHOD, encodeQuestion(question), timeoutMs));
}

async function decode(question: Question, bytes: Uint8Array): Promise<ReturnType<typeof decodeAnswer>> {
	return decodeAnswer(question, bytes);
}

function withCode(...codes: ErrorCode[]): (error: unknown) => true {
	return (error) => {
		assert.ok(isAutonomyError(error) && codes.includes(error.code), String(error));
		return true;
	};
}

for (const door of ["gRPC", "gRPC-Web"] as const) {
	describe(door, () => {
		let dish: Dish;
		const open = (localAddress?: string): Promise<RpcChannel> => {
			const local = localAddress === undefined ? {} : { localAddress };
			return door === "gRPC"
				? platform.rpc.open({ host: HOST, port: dish.port, ...local })
				: Promise.resolve(openWebChannel(platform.http, { host: HOST, port: dish.webPort, ...local }));
		};
		before(async () => {
			dish = await startDish({ host: HOST, port: 0, webPort: 0 });
		});
		after(() => dish.close());

		test("asks and is answered, bound to a source address", async (t) => {
			const channel = await open("127.0.0.9");
			t.after(() => channel.close());
			assert.equal(readStatus(await ask(channel, "get_status")).bootcount, 12);
			assert.equal(readHistory(await ask(channel, "get_history")).dropPct.length, 900);
		});

		test("refusals: denied, unknown", async (t) => {
			const channel = await open();
			t.after(() => channel.close());
			await assert.rejects(ask(channel, "get_location"), withCode("rpc_denied"));
			dish.set({ unknown: ["get_diagnostics"] });
			await assert.rejects(ask(channel, "get_diagnostics"), withCode("rpc_unsupported"));
		});

		test("too slow, silent, nonsense; and well again on a new channel", async (t) => {
			const channel = await open();
			t.after(() => channel.close());
			dish.set({ mode: "silent" });
			await assert.rejects(ask(channel, "get_status", 150), withCode("timeout"));
			dish.set({ mode: "garbage" });
			const next = await open();
			t.after(() => next.close());
			await assert.rejects(ask(next, "get_status"), withCode("rpc_bad_reply"));
			dish.set({ mode: "answering" });
			assert.equal(readStatus(await ask(next, "get_status")).bootcount, 12);
		});
	});
}

test("the source address is the one asked for", async (t) => {
	const seen: string[] = [];
	const { createServer } = await import("node:net");
	const server = createServer((socket) => {
		seen.push(socket.remoteAddress ?? "");
		socket.destroy();
	});
	await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
	t.after(() => server.close());
	const address = server.address();
	const port = typeof address === "object" && address !== null ? address.port : 0;
	const channel = await platform.rpc.open({ host: HOST, port, localAddress: "127.0.0.9" });
	t.after(() => channel.close());
	await assert.rejects(ask(channel, "get_status"), withCode("connection_failed"));
	assert.equal(seen[0], "127.0.0.9");
});

test("nobody there, a closed channel", async () => {
	const channel = await platform.rpc.open({ host: HOST, port: 1 });
	await assert.rejects(ask(channel, "get_status"), withCode("connection_failed"));
	channel.close();
	await assert.rejects(ask(channel, "get_status"), withCode("connection_closed"));
	const web = openWebChannel(platform.http, { host: HOST, port: 1 });
	await assert.rejects(ask(web, "get_status"), withCode("connection_failed"));
});

describe("frames of gRPC-Web", () => {
	const framed = (flags: number, text: string): number[] => [flags, 0, 0, 0, text.length, ...Buffer.from(text)];
	for (const [name, bytes, code] of [
		["nothing", [], "rpc_bad_reply"],
		["a head without a body", [0, 0, 0, 0, 9], "rpc_bad_reply"],
		["a length of 4 GB", [0, 255, 255, 255, 255, 1], "rpc_bad_reply"],
		["trailers alone", framed(0x80, "grpc-status:0\r\n"), "rpc_bad_reply"],
		["a refusal behind a message", [...framed(0, "a"), ...framed(0x80, "grpc-status: 7\r\n")], "rpc_denied"],
		["bytes behind the end", [...framed(0, "a"), 1], "rpc_bad_reply"],
	] as const) {
		test(name, () => assert.throws(() => unframe(Uint8Array.from(bytes)), withCode(code)));
	}
	test("one message", () => assert.deepEqual([...unframe(Uint8Array.from(framed(0, "ab")))], [97, 98]));
});

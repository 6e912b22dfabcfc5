/**
 * A dish that answers by HTTP (gRPC-Web): the bytes of a real one's answers, made beforehand (answers.ts) and read anew for
 * each question, so that nothing of them stays in the process that is measured; its clock goes on.
 */
import type { Files, HttpRequest, HttpResponse } from "../../../daemon/platform/platform.ts";

/** Field of a question -> file with the answer. */
const ANSWERS: Readonly<Record<number, string>> = {
	1004: "status",
	1007: "history",
	1008: "info",
	2008: "map",
	6000: "diagnostics",
};
const HEAD = 5;

/** Where the seconds stand in each file: four bytes, seven bits in each (a varint). */
export type Marks = Readonly<Record<string, number | null>>;

function question(body: Uint8Array): number {
	let key = 0;
	for (let at = HEAD, shift = 0; shift < 35; at++, shift += 7) {
		const byte = body[at] ?? 0;
		key |= (byte & 0x7f) << shift;
		if (byte < 0x80) break;
	}
	return key >>> 3;
}

function response(bytes: Uint8Array, headers: Record<string, string> = {}): HttpResponse {
	return { status: 200, headers: { "content-type": "application/grpc-web+proto", ...headers }, body: "", bytes };
}

/** `seconds`: of the dish's clock, between 2^21 and 2^28. */
export function answer(
	files: Files,
	folder: string,
	request: HttpRequest,
	marks: Marks,
	seconds: number,
): HttpResponse {
	const name = request.body instanceof Uint8Array ? ANSWERS[question(request.body)] : undefined;
	if (name === undefined)
		return response(new Uint8Array(0), { "grpc-status": "7", "grpc-message": "Permission denied" });
	const message = files.readBytes(`${folder}/${name}.bin`);
	const framed = new Uint8Array(HEAD + message.length);
	new DataView(framed.buffer).setUint32(1, message.length);
	framed.set(message, HEAD);
	const mark = marks[name];
	if (mark !== null && mark !== undefined) {
		for (let i = 0; i < 4; i++) framed[HEAD + mark + i] = ((seconds >>> (7 * i)) & 0x7f) | (i < 3 ? 0x80 : 0);
	}
	return response(framed);
}

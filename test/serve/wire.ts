/** Members of a blobmsg table or array with their wire types, read without the code under test. */
export interface WireField {
	readonly name: string;
	readonly type: number;
	readonly content: Uint8Array;
}

export function readFields(bytes: Uint8Array): WireField[] {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const fields: WireField[] = [];
	for (let at = 0; at + 4 <= bytes.length; ) {
		const head = view.getUint32(at);
		const length = head & 0xffffff;
		const nameLength = view.getUint16(at + 4);
		const start = at + 4 + Math.ceil((2 + nameLength + 1) / 4) * 4;
		fields.push({
			name: new TextDecoder().decode(bytes.subarray(at + 6, at + 6 + nameLength)),
			type: (head >>> 24) & 0x7f,
			content: bytes.subarray(start, at + length),
		});
		at += Math.ceil(length / 4) * 4;
	}
	return fields;
}

/**
 * LuCI's compiled translations: a .po text becomes the .lmo its server maps into memory. Layout, all numbers big endian:
 * the translations one after the other, each padded to 4 bytes; an index sorted by key, four numbers an entry (hash of the
 * original, how many plural forms, offset, length); at the end the offset of the index. The key is Paul Hsieh's
 * SuperFastHash of the original, with the context before it (\1) and the plural form behind it (\2). The entry with key 0
 * is the rule for plurals.
 */

/** SuperFastHash with the length as seed, as LuCI calls it; bytes left over at the end count as signed. */
export function superFastHash(data: Uint8Array): number {
	if (data.length === 0) return 0;
	const pair = (at: number): number => (data[at] ?? 0) | ((data[at + 1] ?? 0) << 8);
	const signed = (at: number): number => ((data[at] ?? 0) << 24) >> 24;
	let hash = data.length;
	let at = 0;
	for (; at + 4 <= data.length; at += 4) {
		hash = (hash + pair(at)) | 0;
		hash = (hash << 16) ^ ((pair(at + 2) << 11) ^ hash);
		hash = (hash + (hash >>> 11)) | 0;
	}
	const rest = data.length - at;
	if (rest === 3) {
		hash = (hash + pair(at)) | 0;
		hash ^= hash << 16;
		hash ^= signed(at + 2) << 18;
		hash = (hash + (hash >>> 11)) | 0;
	} else if (rest === 2) {
		hash = (hash + pair(at)) | 0;
		hash ^= hash << 11;
		hash = (hash + (hash >>> 17)) | 0;
	} else if (rest === 1) {
		hash = (hash + signed(at)) | 0;
		hash ^= hash << 10;
		hash = (hash + (hash >>> 1)) | 0;
	}
	hash ^= hash << 3;
	hash = (hash + (hash >>> 5)) | 0;
	hash ^= hash << 4;
	hash = (hash + (hash >>> 17)) | 0;
	hash ^= hash << 25;
	hash = (hash + (hash >>> 6)) | 0;
	return hash >>> 0;
}

export interface PoMessage {
	readonly context: string | null;
	readonly id: string;
	readonly plural: string | null;
	/** By plural form; one without plural. */
	readonly translations: readonly string[];
}

const LINE = /^(msgctxt|msgid|msgid_plural|msgstr(?:\[(\d)\])?)\s+"(.*)"\s*$/;

/** What stands between the quotes: \" and \\ are what they mean; \n stays two characters, as LuCI's own compiler leaves it. */
function unquote(text: string): string {
	return text.replace(/\\(["\\])/g, "$1");
}

/** Messages of a .po text, the header (empty id) included. Throws with the line for what is none. */
export function parsePo(text: string): PoMessage[] {
	const messages: PoMessage[] = [];
	let fields = new Map<string, string>();
	let current: string | null = null;
	const finish = (): void => {
		const id = fields.get("msgid");
		if (id !== undefined) {
			const translations: string[] = [];
			for (const [name, value] of fields) {
				const form = /^msgstr(?:\[(\d)\])?$/.exec(name);
				if (form !== null) translations[Number(form[1] ?? 0)] = value;
			}
			messages.push({
				context: fields.get("msgctxt") ?? null,
				id,
				plural: fields.get("msgid_plural") ?? null,
				translations: Array.from(translations, (one) => one ?? ""),
			});
		}
		fields = new Map();
		current = null;
	};
	for (const [index, line] of text.split(/\r?\n/).entries()) {
		if (line.startsWith("#") || line.trim() === "") continue;
		const found = LINE.exec(line);
		const more = /^"(.*)"\s*$/.exec(line);
		if (found !== null) {
			const name = found[1] ?? "";
			// A message begins with its context, or with its id where it has none.
			if (name === "msgctxt" || (name === "msgid" && (fields.has("msgid") || !fields.has("msgctxt")))) finish();
			if (fields.has(name)) throw new Error(`line ${index + 1}: ${name} twice in one message`);
			current = name;
			fields.set(name, unquote(found[3] ?? ""));
		} else if (more !== null && current !== null) {
			fields.set(current, (fields.get(current) ?? "") + unquote(more[1] ?? ""));
		} else {
			throw new Error(`line ${index + 1}: neither a keyword nor a text: ${line.slice(0, 60)}`);
		}
	}
	finish();
	return messages;
}

interface LmoEntry {
	readonly key: number;
	readonly forms: number;
	readonly value: Buffer;
}

function entries(message: PoMessage): LmoEntry[] {
	if (message.id === "") {
		const rule = /(?:^|\\n)Plural-Forms: (.*?)(?:\\n|$)/i.exec(message.translations[0] ?? "")?.[1];
		return rule === undefined ? [] : [{ key: 0, forms: 0, value: Buffer.from(rule) }];
	}
	const before = message.context === null ? "" : `${message.context}\x01`;
	const found: LmoEntry[] = [];
	for (const [form, translation] of message.translations.entries()) {
		const value = Buffer.from(translation);
		const key = superFastHash(Buffer.from(before + message.id + (message.plural === null ? "" : `\x02${form}`)));
		// Not translated, or the same: LuCI shows the original by itself.
		if (translation === "" || key === superFastHash(value)) continue;
		found.push({ key, forms: message.translations.length, value });
	}
	return found;
}

/** Null: nothing in it is translated. Throws when two messages have the same hash, since only one would be found. */
export function compileLmo(po: string): Buffer | null {
	const all = parsePo(po).flatMap(entries);
	if (!all.some((entry) => entry.key !== 0)) return null;
	const chunks: Buffer[] = [];
	const index: { key: number; forms: number; offset: number; length: number }[] = [];
	let offset = 0;
	for (const { key, forms, value } of all) {
		const padded = Buffer.concat([value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
		if (index.some((entry) => entry.key === key)) throw new Error(`two messages with the key ${key}: ${value}`);
		index.push({ key, forms, offset, length: value.length });
		chunks.push(padded);
		offset += padded.length;
	}
	index.sort((a, b) => a.key - b.key);
	const tail = Buffer.alloc(index.length * 16 + 4);
	for (const [at, { key, forms, offset, length }] of index.entries()) {
		for (const [field, value] of [key, forms, offset, length].entries()) tail.writeUInt32BE(value, at * 16 + field * 4);
	}
	tail.writeUInt32BE(offset, tail.length - 4);
	return Buffer.concat([...chunks, tail]);
}

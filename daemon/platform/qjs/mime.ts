/**
 * A mail as text (RFC 5322, MIME): headers that nothing can break out of, bodies as they are where every server must take
 * them, else as base64. Pure.
 */
import { AutonomyError } from "../error.ts";
import type { Mail } from "../outlets.ts";
import { encodeText } from "../text.ts";
import { encodeBase64 } from "./base64.ts";

export interface Address {
	readonly name: string;
	readonly mailbox: string;
}

/** "boat@example.org" or "The boat <boat@example.org>". Throws bad_argument. */
export function parseAddress(text: string): Address {
	const [, name = "", inside = ""] = /^\s*([\s\S]*?)\s*<([^<>]*)>\s*$/.exec(text) ?? [];
	const mailbox = inside === "" ? text.trim() : inside;
	// No quoted local parts and no addresses beyond ASCII: servers that take those are few.
	if (!/^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w.[\]:-]{1,255}$/.test(mailbox)) {
		throw new AutonomyError("bad_argument", `not an address of e-mail: ${oneLine(text).slice(0, 80)}`);
	}
	return { name: name.replace(/^"([\s\S]*)"$/, "$1"), mailbox };
}

function oneLine(text: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get into a header
	return text.replace(/[\x00-\x1f\x7f\u2028\u2029]+/g, " ").trim();
}

/** A word of RFC 2047 holds at most 75 characters, so 45 bytes; characters stay whole (2047 5.3). */
function encodedWords(text: string): string {
	const words: string[] = [];
	let part: number[] = [];
	for (const one of text) {
		const bytes = encodeText(one);
		if (part.length + bytes.length > 45) {
			words.push(encodeBase64(Uint8Array.from(part)));
			part = [];
		}
		part.push(...bytes);
	}
	words.push(encodeBase64(Uint8Array.from(part)));
	return words.map((word) => `=?UTF-8?B?${word}?=`).join("\r\n ");
}

/** The value of a header that is free text. */
export function headerText(text: string): string {
	const line = oneLine(text);
	return /^[\x20-\x7e]{0,200}$/.test(line) && !line.includes("=?") ? line : encodedWords(line);
}

function headerAddress({ name, mailbox }: Address): string {
	const line = oneLine(name);
	if (line === "") return mailbox;
	return `${/^[\w ]{1,60}$/.test(line) ? line : encodedWords(line)} <${mailbox}>`;
}

const DAYS = "Sun Mon Tue Wed Thu Fri Sat".split(" ");
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** RFC 5322 3.3, in UTC. */
export function headerDate(unixMs: number): string {
	const at = new Date(unixMs);
	const two = (value: number): string => String(value).padStart(2, "0");
	const time = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(":");
	const day = DAYS[at.getUTCDay()] ?? "";
	return `${day}, ${two(at.getUTCDate())} ${MONTHS[at.getUTCMonth()] ?? ""} ${at.getUTCFullYear()} ${time} +0000`;
}

/** With its headers, lines ending in CR LF. Lines of at most 998 characters (RFC 5322 2.1.1) stay as they are. */
function part(type: string, text: string): string {
	const lines = text.replace(/\r\n?/g, "\n");
	const isPlain = /^[\t\n\x20-\x7e]*$/.test(lines) && !/[^\n]{999}/.test(lines);
	const body = isPlain
		? lines.replaceAll("\n", "\r\n")
		: (encodeBase64(encodeText(lines.replaceAll("\n", "\r\n"))).match(/.{1,76}/g) ?? []).join("\r\n");
	const head = `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: ${isPlain ? "7bit" : "base64"}`;
	return `${head}\r\n\r\n${body}`;
}

/** `token`: random, so that no text can hold it. */
export function mailText(mail: Mail, token: string): string {
	const from = parseAddress(mail.from);
	const urgent = "X-Priority: 1 (Highest)\r\nX-MSMail-Priority: High\r\nImportance: High";
	const head = [
		`From: ${headerAddress(from)}`,
		`To: ${mail.to.map((one) => headerAddress(parseAddress(one))).join(",\r\n ")}`,
		`Subject: ${headerText(mail.subject)}`,
		`Date: ${headerDate(mail.dateMs)}`,
		`Message-ID: <${token}@${from.mailbox.split("@")[1]}>`,
		"Auto-Submitted: auto-generated",
		...(mail.urgent ? [urgent] : []),
		"MIME-Version: 1.0",
	].join("\r\n");
	const text = part("text/plain", mail.text);
	if (mail.html === undefined) return `${head}\r\n${text}\r\n`;
	const html = part("text/html", mail.html);
	const type = `Content-Type: multipart/alternative;\r\n boundary="${token}"`;
	return `${head}\r\n${type}\r\n\r\n--${token}\r\n${text}\r\n--${token}\r\n${html}\r\n--${token}--\r\n`;
}

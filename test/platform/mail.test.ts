/** Our own mail: the text of it, replies of a server however broken, and what openssl says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AutonomyError } from "../../daemon/platform/error.ts";
import type { Mail } from "../../daemon/platform/outlets.ts";
import type { StreamHandlers } from "../../daemon/platform/platform.ts";
import { headerDate, headerText, mailText, parseAddress } from "../../daemon/platform/qjs/mime.ts";
import { clientArgv, isRefusal, tlsFailureOf } from "../../daemon/platform/qjs/s-client.ts";
import { sendOver, takeReply } from "../../daemon/platform/qjs/smtp.ts";
import { fakeTime } from "../support/fake-platform.ts";

const MAIL: Mail = {
	host: "mail.example.org",
	port: 25,
	security: "plain",
	caFile: null,
	user: null,
	password: null,
	timeoutMs: 30_000,
	from: "The boat <boat@example.org>",
	to: ["a@example.org", "b@example.org"],
	subject: "boat: Uplink down (wan)",
	text: "wan: no answer\n.\nend\n",
	dateMs: Date.UTC(2026, 0, 2, 3, 4, 5),
	urgent: false,
};

/** As a reader sees it: headers unfolded and decoded, body decoded. */
function parse(text: string): { headers: Map<string, string>; body: string } {
	const end = text.indexOf("\r\n\r\n");
	const words = (value: string) =>
		value
			.replace(/\?=\s+=\?/g, "?==?")
			.replace(/=\?UTF-8\?B\?([^?]*)\?=/g, (_, data: string) => Buffer.from(data, "base64").toString("utf8"));
	const headers = new Map(
		text
			.slice(0, end)
			.replace(/\r\n /g, " ")
			.split("\r\n")
			.map((line) => [line.slice(0, line.indexOf(":")), words(line.slice(line.indexOf(":") + 2))] as const),
	);
	const body = text.slice(end + 4).replace(/\r\n$/, "");
	const isBase64 = headers.get("Content-Transfer-Encoding") === "base64";
	return { headers, body: isBase64 ? Buffer.from(body, "base64").toString("utf8") : body };
}

test("a mail, line by line", () => {
	assert.deepEqual(mailText({ ...MAIL, urgent: true }, "0123").split("\r\n"), [
		"From: The boat <boat@example.org>",
		"To: a@example.org,",
		" b@example.org",
		"Subject: boat: Uplink down (wan)",
		"Date: Fri, 02 Jan 2026 03:04:05 +0000",
		"Message-ID: <0123@example.org>",
		"Auto-Submitted: auto-generated",
		"X-Priority: 1 (Highest)",
		"X-MSMail-Priority: High",
		"Importance: High",
		"MIME-Version: 1.0",
		"Content-Type: text/plain; charset=utf-8",
		"Content-Transfer-Encoding: 7bit",
		"",
		"wan: no answer",
		".",
		"end",
		"",
		"",
	]);
	const [, first = "", second = ""] = mailText({ ...MAIL, text: "grüße", html: "<p>x</p>" }, "TOKEN").split(
		"--TOKEN\r\n",
	);
	assert.equal(parse(first.slice(0, -2)).body, "grüße");
	assert.equal(parse(second).body, "<p>x</p>\r\n--TOKEN--");
	assert.equal(headerDate(0), "Thu, 01 Jan 1970 00:00:00 +0000");
});

test("any text: no header is added, no line is too long, and a reader gets it back", () => {
	const odd = fc.stringMatching(/^[\r\n\0a:=?\u00e4\u{1f6a2}\ud800.\u2028]{0,80}$/u);
	fc.assert(
		fc.property(fc.oneof(odd, fc.string({ unit: "binary", maxLength: 300 })), (text) => {
			const whole = mailText(
				{ ...MAIL, subject: text, text, from: `"${text.replace(/[<>]/g, "")}" <a@b.example>` },
				"t0",
			);
			const { headers, body } = parse(whole);
			assert.deepEqual(
				[...headers.keys()],
				"From To Subject Date Message-ID Auto-Submitted MIME-Version Content-Type Content-Transfer-Encoding".split(" "),
			);
			for (const line of whole.split("\r\n")) assert.ok(line.length <= 998 && !/[\r\n]/.test(line));
			assert.match(whole, /^[\t\r\n\x20-\x7e]*$/);
			const valid = Buffer.from(text).toString();
			// biome-ignore lint/suspicious/noControlCharactersInRegex: what a header does not keep
			assert.equal(headers.get("Subject"), valid.replace(/[\x00-\x1f\x7f\u2028\u2029]+/g, " ").trim());
			assert.equal(body.replaceAll("\r\n", "\n"), valid.replace(/\r\n?/g, "\n"));
		}),
		{ numRuns: 200 },
	);
	for (const line of headerText("ü".repeat(200)).split("\r\n ")) assert.ok(line.length <= 75, line);
	assert.equal(headerText("=?x?="), "=?UTF-8?B?PT94Pz0=?=");
});

test("what is an address", () => {
	assert.deepEqual(parseAddress('"A. B" <a.b+c@example.org>'), { name: "A. B", mailbox: "a.b+c@example.org" });
	assert.deepEqual(parseAddress(" a@[192.0.2.1] "), { name: "", mailbox: "a@[192.0.2.1]" });
	for (const text of ["", "a", "a@", "@b", "a b@c", "<a@b", "a@b>\r\nRCPT TO:<c@d", "ü@b", "a@b <c>", "x <a@b> y"]) {
		assert.throws(() => parseAddress(text), { code: "bad_argument" }, text);
	}
});

test("replies", () => {
	for (const [text, wanted] of [
		["220 hi\r\n", { code: 220, lines: ["hi"], length: 8 }],
		["250-a\r\n250-b c\r\n250 d\r\n250 e\r\n", { code: 250, lines: ["a", "b c", "d"], length: 23 }],
		["250\n", { code: 250, lines: [""], length: 4 }],
		["25", null],
		["250-a\r\n250", null],
	] as const) {
		const taken = takeReply(text);
		assert.deepEqual(taken === null ? null : { ...taken.reply, length: taken.length }, wanted, text);
	}
	for (const text of ["\r\n", "HTTP/1.1 200 OK\r\n", "25 x\r\n", "2500 x\r\n", "250x\r\n"]) {
		assert.throws(() => takeReply(text), { code: "connection_failed", message: "this is no mail server" }, text);
	}
	assert.throws(() => takeReply("x".repeat(20_000)), /no end/);
});

/** Sends to a server that says these lines, one after each command. */
async function send(mail: Mail, replies: readonly string[], end: "closes" | "stays" = "closes") {
	const time = fakeTime();
	const heard: string[] = [];
	let closed = false;
	const left = [...replies];
	let handlers: StreamHandlers | null = null;
	const next = (): void => {
		const line = left.shift();
		if (line !== undefined) handlers?.onData(Buffer.from(line, "latin1"));
		else if (end === "closes") handlers?.onClose(null);
	};
	const outcome = sendOver(mail, {
		timers: time.timers,
		isRefusal,
		name: "router.example",
		token: "t0",
		connect(given) {
			handlers = given;
			time.timers.after(1, () => {
				given.onOpen();
				if (mail.security !== "starttls") next();
			});
			return {
				write(bytes) {
					heard.push(Buffer.from(bytes).toString("latin1"));
					time.timers.after(1, next);
					return true;
				},
				pendingBytes: 0,
				pause: () => undefined,
				resume: () => undefined,
				close: () => {
					closed = true;
				},
			};
		},
	}).then(
		() => "sent",
		(error: unknown) => (error instanceof AutonomyError ? `${error.code}: ${error.message}` : String(error)),
	);
	for (let turn = 0; turn < 20; turn++) await time.advance(10);
	await time.advance(31_000);
	const told = await outcome;
	assert.equal(closed, true);
	assert.equal(time.pending(), 0, "no timer is left");
	return { told, heard };
}

test("a mail is handed over; dots are doubled; who is refused does not keep it from the others", async () => {
	const replies = [
		"220 x\r\n",
		"250-x\r\n250 SIZE\r\n",
		"250 ok\r\n",
		"550 no\r\n",
		"250 ok\r\n",
		"354 go\r\n",
		"250 taken\r\n",
	];
	const { told, heard } = await send(MAIL, replies);
	assert.equal(told, "sent");
	assert.deepEqual(heard.slice(0, 5), [
		"EHLO router.example\r\n",
		"MAIL FROM:<boat@example.org>\r\n",
		"RCPT TO:<a@example.org>\r\n",
		"RCPT TO:<b@example.org>\r\n",
		"DATA\r\n",
	]);
	assert.match(heard[5] ?? "", /\r\n\r\nwan: no answer\r\n\.\.\r\nend\r\n\r\n\.\r\n$/);
	assert.equal(heard[6], "QUIT\r\n");
});

test("what a server says, and what it means", async () => {
	const login: Mail = { ...MAIL, security: "starttls", user: "u", password: "secret" };
	const upTo = (count: number) =>
		["220 x\r\n", "250 x\r\n", "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"].slice(0, count);
	for (const [mail, replies, wanted] of [
		[MAIL, [], /^connection_failed: the server closed/],
		[MAIL, ["554 go away\r\n"], /^bad_argument: the server refuses it \(554\): go away$/],
		[MAIL, ["421 busy\r\n"], /^connection_failed: 421 busy$/],
		[MAIL, ["SSH-2.0-x\r\n"], /^connection_failed: this is no mail server$/],
		[MAIL, [...upTo(2), "451 later\r\n"], /^connection_failed: 451 later$/],
		[MAIL, [...upTo(3), "550 a\r\n", "550 b\r\n"], /^bad_argument: the server refuses it \(550\): a$/],
		[MAIL, [...upTo(5), "554 no\r\n"], /^bad_argument/],
		[MAIL, upTo(6), /^timeout: the server closed/],
		[MAIL, [...upTo(6), "452 full\r\n"], /^timeout: 452 full$/],
		[login, ["250-x\r\n250 AUTH CRAM-MD5\r\n"], /^refused: the server offers no way to log in/],
		[login, ["250 AUTH PLAIN\r\n", "535 secret\r\n"], /^refused: the server refuses name or password$/],
		[
			login,
			["250 AUTH=LOGIN\r\n", "334 a\r\n", "334 b\r\n", "454 secret\r\n"],
			/^connection_failed: 454: no login now$/,
		],
		[{ ...MAIL, from: "x" }, [], /^bad_argument: not an address of e-mail: x$/],
	] as const) {
		if (mail.from === "x") await assert.rejects(send(mail, replies), /./);
		else assert.match((await send(mail, replies)).told, wanted);
	}
	assert.match((await send(MAIL, upTo(2), "stays")).told, /^connection_failed: the server does not answer in time$/);
	assert.match((await send(MAIL, upTo(6), "stays")).told, /^timeout: /);
	assert.match(
		(await send(MAIL, ["220-x\r\n".repeat(20_000)], "stays")).told,
		/^connection_failed: the server('s reply| says)/,
	);
	const secret = await send(login, ["250 AUTH PLAIN\r\n", "235 ok\r\n"]);
	assert.equal(secret.heard[1], `AUTH PLAIN ${Buffer.from("\0u\0secret").toString("base64")}\r\n`);
});

test("how openssl is asked, and what it says", () => {
	const target = { host: "mail.example.org", port: 465, caFile: null, certFile: null, keyFile: null };
	const words = (more: Partial<Parameters<typeof clientArgv>[0]>) =>
		clientArgv({ ...target, ...more })
			.slice(8)
			.join(" ");
	assert.equal(words({}), "-verify_hostname mail.example.org -connect mail.example.org:465");
	assert.equal(words({ host: "192.0.2.1" }), "-verify_ip 192.0.2.1 -connect 192.0.2.1:465");
	assert.equal(words({ host: "2001:db8::1" }), "-verify_ip 2001:db8::1 -connect [2001:db8::1]:465");
	assert.equal(
		words({ localAddress: "192.0.2.2", caFile: "/a", certFile: "/b", keyFile: "/c" }).split(":465 ")[1],
		"-bind 192.0.2.2:0 -CAfile /a -cert /b -key /c",
	);
	assert.match(words({ starttls: { protocol: "smtp", name: "r" } }), / -starttls smtp -name r$/);
	for (const host of ["", "-proxy", "a b", "g:b", "a/b", "a\nb"])
		assert.throws(() => words({ host }), { code: "bad_argument" });
	for (const [line, wanted, refused] of [
		["verify error:num=64:IP address mismatch", "its certificate is refused: IP address mismatch", true],
		["Didn't find STARTTLS in server response, trying anyway...", "the server offers no STARTTLS", true],
		[
			"40476:error:8000006F:system library:BIO_connect:Connection refused:../crypto/x.c:117:calling connect()",
			"Connection refused",
			false,
		],
		[
			"40D7:error:10080002:BIO routines:BIO_lookup_ex:system lib:../b.c:746:Name or service not known",
			"Name or service not known",
			false,
		],
		[
			"40D7:error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:../s.c:1:SSL alert number 42",
			"sslv3 alert bad certificate",
			true,
		],
		[
			"Could not read client certificate private key from g.pem",
			"Could not read client certificate private key from g.pem",
			true,
		],
		["CONNECTION ESTABLISHED", null, false],
		["depth=0 CN = server", null, false],
		["250 AUTH PLAIN", null, false],
		["connect:errno=111", null, false],
	] as const) {
		assert.equal(tlsFailureOf(line), wanted, line);
		if (wanted !== null) assert.equal(isRefusal(wanted), refused, line);
	}
});

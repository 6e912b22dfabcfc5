/** Mail over SMTP, for one engine. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createEmail } from "../../daemon/alert/channels/email.ts";
import type { Outlets } from "../../daemon/platform/outlets.ts";
import { makeCertificates } from "../publish/broker.ts";
import { smtpServer } from "./smtp-server.ts";
import { config, hostile, letter, NOW_UNIX_MS, notice, platform } from "./support.ts";

function folderFor(t: TestContext): string {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-smtp-"));
	t.after(() => rmSync(folder, { recursive: true, force: true }));
	makeCertificates(folder);
	return folder;
}

/** Without: the reason why this engine is not there. */
export function emailSuite(without: string | false, outlets: () => Outlets): void {
	const skip = existsSync("/usr/bin/openssl") ? without : "openssl is not installed (scripts/needs.sh)";

	function email(port: number, more = "", ways: readonly (string | null)[] = [null], host = "127.0.0.1") {
		const uci = `config notifications email\n option smtp_host ${host}\n option smtp_port ${port}\n option from router@example.org\n list to a@example.org\n list to b@example.org\n${more}`;
		return createEmail(config(uci).email, { platform: { ...platform, outlets: outlets() }, ways: () => ways });
	}

	test("a mail over STARTTLS with the owner's authority, logged in; hostile texts stay in the body", {
		skip,
	}, async (t) => {
		const folder = folderFor(t);
		const box = await smtpServer(t, {
			key: readFileSync(`${folder}/server.key`, "utf8"),
			cert: readFileSync(`${folder}/server.pem`, "utf8"),
		});
		const channel = email(
			box.port,
			` option ca_file ${folder}/ca.pem\n option username boat\n option password s3cr3tword\n`,
		);
		assert.deepEqual(await channel.send(letter()), { ok: true });
		const [mail] = box.mails;
		assert.ok(!box.seen.includes("s3cr3tword"), "never among the arguments of a program");
		assert.deepEqual(
			[mail?.tls, mail?.auth, mail?.from, mail?.to],
			[true, "\0boat\0s3cr3tword", "<router@example.org>", ["<a@example.org>", "<b@example.org>"]],
		);
		assert.match(mail?.data ?? "", /^Subject: boat: Uplink down \(wan\)$/m);
		assert.match(mail?.data ?? "", /^Auto-Submitted: auto-generated$/m);
		assert.equal(Date.parse(/^Date: (.*)$/m.exec(mail?.data ?? "")?.[1] ?? ""), NOW_UNIX_MS, "when it happened");
		assert.match(mail?.data ?? "", /wan: no answer\./);
		await channel.send(
			letter([notice("raised", "critical", { uplink: "x\r\nBcc: evil@example.org\r\n\r\nhi", text: "y" })]),
		);
		assert.ok(!/^Bcc:/m.test(box.mails[1]?.data ?? ""));
		assert.equal(box.mails[1]?.to.length, 2);
		assert.deepEqual(await channel.send(hostile()), { ok: true });
		const report = { kind: "report", lead: "UPLINK WORKED", html: "<!doctype html><p>97.1 %</p>" } as const;
		assert.deepEqual(await channel.send(letter([], report)), { ok: true });
		const page = box.mails[3]?.data ?? "";
		assert.match(page, /^Content-Type: multipart\/alternative;/m);
		assert.match(
			page,
			/UPLINK WORKED[\s\S]*Content-Type: text\/html[\s\S]*<p>97\.1 %<\/p>/,
			"text first, then the page",
		);
		assert.equal(Date.parse(/^Date: (.*)$/m.exec(page)?.[1] ?? ""), NOW_UNIX_MS + 5_000, "when it was made");
	});

	test("a server that never comes to the end of its answer does not hold a mail up for ever", {
		skip: without,
		timeout: 60_000,
	}, async (t) => {
		const box = await smtpServer(t, null);
		const mail = {
			host: "127.0.0.1",
			port: box.port,
			security: "plain",
			caFile: null,
			user: null,
			password: null,
		} as const;
		const words = { from: "a@example.org", to: ["b@example.org"], subject: "s", text: "t", dateMs: 0, urgent: false };
		// After DATA it may have it: it is not given to it again over another way at once.
		for (const [command, code] of [
			["EHLO", "connection_failed"],
			[".", "timeout"],
		] as const) {
			box.faults = { [command]: "drip" };
			await assert.rejects(outlets().sendMail({ ...mail, ...words, timeoutMs: 1000 }), {
				code,
				message: "the server does not answer in time",
			});
		}
	});

	test("TLS from the first byte; a login in two steps", { skip }, async (t) => {
		const folder = folderFor(t);
		const pem = {
			key: readFileSync(`${folder}/server.key`, "utf8"),
			cert: readFileSync(`${folder}/server.pem`, "utf8"),
		};
		const box = await smtpServer(t, pem, true);
		const uci = ` option use_tls 1\n option ca_file ${folder}/ca.pem\n option username boat\n option password s3cr3tword\n`;
		box.logins = "AUTH LOGIN";
		assert.deepEqual(await email(box.port, uci).send(letter()), { ok: true });
		const [mail] = box.mails;
		assert.deepEqual([mail?.tls, mail?.auth, mail?.to.length], [true, "boat s3cr3tword", 2]);
		// The certificate is good, but another host's.
		const other = await smtpServer(t, pem, true);
		const sent = await email(other.port, uci, [null], "localhost").send(letter());
		assert.ok(!sent.ok && /certificate/.test(sent.text) && other.commands.length === 0, JSON.stringify(sent));
	});

	test("nothing is sent where the server offers no STARTTLS, or shows a certificate nobody vouches for", {
		skip,
	}, async (t) => {
		const folder = folderFor(t);
		const bare = await smtpServer(t, null);
		const sent = await email(bare.port, " option username boat\n option password s3cr3tword\n").send(letter());
		assert.ok(!sent.ok && sent.why === "settings" && /no encrypted connection/.test(sent.text), JSON.stringify(sent));
		assert.ok(!bare.commands.includes("AUTH") && bare.mails.length === 0);
		const strange = await smtpServer(t, {
			key: readFileSync(`${folder}/server.key`, "utf8"),
			cert: readFileSync(`${folder}/server.pem`, "utf8"),
		});
		const refused = await email(strange.port).send(letter());
		assert.ok(!refused.ok && strange.mails.length === 0, JSON.stringify(refused));
		const missing = await email(bare.port, " option ca_file /nowhere/ca.pem\n").send(letter());
		assert.ok(!missing.ok && missing.why === "settings" && missing.text.includes("/nowhere/ca.pem"));
	});

	test("what a server says decides: later, the settings, this message; never with the password", {
		skip: without,
	}, async (t) => {
		const box = await smtpServer(t, null);
		const channel = email(box.port, " option use_starttls 0\n option username boat\n option password s3cr3tword\n");
		for (const [faults, why, text] of [
			[{ AUTH: "535 5.7.8 bad s3cr3tword" }, "settings", /^the server refuses name or password$/],
			[{ RCPT: "550 5.1.1 no such user" }, "rejected", /refuses it \(550\)/],
			[{ MAIL: "451 4.7.1 greylisted, come back" }, "again", /greylisted/],
		] as const) {
			box.faults = faults;
			const sent = await channel.send(letter());
			assert.ok(!sent.ok);
			assert.equal(sent.why, why, JSON.stringify(sent));
			assert.match(sent.text, text);
			assert.ok(!sent.text.includes("s3cr3tword"));
		}
		box.faults = {};
		assert.deepEqual(await channel.send(letter()), { ok: true });
		assert.equal(box.mails.length, 1);
	});

	test("over another way where the first has none", { skip: without }, async (t) => {
		const box = await smtpServer(t, null);
		// An address this machine does not have: nothing can leave from it.
		assert.deepEqual(await email(box.port, " option use_starttls 0\n", ["192.0.2.77", "127.0.0.1"]).send(letter()), {
			ok: true,
		});
		const none = await email(1, " option use_starttls 0\n").send(letter());
		assert.ok(!none.ok && none.why === "again");
	});
}

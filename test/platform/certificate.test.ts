/** The end of a certificate, read by ourselves: the same as Node says, whatever the certificate. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { rootCertificates } from "node:tls";
import fc from "fast-check";
import { certificateEndUnixMs } from "../../daemon/platform/qjs/certificate.ts";

const nodes = (pem: string): number => Date.parse(new X509Certificate(pem).validTo);

test("the authorities the world trusts end when Node says so", () => {
	assert.ok(rootCertificates.length > 100);
	for (const pem of rootCertificates) assert.equal(certificateEndUnixMs(pem), nodes(pem));
});

const skip = existsSync("/usr/bin/openssl") ? false : "openssl is not installed (scripts/needs.sh)";

test("one of one's own, after 2050, behind a key and before another", { skip }, (t) => {
	const folder = mkdtempSync(join(tmpdir(), "autonomy-certificate-"));
	t.after(() => rmSync(folder, { recursive: true }));
	const make = (days: number): string => {
		const options =
			"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=x -keyout key -out pem";
		execFileSync("openssl", [...options.split(" "), "-days", String(days)], { cwd: folder, stdio: "ignore" });
		return readFileSync(join(folder, "pem"), "utf8");
	};
	const [late, soon] = [make(20_000), make(2)];
	const key = readFileSync(join(folder, "key"), "utf8");
	assert.equal(certificateEndUnixMs(`${key}${late}${soon}`), nodes(late));
	assert.equal(certificateEndUnixMs(soon.replaceAll("\n", "\r\n")), nodes(soon));
});

test("what is none, or is broken, has no end; nothing throws", () => {
	const pem = rootCertificates[0] ?? "";
	const [head = "", , tail = ""] = pem.split(/(?<=-----\n)|(?=\n-----END)/);
	for (const text of [
		"",
		"x",
		`${head}${tail}`,
		`${head}AAAA${tail}`,
		`${head}MIID${tail}`,
		pem.slice(0, 400),
		pem.slice(28),
	]) {
		assert.equal(certificateEndUnixMs(text), null, text.slice(0, 60));
	}
	const body = Buffer.from(pem.replace(/-----.*-----|\n/g, ""), "base64");
	fc.assert(
		fc.property(fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
			const changed = Buffer.from(body);
			for (const [at, value] of changes) changed[at] = value;
			const text = `-----BEGIN CERTIFICATE-----\n${changed.toString("base64")}\n-----END CERTIFICATE-----\n`;
			const ends = certificateEndUnixMs(text);
			assert.ok(ends === null || Number.isInteger(ends));
		}),
		{ numRuns: 2000 },
	);
});

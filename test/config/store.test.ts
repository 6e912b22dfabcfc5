import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { createConfigStore } from "../../daemon/config/store.ts";
import { AutonomyError } from "../../daemon/platform/error.ts";
import { nodeFiles } from "../../daemon/platform/node/files.ts";
import { fakeFiles, fakeLog } from "../support/fake-platform.ts";
import { FILE } from "./support.ts";

const OBSERVE = "config autonomy 'main'\n\toption mode 'observe'\n";
const BROKEN = "config autonomy 'main'\n\toption mode 'observe\n";

test("no file: the defaults, a note, no alarm", () => {
	const log = fakeLog();
	const store = createConfigStore({ files: fakeFiles(), log });
	assert.equal(store.current().main.mode, "control");
	const result = store.load();
	assert.deepEqual([result.changed, result.kept], [false, null]);
	assert.deepEqual(log.messages(), ["there is no /etc/config/autonomy; the default of every option is used"]);
	assert.equal(log.lines[0]?.level, "info");
});

test("an empty file is a good file", () => {
	const log = fakeLog();
	const result = createConfigStore({ files: fakeFiles({ [FILE]: "" }), log }).load();
	assert.deepEqual([result.changed, result.kept, result.report, log.lines.length], [false, null, [], 0]);
});

test("reload: the same object while nothing changed, whatever the file looks like", () => {
	const files = fakeFiles({ [FILE]: OBSERVE });
	const store = createConfigStore({ files, log: fakeLog() });
	assert.equal(store.load().changed, true);
	const first = store.current();
	files.content.set(FILE, `# a comment\n${OBSERVE}\toption switch_margin '10'\n`);
	assert.equal(store.reload().changed, false);
	assert.equal(store.current(), first);
	files.content.set(FILE, `${OBSERVE}\nconfig member 'wan'\n\toption weight '5'\n`);
	assert.equal(store.reload().changed, true);
	assert.notEqual(store.current(), first);
	assert.equal(store.current().members.get("wan")?.weight, 5);
	assert.equal(first.members.size, 0);
});

test("a file that breaks keeps the last good configuration, and says so once", () => {
	const files = fakeFiles({ [FILE]: OBSERVE });
	const log = fakeLog();
	const store = createConfigStore({ files, log });
	store.load();
	const good = store.current();
	files.content.set(FILE, BROKEN);
	for (let i = 0; i < 3; i++) {
		const result = store.reload();
		assert.deepEqual([result.changed, result.kept, result.report.length], [false, "last good", 1]);
		assert.equal(store.current(), good);
	}
	const message =
		"/etc/config/autonomy: Parse error (EOF with unterminated ') at line 2, byte 22: the quote opens in line 2; " +
		"the last good configuration is used until the file is put right";
	assert.deepEqual(log.messages("error"), [message]);
	assert.equal(store.report()[0]?.message, message);

	files.content.set(FILE, OBSERVE);
	assert.deepEqual([store.reload().kept, store.report()], [null, []]);
	files.content.set(FILE, BROKEN);
	store.reload();
	assert.equal(log.messages("error").length, 2, "broken anew is told anew");
});

test("a file that is broken from the start: the defaults, until it is put right", () => {
	const files = fakeFiles({ [FILE]: BROKEN });
	const store = createConfigStore({ files, log: fakeLog() });
	const result = store.load();
	assert.deepEqual([result.changed, result.kept], [false, "defaults"]);
	assert.match(result.report[0]!.message, /; the default of every option is used until the file is put right$/);
	assert.equal(store.reload().kept, "defaults");
	files.content.set(FILE, OBSERVE);
	assert.deepEqual([store.reload().changed, store.current().main.mode], [true, "observe"]);
});

test("binary, huge, denied: each keeps what there was and names the file", () => {
	const files = fakeFiles({ [FILE]: OBSERVE });
	const store = createConfigStore({ files, log: fakeLog() });
	store.load();
	const good = store.current();
	const broken: [string, RegExp][] = [
		["\u007fELF\0\0", /NUL byte in line 1: this is not a text file/],
		[`${OBSERVE}# ${"x".repeat(2_000_000)}\n`, /file too large \(2000049 characters, limit 1048576\)/],
		["config autonomy a\nconfig gps a\n", /section of different type overwrites prior section with same name/],
	];
	for (const [text, message] of broken) {
		files.content.set(FILE, text);
		const result = store.reload();
		assert.equal(result.kept, "last good");
		assert.match(result.report[0]!.message, /^\/etc\/config\/autonomy/);
		assert.match(result.report[0]!.message, message);
		assert.equal(result.report[0]!.level, "error");
		assert.equal(store.current(), good);
	}
	files.stat = () => {
		throw new AutonomyError("file_denied", `cannot look at ${FILE}: EACCES`, { path: FILE });
	};
	assert.equal(store.reload().kept, "last good");
	assert.match(store.report()[0]!.message, /^cannot look at \/etc\/config\/autonomy: EACCES; the last good/);
});

test("a file that is taken away means defaults again", () => {
	const files = fakeFiles({ [FILE]: OBSERVE });
	const store = createConfigStore({ files, log: fakeLog() });
	store.load();
	files.remove(FILE);
	assert.deepEqual([store.reload().changed, store.current().main.mode], [true, "control"]);
});

test("warnings are logged once, with their place as fields", () => {
	const files = fakeFiles({ [FILE]: "config autonomy 'main'\n\toption switch_margin '900'\n" });
	const log = fakeLog();
	const store = createConfigStore({ files, log });
	store.load();
	store.reload();
	assert.deepEqual(log.messages("warn"), [
		"/etc/config/autonomy, section main, option switch_margin '900' is not a number from 0 to 100; '10' is used",
	]);
	assert.deepEqual(log.lines[0]?.fields, { file: FILE, section: "main", option: "switch_margin", used: "'10'" });
	assert.equal(store.report().length, 1, "but stay in the report");
});

test("changes staged by the uci command count, as for every program of the router", () => {
	const files = fakeFiles({ [FILE]: OBSERVE, "/tmp/.uci/autonomy": "autonomy.main.switch_margin='33'\n" });
	const store = createConfigStore({ files, log: fakeLog() });
	store.load();
	assert.equal(store.current().main.switchMargin, 33);
	assert.equal(store.readPackage()?.sections.length, 1);
});

test("real files: written, broken, removed under a running store", () => {
	const configDir = fs.mkdtempSync(path.join(os.tmpdir(), "config-test-"));
	try {
		const file = path.join(configDir, "autonomy");
		const store = createConfigStore({ files: nodeFiles, log: fakeLog(), configDir, saveDirs: [] });
		assert.equal(store.load().kept, null);
		fs.writeFileSync(file, OBSERVE);
		assert.deepEqual([store.reload().changed, store.current().main.mode], [true, "observe"]);
		fs.writeFileSync(file, Buffer.from([0xff, 0xfe, 0, 1]));
		assert.equal(store.reload().kept, "last good");
		fs.rmSync(file);
		fs.mkdirSync(file);
		assert.equal(store.reload().kept, "last good");
		assert.match(store.report()[0]!.message, /is a folder, not a file/);
		assert.equal(store.current().main.mode, "observe");
	} finally {
		fs.rmSync(configDir, { recursive: true });
	}
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { mwan3Signs, mwan3SignsLately } from "../../daemon/uplink/mwan3-signs.ts";
import { fakeFiles, fakeTime } from "../support/fake-platform.ts";

const RUN = "/run/mwan3";

test("one look serves a moment, and no later one; a folder is listed again when it changed", async () => {
	const time = fakeTime();
	const files = fakeFiles({ [`${RUN}/iface_state/wan`]: "online\n", [`${RUN}/mmx_mask`]: "0x3f00\n" });
	let lists = 0;
	const counted = {
		...files,
		list(path: string) {
			lists++;
			return files.list(path);
		},
	};
	const lately = (): string => mwan3SignsLately({ files: counted, clock: time.clock }, RUN);
	const first = lately();
	assert.equal(first, mwan3Signs(files, RUN));

	files.content.set(`${RUN}/iface_state/wan`, "offline\n");
	await time.advance(50);
	assert.equal(lately(), first);
	await time.advance(1);
	const second = lately();
	assert.notEqual(second, first, "a state was written");
	assert.equal(lists, 1, "no file came or went; the other folder is not there");

	files.content.set(`${RUN}/iface_state/wanb`, "online\n");
	files.content.set(`${RUN}/iptables_log/ipv4_policies`, "-F\n");
	await time.advance(1000);
	const third = lately();
	assert.match(third, /wanb=/);
	assert.match(third, /ipv4_policies=/);
	assert.equal(third, mwan3Signs(files, RUN), "as whoever asks afresh finds it");

	files.content.clear();
	await time.advance(1000);
	assert.equal(lately(), "");
	assert.equal(mwan3SignsLately({ files: fakeFiles({ "/x/mmx_mask": "" }), clock: time.clock }, "/x"), "mmx_mask=0,0");
});

/** Runs on QuickJS: makes a recording, and decides again what another engine recorded (../qjs-recording.test.ts). */
import { createQjsPlatform } from "../../../daemon/platform/qjs/platform.ts";
import { live, outcomeOf, throughTheLog } from "../recording.ts";

const { files, host } = createQjsPlatform();
const folder = host.env("FOLDER") ?? "";
const theirs = JSON.parse(files.readText(`${folder}/theirs.json`));
files.writeAtomic(`${folder}/outcome.json`, outcomeOf(throughTheLog(theirs)));
files.writeAtomic(`${folder}/ours.json`, JSON.stringify(throughTheLog(live(7))));
host.print('{"name":"done","ok":true}\n');

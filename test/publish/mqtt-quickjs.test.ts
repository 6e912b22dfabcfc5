/** MQTT on QuickJS: the same broker, the same tests. */
import { after, before } from "node:test";
import { type QjsOutlets, startQjsOutlets, withoutQjs } from "../support/qjs-outlets.ts";
import { mqttSuite } from "./mqtt-suite.ts";

const without = withoutQjs();
let quickjs: QjsOutlets | null = null;
before(async () => {
	if (without === false) quickjs = await startQjsOutlets();
});
after(() => quickjs?.stop());
mqttSuite(
	without,
	() => {
		if (quickjs === null) throw new Error("not started");
		return quickjs.outlets;
	},
	2_000,
);

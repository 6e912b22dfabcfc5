/** Mail on QuickJS: the same servers, the same tests. */
import { after, before } from "node:test";
import { type QjsOutlets, startQjsOutlets, withoutQjs } from "../support/qjs-outlets.ts";
import { emailSuite } from "./email-suite.ts";

let quickjs: QjsOutlets | null = null;
before(async () => {
	if (withoutQjs() === false) quickjs = await startQjsOutlets();
});
after(() => quickjs?.stop());
emailSuite(withoutQjs(), () => {
	if (quickjs === null) throw new Error("not started");
	return quickjs.outlets;
});

/** Mail on Node. */
import { emailSuite } from "./email-suite.ts";
import { platform } from "./support.ts";

emailSuite(false, () => platform.outlets);

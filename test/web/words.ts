/** What a page provides to web/ before it loads it: here the texts stay English, and numbers are written in one locale. */
import { setLocale } from "../../web/format.ts";

Object.assign(globalThis, { _: (text: string) => text });
setLocale("en-GB");

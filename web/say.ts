/**
 * Words for people. Every page that uses web/ offers a global `_` which translates (LuCI has it; others set it before
 * they load us). Only literal texts are found by the scan for translations.
 */
declare global {
	function _(text: string): string;
}

/** Puts values into a translated text: say(text, { name }). The result is text, never markup. */
export function say(text: string, values: Readonly<Record<string, string | number>>): string {
	return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
		Object.hasOwn(values, name) ? String(values[name]) : whole,
	);
}

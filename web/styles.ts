/** Style sheets of the modules. A strict content policy, as RutOS has, refuses <style> but takes sheets made by scripts. */
const known = new Set<string>();

export function adopt(css: string): void {
	if (known.has(css)) return;
	known.add(css);
	const sheet = new CSSStyleSheet();
	sheet.replaceSync(css);
	document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

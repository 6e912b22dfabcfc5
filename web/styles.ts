/**
 * Style sheets of the modules. A strict content policy, as RutOS has, refuses <style> but takes sheets made by scripts;
 * browsers that cannot make any (Safari before 16.4) get the element.
 */
const known = new Set<string>();

export function adopt(css: string): void {
	if (known.has(css)) return;
	known.add(css);
	if (!("adoptedStyleSheets" in Document.prototype)) {
		document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
		return;
	}
	const sheet = new CSSStyleSheet();
	sheet.replaceSync(css);
	document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

/**
 * Elements without markup strings: text goes in as text nodes only, whatever a router, an access point or an operator
 * calls itself. Attributes that take code (on...) take functions, never text.
 */
export type Child = Node | string | number | null | undefined | false;

type Attributes = Readonly<Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>>;

function fill<T extends Element>(node: T, attributes: Attributes, children: readonly Child[]): T {
	for (const [name, value] of Object.entries(attributes)) {
		if (value === null || value === undefined || value === false) continue;
		if (typeof value === "function") node.addEventListener(name.replace(/^on/, ""), value);
		else if (name.startsWith("on")) throw new TypeError(`${name} takes a function`);
		else node.setAttribute(name, value === true ? "" : String(value));
	}
	node.append(...present(children));
	return node;
}

function present(children: readonly Child[]): (Node | string)[] {
	return children
		.filter((child) => child !== null && child !== undefined && child !== false)
		.map((child) => (child instanceof Node ? child : String(child)));
}

export function el<K extends keyof HTMLElementTagNameMap>(
	tag: K,
	attributes: Attributes = {},
	...children: readonly Child[]
): HTMLElementTagNameMap[K] {
	return fill(document.createElement(tag), attributes, children);
}

export function svg<K extends keyof SVGElementTagNameMap>(
	tag: K,
	attributes: Attributes = {},
	...children: readonly Child[]
): SVGElementTagNameMap[K] {
	return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

export function replace(node: Element, ...children: readonly Child[]): void {
	node.replaceChildren(...present(children));
}

/** Touches the page only when something changed: what is selected or read aloud stays undisturbed. */
export function setText(node: Element, text: string): void {
	if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node: Element, name: string, value: string | null): void {
	if (value === null) node.removeAttribute(name);
	else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

export function show(node: HTMLElement, visible: boolean): void {
	if (node.hidden === visible) node.hidden = !visible;
}

/**
 * A button is disabled while its work is under way, which takes the keyboard away from it: it is given back, unless it went
 * elsewhere meanwhile.
 */
export async function whileWorking(node: HTMLButtonElement, work: () => unknown): Promise<void> {
	const focused = document.activeElement === node;
	node.disabled = true;
	try {
		await work();
	} finally {
		node.disabled = false;
		if (focused && document.activeElement === document.body) node.focus({ preventScroll: true });
	}
}

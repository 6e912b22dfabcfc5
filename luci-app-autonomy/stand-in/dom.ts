/**
 * LuCI's E() and dom, its traps included: strings in an array of children become text nodes, but a bare string is taken as
 * markup. Pages that hand it outside strings are to be caught by the tests.
 */
type Children = Node | string | readonly (Node | string | null)[] | null | undefined;

function append(node: Element | DocumentFragment, children: unknown): void {
	if (Array.isArray(children)) {
		for (const child of children as readonly unknown[]) {
			if (child instanceof Node) node.appendChild(child);
			else if (child !== null && child !== undefined) node.appendChild(document.createTextNode(String(child)));
		}
	} else if (children instanceof Node) node.appendChild(children);
	else if (children !== null && children !== undefined && node instanceof Element) node.innerHTML = String(children);
}

function create(tag: string | readonly Node[], attributes?: unknown, children?: Children): Node {
	if (typeof tag !== "string") {
		const fragment = document.createDocumentFragment();
		append(fragment, tag);
		return fragment;
	}
	const node = document.createElement(tag);
	const plain =
		typeof attributes === "object" &&
		attributes !== null &&
		!Array.isArray(attributes) &&
		!(attributes instanceof Node);
	if (plain) {
		for (const [name, value] of Object.entries(attributes)) {
			if (typeof value === "function") node.addEventListener(name, value as () => void);
			else if (value !== null && value !== undefined) node.setAttribute(name, String(value));
		}
	}
	append(node, plain ? children : attributes);
	return node;
}

function content(node: Element, children: unknown): Element {
	node.replaceChildren();
	append(node, children);
	return node;
}

const instances = new WeakMap<Element, object>();

export const dom = {
	append,
	create,
	content,
	bindClassInstance: (node: Element, instance: object) => instances.set(node, instance),
	callClassMethod(node: Element, name: string, ...args: unknown[]): unknown {
		const instance = instances.get(node);
		const method: unknown = instance === undefined ? undefined : Reflect.get(instance, name);
		return typeof method === "function" ? Reflect.apply(method, instance, args) : null;
	},
};

/**
 * LuCI's class system as its modules see it: extend() makes constructors whose members sit on the prototype, writable and
 * not enumerable; getters are evaluated once; __init__ is the constructor; super() reaches the parent's. ES classes may
 * extend them too.
 */
export type Members = Record<string, unknown>;

export interface Base {
	super(name: string, args?: readonly unknown[]): unknown;
}

export interface Ctor {
	new (...args: never[]): Base;
	readonly prototype: Base;
	extend(members: Members): Ctor;
	singleton(members: Members, ...args: unknown[]): Base;
	isSubclass(other: unknown): boolean;
}

function parentMember(instance: object, name: string, from: object): unknown {
	let owner: object | null = from;
	while (owner !== null && !Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner) as object | null;
	const above = owner === null ? null : (Object.getPrototypeOf(owner) as object | null);
	return above === null ? undefined : Reflect.get(above, name, instance);
}

/** Which prototype's method runs: super() inside a parent's method must reach the grandparent. */
const depth = new WeakMap<object, Map<string, object>>();

function callSuper(this: object, name: string, args?: readonly unknown[]): unknown {
	const levels = depth.get(this) ?? new Map<string, object>();
	depth.set(this, levels);
	const from = levels.get(name) ?? Object.getPrototypeOf(this);
	const found = parentMember(this, name, from as object);
	if (typeof found !== "function") return found;
	let owner: object | null = Object.getPrototypeOf(from as object) as object | null;
	while (owner !== null && Reflect.get(owner, name, this) === found && !Object.hasOwn(owner, name)) {
		owner = Object.getPrototypeOf(owner) as object | null;
	}
	levels.set(name, owner ?? (from as object));
	try {
		return Reflect.apply(found, this, [...(args ?? [])]);
	} finally {
		if (from === Object.getPrototypeOf(this)) levels.delete(name);
		else levels.set(name, from as object);
	}
}

function makeClass(parent: Ctor | null, members: Members): Ctor {
	const made = function (this: object, ...args: unknown[]): void {
		const init: unknown = Reflect.get(this, "__init__");
		if (typeof init === "function") Reflect.apply(init, this, args);
	} as unknown as Ctor;
	const proto: object = Object.create(parent?.prototype ?? null);
	for (const [name, value] of Object.entries(members)) {
		Object.defineProperty(proto, name, { value, writable: true, configurable: true, enumerable: false });
	}
	Object.defineProperty(proto, "constructor", { value: made });
	if (parent === null) Object.defineProperty(proto, "super", { value: callSuper });
	Object.defineProperty(made, "prototype", { value: proto, writable: true });
	return Object.assign(made, {
		extend: (more: Members) => makeClass(made, more),
		singleton: (more: Members, ...args: never[]) => new (makeClass(made, more))(...args),
		isSubclass: (other: unknown) =>
			typeof other === "function" && (other === made || other.prototype instanceof (made as unknown as () => void)),
	});
}

export const baseclass: Ctor = makeClass(null, { toString: () => "[object LuCI]" });

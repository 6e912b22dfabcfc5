/**
 * A shell for the view, ours, with the loader contract and the session of RutOS' releases: logs in, reads menu and rights,
 * shows the views of packages. 7.7 loads a script and takes the component from a global name, and calls beforeDestroy;
 * 7.8 and later import a module and call beforeUnmount. Until 7.16 the token is in sessionStorage, 7.20 has a cookie.
 */
interface Shell {
	readonly release: "7.7" | "7.8" | "7.16" | "7.20";
	readonly lang: string;
}

interface Component {
	render(): null;
	mounted(): void;
	beforeDestroy?(): void;
	beforeUnmount?(): void;
}

interface MenuNode {
	readonly path: string;
	readonly title: string;
	readonly view?: string;
	readonly children?: readonly MenuNode[];
}

const shell = JSON.parse(document.getElementById("shell")?.textContent ?? "{}") as Shell;
const withCookie = shell.release === "7.20";
const app = document.getElementById("app") as HTMLElement;

async function request(method: string, path: string, body?: unknown): Promise<unknown> {
	const token = sessionStorage.getItem("sid");
	const response = await fetch(path, {
		method,
		headers: {
			...(body === undefined ? {} : { "Content-Type": "application/json" }),
			...(withCookie ? { "X-CSRF-PROTECTION": "1" } : token === null ? {} : { Authorization: `Bearer ${token}` }),
		},
		body: body === undefined ? null : JSON.stringify(body),
	}).catch((error: Error) => {
		// As axios: no response, a message.
		throw Object.assign(new Error("Network Error"), { cause: error });
	});
	const data: unknown = await response.json();
	if (response.ok) return data;
	// Whoever's session is over is sent to log in (seen in 7.20).
	if (response.status === 401 && path !== "/api/login" && !loggingIn) {
		await show(null);
		login();
	}
	throw Object.assign(new Error(`Request failed with status code ${response.status}`), {
		response: { status: response.status, data },
	});
}

type Group = Readonly<Record<string, readonly string[]>>;
let rights: Group = {};

const globals = {
	$axios: {
		get: (path: string) => request("GET", path),
		post: (path: string, body: unknown) => request("POST", path, body),
	},
	$session: { hasAccess: (acl: string, kind: string) => rights[acl]?.includes(kind) === true },
	$i18n: { locale: shell.lang },
};

async function load(view: string): Promise<Component> {
	const path = `/views/${view}.js`;
	if (shell.release !== "7.7") return ((await import(path)) as { readonly default: Component }).default;
	await new Promise((done, failed) => {
		const script = document.createElement("script");
		script.src = path;
		script.onload = done;
		script.onerror = failed;
		document.head.append(script);
	});
	const name = `${view.replace(/_[0-9a-f]{6}$/, "")}_js`;
	return (window as unknown as Readonly<Record<string, Component>>)[name] as Component;
}

let leave = (): void => {};

async function show(view: string | null): Promise<void> {
	leave();
	leave = () => {};
	const main = document.getElementById("content");
	main?.replaceChildren();
	if (view === null || main === null) return;
	const component = await load(view);
	// What Vue does with a component that renders nothing.
	if (component.render() !== null) throw new Error("the view renders something");
	const instance = Object.assign(Object.create(globals) as object, { $el: document.createComment("") });
	main.append(instance.$el);
	component.mounted.call(instance as never);
	const before = shell.release === "7.7" ? component.beforeDestroy : component.beforeUnmount;
	leave = () => {
		before?.call(instance as never);
		instance.$el.remove();
	};
}

async function start(): Promise<void> {
	const [menu, acls] = (await Promise.all([
		request("GET", "/api/ui/config/menu"),
		request("GET", "/api/users/acls/options"),
	])) as [{ data: { menu: [readonly MenuNode[], unknown] } }, { data: { "access-group": Group } }];
	rights = acls.data["access-group"];
	const bar = document.createElement("nav");
	const entry = (title: string, view: string | null): void => {
		const button = document.createElement("button");
		button.textContent = title;
		button.onclick = () => void show(view);
		bar.append(button);
	};
	entry("Status", null);
	for (const node of menu.data.menu[0].flatMap((one) => one.children ?? [])) entry(node.title, node.view ?? null);
	const main = document.createElement("main");
	main.id = "content";
	app.replaceChildren(bar, main);
}

/** Of several requests that are refused the first leads there: what is being typed is not to be lost. */
let loggingIn = false;

function login(): void {
	if (loggingIn) return;
	loggingIn = true;
	const form = document.createElement("form");
	const name = document.createElement("input");
	const password = document.createElement("input");
	const button = document.createElement("button");
	const wrong = document.createElement("p");
	name.setAttribute("aria-label", "User name");
	password.setAttribute("aria-label", "Password");
	password.type = "password";
	button.textContent = "Log in";
	form.append(name, password, button, wrong);
	form.onsubmit = (event) => {
		event.preventDefault();
		request("POST", "/api/login", { username: name.value, password: password.value }).then(
			(body) => {
				const { token } = (body as { readonly data: { readonly token: string } }).data;
				if (!withCookie) sessionStorage.setItem("sid", token);
				loggingIn = false;
				void start();
			},
			(error: Error) => {
				wrong.textContent = error.message;
			},
		);
	};
	app.replaceChildren(form);
}

request("GET", "/api/session/status").then(start, login);

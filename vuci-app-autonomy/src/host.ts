/**
 * What RutOS' shell gives to a view, as far as we use it (facts of 7.7 to 7.21): its HTTP client and who the user is.
 * Everything else, components included, changes from release to release.
 */
import { createRutosTransport } from "../../web/rutos.ts";

/** Properties of the component, those of Vue and RutOS' own. */
export interface HostComponent {
	/** The place of the view: a comment, since we render nothing through Vue. */
	readonly $el?: Node;
	readonly $axios?: {
		/** Both give the body of the answer. */
		get(path: string): Promise<unknown>;
		post(path: string, body: unknown): Promise<unknown>;
	};
	readonly $session?: { hasAccess?(acl: string, kind: "read" | "write"): unknown };
	readonly $i18n?: { readonly locale?: unknown };
}

const ACL = "services/autonomy";

/** The component that is shown; the last one while none is. */
let host: HostComponent = {};

export function enter(component: HostComponent): void {
	host = component;
}

/** What RutOS does not tell is allowed; the router refuses what is not. */
export function mayWrite(): boolean {
	return host.$session?.hasAccess?.(ACL, "write") !== false;
}

/** As RutOS names it: en, de, es ... */
export function language(): string {
	const locale = host.$i18n?.locale;
	const named = typeof locale === "string" ? locale : (locale as { readonly value?: unknown } | undefined)?.value;
	return (typeof named === "string" && named !== "" ? named : document.documentElement.lang) || "en";
}

/** Tells where the session ended in a way that the pages have words for. */
function statusOf(error: unknown): number | null {
	const { response } = (error ?? {}) as { readonly response?: { readonly status?: unknown } };
	return typeof response?.status === "number" ? response.status : null;
}

function client(): NonNullable<HostComponent["$axios"]> {
	if (host.$axios === undefined) throw new TypeError("this RutOS gives its views no $axios");
	return host.$axios;
}

export const transport = createRutosTransport({
	get: async (path) => client().get(path),
	post: async (path, body) => client().post(path, body),
	statusOf,
});

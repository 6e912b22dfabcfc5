/**
 * rpcd's sessions for the lab: logins from /etc/config/rpcd, rights from acl.d files, checked as rpcd checks them (shell
 * patterns in which `*` crosses everything). Rights are worked out at login.
 */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { BlobInputTable } from "../../daemon/bus/blobmsg.ts";
import type { Bus } from "../../daemon/bus/bus.ts";
import { statusError } from "../../daemon/bus/status.ts";
import { nodeFiles } from "../../daemon/platform/node/files.ts";
import { loadPackage } from "../../daemon/uci/load.ts";
import { optionList, optionText, sectionsOfType } from "../../daemon/uci/package.ts";
import { forget } from "./uci-store.ts";

export const ANONYMOUS = "0".repeat(32);
const ACL_DIRS = ["/usr/share/rpcd/acl.d", "/lab/acl.d"];
const PASSWORDS = "/lab/passwords.json";

/** scope -> object pattern -> function patterns */
type Rights = Map<string, Map<string, string[]>>;

interface Session {
	readonly rights: Rights;
	readonly timeoutS: number;
	expiresMs: number;
	readonly user: string | null;
}

export interface Sessions {
	login(user: string, password: string, timeoutS: number): BlobInputTable | null;
	/** Touches the session. False for an unknown or expired one too. */
	access(sid: string, scope: string, object: string, name: string): boolean;
	/** As a restart of rpcd does. */
	dropAll(): void;
	serve(bus: Bus): void;
}

/** A shell pattern with * and ? over the whole text. */
export function matches(pattern: string, subject: string): boolean {
	const source = pattern
		.replace(/[.+^${}()|\\]/g, "\\$&")
		.replaceAll("*", "[^]*")
		.replaceAll("?", "[^]");
	return new RegExp(`^(?:${source})$`).test(subject);
}

type AclFile = Record<string, { read?: Record<string, unknown>; write?: Record<string, unknown> }>;

function readAcls(): AclFile {
	const all: AclFile = {};
	for (const folder of ACL_DIRS) {
		let names: string[] = [];
		try {
			names = readdirSync(folder).filter((name) => name.endsWith(".json"));
		} catch {
			continue;
		}
		for (const name of names) {
			try {
				Object.assign(all, JSON.parse(readFileSync(`${folder}/${name}`, "utf8")));
			} catch {
				// rpcd, too, passes over a file it cannot read.
			}
		}
	}
	return all;
}

function grant(rights: Rights, scope: string, object: string, names: readonly string[]): void {
	const objects = rights.get(scope) ?? new Map<string, string[]>();
	rights.set(scope, objects);
	objects.set(object, [...new Set([...(objects.get(object) ?? []), ...names])]);
}

function grantGroup(rights: Rights, group: string, acl: AclFile[string], kind: "read" | "write"): void {
	const scopes = acl?.[kind];
	if (!scopes) return;
	grant(rights, "access-group", group, [kind]);
	for (const [scope, value] of Object.entries(scopes)) {
		if (Array.isArray(value)) for (const object of value) grant(rights, scope, String(object), [kind]);
		else if (typeof value === "object" && value !== null) {
			for (const [object, names] of Object.entries(value)) {
				if (Array.isArray(names)) grant(rights, scope, object, names.map(String));
			}
		}
	}
}

function allowed(patterns: readonly string[], group: string): boolean {
	if (patterns.some((p) => p.startsWith("!") && matches(p.slice(1), group))) return false;
	return patterns.some((p) => !p.startsWith("!") && matches(p, group));
}

export function createSessions(): Sessions {
	const sessions = new Map<string, Session>();

	function rightsFor(read: readonly string[], write: readonly string[]): Rights {
		const rights: Rights = new Map();
		for (const [group, acl] of Object.entries(readAcls())) {
			if (group === "unauthenticated" || allowed(read, group) || allowed(write, group))
				grantGroup(rights, group, acl, "read");
			if (allowed(write, group)) grantGroup(rights, group, acl, "write");
		}
		return rights;
	}

	function live(sid: string): Session | null {
		if (sid === ANONYMOUS)
			return { rights: rightsFor([], []), timeoutS: 0, expiresMs: Number.POSITIVE_INFINITY, user: null };
		const session = sessions.get(sid);
		if (!session) return null;
		if (performance.now() > session.expiresMs) {
			sessions.delete(sid);
			forget(`/var/run/rpcd/uci-${sid}`);
			return null;
		}
		session.expiresMs = performance.now() + session.timeoutS * 1000;
		return session;
	}

	function passwordOf(user: string): string | null {
		try {
			return (JSON.parse(readFileSync(PASSWORDS, "utf8")) as Record<string, string>)[user] ?? null;
		} catch {
			return null;
		}
	}

	function describe(sid: string, session: Session): BlobInputTable {
		const acls: Record<string, Record<string, string[]>> = {};
		for (const [scope, objects] of session.rights) acls[scope] = Object.fromEntries(objects);
		return {
			ubus_rpc_session: sid,
			timeout: session.timeoutS,
			expires: session.timeoutS,
			acls,
			data: session.user === null ? {} : { username: session.user },
		};
	}

	function login(user: string, password: string, timeoutS: number): BlobInputTable | null {
		const pkg = loadPackage(nodeFiles, "rpcd", { strict: false });
		for (const section of pkg ? sectionsOfType(pkg, "login") : []) {
			if (optionText(section, "username") !== user) continue;
			const stored = optionText(section, "password") ?? "";
			// $p$name: the system's password; anything else would be a crypt hash, which the lab does not do.
			const expected = stored.startsWith("$p$") ? passwordOf(stored.slice(3)) : null;
			if (expected === null || expected !== password) continue;
			const sid = randomBytes(16).toString("hex");
			const rights = rightsFor(optionList(section, "read"), optionList(section, "write"));
			const session = { rights, timeoutS, expiresMs: performance.now() + timeoutS * 1000, user };
			sessions.set(sid, session);
			return describe(sid, session);
		}
		return null;
	}

	function access(sid: string, scope: string, object: string, name: string): boolean {
		for (const [pattern, names] of live(sid)?.rights.get(scope) ?? []) {
			if (matches(pattern, object) && names.some((n) => matches(n, name))) return true;
		}
		return false;
	}

	function serve(bus: Bus): void {
		const word = (value: unknown): string => (typeof value === "string" ? value : "");
		bus.serve({
			path: "session",
			methods: {
				login: {
					args: { username: "string", password: "string", timeout: "int32" },
					handle: ({ username, password, timeout }) => {
						const answer = login(word(username), word(password), typeof timeout === "number" ? timeout : 300);
						if (answer === null) throw statusError(6, "session login");
						return answer;
					},
				},
				access: {
					args: { scope: "string", object: "string", function: "string" },
					handle: (args, caller) => ({
						access: access(caller.session ?? "", word(args.scope) || "ubus", word(args.object), word(args.function)),
					}),
				},
				list: {
					args: {},
					handle: (_, caller) => {
						const session = live(caller.session ?? "");
						if (!session) throw statusError(4, "session list");
						return describe(caller.session ?? "", session);
					},
				},
				destroy: {
					args: {},
					handle: (_, caller) => {
						sessions.delete(caller.session ?? "");
						return null;
					},
				},
			},
		});
	}

	return { login, access, dropAll: () => sessions.clear(), serve };
}

/**
 * What the pages ask of the shell they are shown in. LuCI has these names (luci.d.ts adds what only its own modules use);
 * under RutOS the build puts vuci-app-autonomy/src/shell.ts in their place.
 */
interface Shell {
	url(...parts: readonly string[]): string;
	/** False: the account may look but not change anything. */
	hasViewPermission(): boolean;
}

interface ShellUi {
	showModal(title: string, children: readonly Node[], ...classes: readonly string[]): Element;
	hideModal(): void;
	addNotification(title: string | null, children: Node | readonly Node[], ...classes: readonly string[]): Element;
}

declare const L: Shell;
declare const ui: ShellUi;

declare const rpc: {
	declare(options: {
		readonly object: string;
		readonly method: string;
		readonly params?: readonly string[];
		/** A status other than 0 becomes an Error whose text holds it. */
		readonly reject?: boolean;
	}): (...args: readonly unknown[]) => Promise<unknown>;
};

declare const poll: {
	add(run: () => Promise<unknown>, seconds?: number): boolean;
	/** False: paused. */
	active(): boolean;
};

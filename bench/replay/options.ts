/** Options of a bench: --name value, repeatable. An option without its value is an error. */
export function values(args: readonly string[], name: string): string[] {
	const found: string[] = [];
	args.forEach((arg, index) => {
		if (arg !== name) return;
		const value = args[index + 1];
		if (value === undefined || value.startsWith("--")) throw new Error(`${name} wants a value`);
		found.push(value);
	});
	return found;
}

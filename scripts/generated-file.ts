/** A file that `npm run generate` writes; test/config/generated.test.ts fails when it is stale. */
export interface GeneratedFile {
	/** Relative to the repository. */
	readonly path: string;
	readonly text: string;
}

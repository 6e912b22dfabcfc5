/** The build puts style sheets into the modules as texts. */
declare module "*.css" {
	const text: string;
	export default text;
}

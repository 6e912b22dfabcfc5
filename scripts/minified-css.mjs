/** For bundles: a style sheet as a text, minified. Styles travel inside the modules, so that nothing flashes unstyled. */
import { build } from "esbuild";

export function minifiedCss() {
	return {
		name: "minified-css",
		setup(plugin) {
			plugin.onLoad({ filter: /\.css$/ }, async ({ path }) => {
				const result = await build({ entryPoints: [path], minify: true, write: false, target: "es2022" });
				return { contents: result.outputFiles[0].text.trim(), loader: "text" };
			});
		},
	};
}

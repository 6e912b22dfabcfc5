/**
 * The page around a view, as LuCI's templates make it: the theme's header, the place of the view, the boot code. The
 * session and what the test wants come in the query.
 */
/** Bootstrap's names of colours, light and dark, and just enough of its shapes. */
const PLAIN = `
:root { --background-color-high: #fff; --background-color-medium: #f5f5f5; --text-color-high: #404040; --border-color-medium: #ccc; }
:root[data-darkmode="true"] { --background-color-high: #222; --background-color-medium: #2a2a2a; --text-color-high: #ccc; --border-color-medium: #555; color-scheme: dark; }
body { margin: 0; background: var(--background-color-high); color: var(--text-color-high); font: 13px/18px sans-serif; }
header { padding: .5rem 1rem; border-bottom: 1px solid var(--border-color-medium); } header nav a { margin-right: 1rem; }
#maincontent { max-width: 940px; margin: 0 auto; padding: 1rem; }
a { color: #0069d6; } [data-darkmode="true"] a { color: #6ea8fe; }
.btn { font: inherit; padding: 4px 12px; border: 1px solid var(--border-color-medium); border-radius: 4px; background: var(--background-color-medium); color: inherit; }
.table { width: 100%; border-collapse: collapse; } .td, .th { padding: .3rem .5rem; text-align: left; border-top: 1px solid var(--border-color-medium); }
.alert-message { padding: .5rem 1rem; border: 1px solid var(--border-color-medium); border-radius: 4px; margin: 0 0 1rem; }
.cbi-value { display: flex; flex-wrap: wrap; gap: .5rem; padding: .3rem 0; } .cbi-value-title { width: 180px; }
#modal_overlay { display: none; } .modal-overlay-active #modal_overlay { display: block; position: fixed; inset: 0; background: rgba(0,0,0,.7); overflow: auto; }
.modal { max-width: 600px; margin: 5vh auto; padding: 1rem; background: var(--background-color-high); }
.cbi-input-invalid { outline: 2px solid red; }
@media (max-width: 600px) { .table-titles { display: none; } .td { display: block; } .td[data-title]::before { content: attr(data-title) ": "; font-weight: bold; } }
`;

const escaped = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const inScript = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c");

function head(theme: string, real: boolean): string {
	if (theme === "plain") return `<style>${PLAIN}</style>`;
	if (!real) throw new Error(`theme ${theme} needs LUCI_ROOT`);
	const media = `/luci-static/${theme}`;
	const mobile =
		theme === "bootstrap"
			? `<link rel="stylesheet" media="only screen and (max-device-width: 854px)" href="${media}/mobile.css">`
			: "";
	return `<link rel="stylesheet" href="${media}/cascade.css">${mobile}`;
}

function body(theme: string, inside: string): string {
	const main = `<div id="tabmenu" hidden></div>${inside}`;
	if (theme === "material") {
		return `<header><div class="fill"><div class="container"><a class="brand" href="#">lab</a><span class="status" id="indicators"></span></div></div></header>
<div class="main"><div class="main-left" id="mainmenu" style="display:none"></div><div class="main-right"><div id="maincontent"><div class="container">${main}</div></div></div></div>`;
	}
	if (theme === "openwrt2020") {
		return `<div id="menubar"><span class="hostname"><a href="/">lab</a></span><span id="indicators"></span></div>
<div id="maincontainer"><div id="mainmenu"></div><div id="maincontent">${main}</div></div>`;
	}
	return `<header><a class="brand" href="/">lab</a><div id="indicators" class="pull-right"></div></header><main id="maincontent" class="container">${main}</main>`;
}

export function framePage(url: URL, real: boolean): string {
	const path = url.pathname.replace("/cgi-bin/luci/", "");
	const theme = url.searchParams.get("theme") ?? "plain";
	const lang = (url.searchParams.get("lang") ?? "en").replace(/[^A-Za-z_-]/g, "");
	const dark = url.searchParams.get("dark") !== null;
	const requestpath = path.split("/");
	const name = requestpath.slice(-2).join("/");
	const env = {
		media: `/luci-static/${theme}`,
		resource: "/luci-static/resources",
		base_url: "/luci-static/resources",
		scriptname: "/cgi-bin/luci",
		pathinfo: `/${path}`,
		documentroot: "/www",
		requestpath,
		dispatchpath: requestpath,
		pollinterval: 5,
		ubuspath: "/ubus/",
		sessionid: url.searchParams.get("sid") ?? "",
		token: "0",
		nodespec: { readonly: url.searchParams.get("ro") !== null, satisfied: true },
		apply_rollback: 90,
		apply_holdoff: 1,
		apply_timeout: 5,
		apply_display: 1,
	};
	const boot = real
		? `<script src="/luci-static/resources/cbi.js"></script></head>`
		: `<script>window.luciEnv = ${inScript(env)};</script></head>`;
	const start = real
		? `<script src="/luci-static/resources/luci.js"></script><script>L = new LuCI(${inScript(env)});</script>`
		: `<script src="/luci-static/resources/luci.js"></script>`;
	const view = `<div id="view"><div class="spinning">Loading view...</div></div>`;
	const open =
		path === "admin/status/overview"
			? STATUS_PAGE
			: `<script>${real ? `L.require('ui').then(function(ui) { ui.instantiateView(${inScript(name)}); });` : `L.require(${inScript(`view.${name.replaceAll("/", ".")}`)});`}</script>`;
	return `<!doctype html>
<html lang="${lang}" data-darkmode="${dark}"><head><meta charset="utf-8"><title>lab | ${escaped(name)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
${head(theme, real)}<script src="/cgi-bin/luci/admin/translations/${lang}"></script>${boot}
<body class="lang_${lang} logged-in" data-page="${escaped(requestpath.join("-"))}">
${body(theme, "@@")}
</body></html>`.replace("@@", () => `${start}${view}${open}`);
}

/** LuCI's status page asks its includes again and again; here only ours is there, whichever framework is in use. */
const STATUS_PAGE = `<script>
L.require("view.status.include.05_autonomy").then(function(include) {
	function once() {
		return include.load().then(include.render).then(function(node) {
			var title = document.createElement("h3");
			title.textContent = include.title;
			document.getElementById("view").replaceChildren(title);
			if (node) document.getElementById("view").append(node);
		});
	}
	once();
	L.require("poll").then(function(poll) { poll.add(once, 5); });
});
</script>`;

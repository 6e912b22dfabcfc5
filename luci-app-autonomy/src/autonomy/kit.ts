"require baseclass";
"require rpc";
"require poll";
"require ui";

/** What every page shares, loaded once. The build gives pages these modules by reference (scripts/build-luci.mjs). */
import * as api from "../../../web/api.ts";
import * as dom from "../../../web/dom.ts";
import * as facts from "../../../web/facts.ts";
import * as format from "../../../web/format.ts";
import * as labels from "../../../web/labels.ts";
import * as live from "../../../web/live.ts";
import * as alerts from "../../../web/model/alerts.ts";
import * as overview from "../../../web/model/overview.ts";
import * as trouble from "../../../web/model/trouble.ts";
import * as controls from "../../../web/pages/controls.ts";
import * as dialog from "../../../web/pages/dialog.ts";
import * as page from "../../../web/pages/page.ts";
import * as transport from "../../../web/pages/transport.ts";
import * as say from "../../../web/say.ts";
import * as series from "../../../web/series.ts";
import * as told from "../../../web/told.ts";
import * as words from "../../../web/words.ts";

format.setLocale(document.documentElement.lang);

export default baseclass.extend({
	alerts,
	api,
	controls,
	dialog,
	dom,
	facts,
	format,
	labels,
	live,
	overview,
	page,
	say,
	series,
	told,
	transport,
	trouble,
	words,
});

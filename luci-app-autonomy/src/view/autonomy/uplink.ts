"require view";
"require poll";
"require ui";
"require autonomy.kit as kit";
"require autonomy.chart as chart";

import { createUplinkPage } from "../../../../web/pages/uplink.ts";
import { pageView } from "../../page-view.ts";

export default pageView(createUplinkPage);

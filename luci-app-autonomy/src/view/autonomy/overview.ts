"require view";
"require poll";
"require ui";
"require autonomy.kit as kit";

import { createOverviewPage } from "../../../../web/pages/overview.ts";
import { pageView } from "../../page-view.ts";

export default pageView(createOverviewPage);

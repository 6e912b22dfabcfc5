"require view";
"require poll";
"require ui";
"require autonomy.kit as kit";

import { createAlertsPage } from "../../../../web/pages/alerts.ts";
import { pageView } from "../../page-view.ts";

export default pageView(createAlertsPage);

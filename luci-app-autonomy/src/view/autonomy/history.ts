"require view";
"require poll";
"require ui";
"require autonomy.kit as kit";

import { createHistoryPage } from "../../../../web/pages/history.ts";
import { pageView } from "../../page-view.ts";

export default pageView(createHistoryPage);

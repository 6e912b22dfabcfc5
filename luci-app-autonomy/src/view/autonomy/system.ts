"require view";
"require poll";
"require ui";
"require autonomy.kit as kit";

import { createSystemPage } from "../../../../web/pages/system.ts";
import { pageView } from "../../page-view.ts";

export default pageView(createSystemPage);

"require baseclass";
"require autonomy.kit as kit";

/** Charts, only for the pages that draw some: uPlot is larger than everything else together. */
import * as chart from "../../../web/chart.ts";

export default baseclass.extend({ chart });

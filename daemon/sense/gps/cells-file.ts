/** What is known of cells, over a restart of the daemon (cell-store.ts). */
export const CELLS_FOLDER = "/tmp/autonomy";
export const CELLS_FILE = `${CELLS_FOLDER}/cells.json`;

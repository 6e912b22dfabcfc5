/** Made from contract/ by `npm run generate`; changes here are lost. */

/** [] a list, [shape] a list whose entries hold lists, "*" any member of a map. */
export type Shape = { readonly [member: string]: Shape } | readonly Shape[];

/** Methods that change something. */
export const WRITES: ReadonlySet<string> = new Set([
	"autonomy action",
	"autonomy failover",
	"autonomy restore",
	"autonomy recheck",
	"autonomy setlog",
	"autonomy config.set",
	"autonomy reload",
	"autonomy alert_ack",
	"autonomy push_key",
	"autonomy push_subscribe",
	"autonomy push_unsubscribe",
	"autonomy send_test_notification",
	"autonomy forecast_reset",
	"luci.autonomy service_control",
	"luci.autonomy backup",
	"luci.autonomy backup_download",
	"luci.autonomy backup_restore",
	"luci.autonomy backup_delete",
]);

/** Where replies hold lists. */
export const LISTS: Readonly<Record<string, Shape>> = {
	"autonomy status": { rank: [], mwan3: { policy: [] }, problems: [] },
	"autonomy members": { members: [{ breakdown: [], families: [], sensors: [] }] },
	"autonomy metrics": { samples: [] },
	"autonomy history": { points: [] },
	"autonomy events": { events: [] },
	"autonomy decisions": { decisions: [] },
	"autonomy explain": { figures: [], candidates: [], actions: [{ released: [] }], results: [] },
	"autonomy what_if": { actual: [], what_if: [], share: [] },
	"autonomy config.get": { set: [], secrets: [], problems: [] },
	"autonomy config.set": { changed: [], problems: [] },
	"autonomy reload": { problems: [] },
	"autonomy health": { components: [] },
	"autonomy starlink_status": { starlink: { "*": { outages: [], alerts: [], refused: [] } } },
	"autonomy starlink_diagnostics": {
		starlink: { "*": { self_test_faults: [], alerts: [], refused: [], findings: [] } },
	},
	"autonomy cellular_status": { cellular: { "*": { resting: [], carriers: [] } } },
	"autonomy cellular_analysis": { hints: [] },
	"autonomy gps_status": { sources: [] },
	"autonomy alerts": { alerts: [] },
	"autonomy alert_history": { alerts: [] },
	"autonomy notification_status": { channels: [] },
	"autonomy push_status": { subscriptions: [] },
	"autonomy report": { uplinks: [{ hours: [] }], worst_hours: [], worst_places: [], hints: [] },
	"autonomy forecast": { uplinks: { "*": { figures: [] } } },
	"luci.autonomy config_validate": { report: [] },
	"luci.autonomy backup_list": { versions: [] },
	"luci.autonomy backup_restore": { report: [] },
	"luci.autonomy log": { lines: [] },
	"luci.autonomy diagnostics_list": { sections: [], masked: [] },
};

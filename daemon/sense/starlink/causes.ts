/**
 * What the causes of outages and the alerts of a dish mean for its traffic: how long such an outage lasts, how grave an
 * alert is, and the words for people. Lengths: recorded outages of a car (median 0.86 s, every tenth over 6 s), of an
 * obstructed dish (median 4 s) and of one under a clear sky (under 1 s, all NO_PINGS or NO_DOWNLINK).
 */

/** long: minutes. sky: seconds. blink: usually over within a second. */
export type OutageKind = "long" | "sky" | "blink";

const CAUSES: Readonly<Record<string, readonly [OutageKind, string]>> = {
	BOOTING: ["long", "it is starting"],
	STOWED: ["long", "it is stowed"],
	THERMAL_SHUTDOWN: ["long", "it is too hot and has switched itself off"],
	SLEEPING: ["long", "it sleeps to save power"],
	SKY_SEARCH: ["long", "it searches the sky"],
	INHIBIT_RF: ["long", "its radio is switched off"],
	CABLE_TEST: ["long", "it tests its cable"],
	ACTUATOR_ACTIVITY: ["long", "its motors turn it"],
	NO_SCHEDULE: ["sky", "no satellite serves it now"],
	NO_SATS: ["sky", "no satellite is in view"],
	OBSTRUCTED: ["sky", "something stands in its view"],
	NO_DOWNLINK: ["blink", "it hears nothing from the satellite"],
	NO_PINGS: ["blink", "its own pings are not answered"],
};

export function outageKind(cause: string): OutageKind {
	return CAUSES[cause]?.[0] ?? "blink";
}

export function outageWords(cause: string): string {
	return CAUSES[cause]?.[1] ?? `cause ${cause}`;
}

export type Grade = "critical" | "warning" | "info";

const ALERTS: Readonly<Record<string, readonly [Grade, string]>> = {
	thermal_shutdown: ["critical", "the dish is too hot and shuts down"],
	motors_stuck: ["critical", "its motors are stuck"],
	dish_water_detected: ["critical", "water got into the dish"],
	router_water_detected: ["critical", "water got into its router"],
	thermal_throttle: ["warning", "the dish is hot and slows down"],
	power_supply_thermal_throttle: ["warning", "its power supply is hot and slows down"],
	mast_not_near_vertical: ["warning", "its mast leans"],
	unexpected_location: ["warning", "it is not where its plan allows it"],
	lower_signal_than_predicted: ["warning", "its signal is weaker than it should be"],
	is_power_save_idle: ["warning", "it sleeps to save power"],
	slow_ethernet_speeds: ["info", "its cable or port is slow"],
	slow_ethernet_speeds_100: ["info", "its cable or port runs at 100 Mbit/s"],
	low_motor_current: ["info", "its motors draw too little"],
	dbf_telem_stale: ["info", "its antenna reports late"],
	upsu_router_port_slow: ["info", "the router's port on its power supply is slow"],
	no_ethernet_link: ["info", "one of its ports has no cable"],
	install_pending: ["info", "an update waits to be installed"],
	is_heating: ["info", "it melts snow"],
	roaming: ["info", "it is away from its service address"],
	obstruction_map_reset: ["info", "its obstruction map begins anew"],
};

export function alertGrade(name: string): Grade {
	return ALERTS[name]?.[0] ?? "info";
}

export function alertWords(name: string): string {
	return ALERTS[name]?.[1] ?? name;
}

/** Names of fields and options for people, from their names in the contract. Pure. */
const SHORT = new Set([
	"rsrp",
	"rsrq",
	"sinr",
	"rssi",
	"ssid",
	"bssid",
	"snr",
	"tac",
	"plmn",
	"sim",
	"pci",
	"id",
	"rx",
	"tx",
	"rtt",
	"dns",
	"gps",
	"ip",
	"mb",
	"ram",
	"tcp",
	"smtp",
	"url",
	"qos",
	"tls",
	"hmac",
	"ca",
	"kb",
	"sms",
	"http",
	"mqtt",
	"usb",
]);
/** Endings that only name the unit. */
const UNIT_ENDING = /_(pct|dbm|db|hours|minutes|mbps|mhz|ms|s|c|bytes|unix_ms|m|deg|mps|per_min|per_s|w)$/;

/** channel_busy_pct -> Channel busy. The scan for translations takes it through all fields too. */
export function fieldLabel(name: string): string {
	let rest = name;
	while (UNIT_ENDING.test(rest)) rest = rest.replace(UNIT_ENDING, "");
	const words = rest.split("_").map((word) => (SHORT.has(word) ? (word === "id" ? "ID" : word.toUpperCase()) : word));
	const text = words.join(" ");
	return text.charAt(0).toUpperCase() + text.slice(1);
}

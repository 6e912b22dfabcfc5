import assert from "node:assert/strict";
import test from "node:test";
import type { Observation, ReachObservation } from "../../daemon/health/types.ts";
import type { Platform } from "../../daemon/platform/platform.ts";
import { createProber, type Prober } from "../../daemon/probe/prober.ts";
import { DEFAULT_PROBE_SETTINGS } from "../../daemon/probe/settings.ts";
import { type FakeChild, fakeFiles, fakeLog, fakeProcesses, fakeRandom, fakeTime } from "../support/fake-platform.ts";
import { familyLink, uplink } from "../support/uplink.ts";

/** `beginsLater`: a program carries each connection, as on QuickJS. */
function room(missing: readonly string[] = [], beginsLater = false) {
	const time = fakeTime();
	const processes = fakeProcesses();
	for (const name of missing) processes.missing.add(name);
	const files = fakeFiles({ "/proc/net/dev": "" });
	const log = fakeLog();
	/** `bursts`: so many had been started by then. */
	const connects: { host: string; begin(): void; open(): void; closed: boolean; bursts: number }[] = [];
	const platform = {
		...time,
		files,
		processes,
		random: fakeRandom(),
		streams: {
			beginsLater,
			connect(target: { host: string }, handlers: { onBegin?(): void; onOpen(): void }) {
				const one = {
					host: target.host,
					closed: false,
					bursts: bursts().length,
					begin: () => handlers.onBegin?.(),
					open: () => handlers.onOpen(),
				};
				connects.push(one);
				return {
					close: () => {
						one.closed = true;
					},
				};
			},
		},
		datagrams: { open: () => ({ send: () => undefined, close: () => undefined }) },
	} as unknown as Platform;
	const prober = createProber({ platform, log, settings: { ...DEFAULT_PROBE_SETTINGS, dnsName: "" } });
	const seen: Observation[] = [];
	prober.onObservation((observation) => seen.push(observation));
	const steady = (): FakeChild[] => processes.children.filter((child) => child.argv.includes("-l") && !child.closed);
	const bursts = (): FakeChild[] => processes.children.filter((child) => child.argv.includes("-c"));
	const reaches = (): ReachObservation[] => seen.filter((one) => one.kind === "reach");
	return { time, processes, files, log, prober, seen, steady, bursts, reaches, connects };
}

type Room = ReturnType<typeof room>;

function answerBurst({ bursts }: Room, which = -1): void {
	const child = bursts().at(which);
	assert.ok(child);
	for (const target of ["1.1.1.1", "8.8.8.8", "9.9.9.9"]) {
		for (let seq = 0; seq < 3; seq++) {
			child.handlers.onStdoutLine?.(`${target} : [${seq}], 16 bytes, 9.5 ms (9.5 avg, 0% loss)`);
		}
	}
}

/** Lets the link answer its steady probes for a while. */
function live(one: Room, ms: number): void {
	for (let at = 0; at < ms; at += 250) {
		one.time.advanceSync(250);
		const child = one.steady()[0];
		const seq = Math.floor(at / 750);
		const target = ["1.1.1.1", "8.8.8.8", "9.9.9.9"][(at / 250) % 3] ?? "";
		child?.handlers.onStdoutLine?.(`${target} : [${seq}], 16 bytes, 9.5 ms (9.5 avg, 0% loss)`);
	}
}

const close = (prober: Prober, time: Room["time"]): void => {
	prober.close();
	assert.equal(time.pending(), 0, "no timer is left behind");
};

const DUAL = uplink({ ipv6: familyLink({ address: "2001:db8::2", gateway: "fe80::1" }) });
const V4 = ["1.1.1.1", "8.8.8.8", "9.9.9.9"];
const V6 = ["2606:4700:4700::1111", "2001:4860:4860::8888", "2620:fe::fe"];
function end(child: FakeChild | undefined, code: number | null): void {
	assert.ok(child);
	child.closed = true;
	child.handlers.onExit(code, null);
}
const commands = (one: Room): string[] => one.steady().map((child) => child.argv.slice(1).join(" "));
const ALONE = [
	`-4 -I eth1 -S 192.0.2.2 -b 8 -r 0 -D -l -p 6000 -i 2000 -t 3000 ${V4.join(" ")}`,
	`-6 -I eth1 -S 2001:db8::2 -b 8 -r 0 -D -l -p 6000 -i 2000 -t 3000 ${V6.join(" ")}`,
];

test("one fping per uplink, bound to device and addresses; a verdict from the first burst", () => {
	const one = room();
	one.prober.setUplinks([DUAL]);
	const both = V4.map((target, i) => `${target} ${V6[i]}`).join(" ");
	// IPv6 first: musl's fping cannot bind to both the other way round.
	const binding = "-I eth1 -S 2001:db8::2 -S 192.0.2.2";
	assert.deepEqual(commands(one), [`${binding} -b 8 -r 0 -D -l -p 6000 -i 1000 -t 3000 ${both}`]);
	assert.equal(one.processes.children.filter((child) => child.argv.includes("-l")).length, 1, "started once");
	const [burst] = one.bursts();
	assert.equal(
		burst?.argv.join(" "),
		"/usr/sbin/fping -4 -I eth1 -S 192.0.2.2 -b 8 -r 0 -c 3 -p 30 -i 1 -t 2000 1.1.1.1 8.8.8.8 9.9.9.9 192.0.2.1",
	);
	answerBurst(one, 0);
	assert.equal(one.prober.verdict("wan", "ipv4"), "up");
	assert.equal(one.prober.verdict("wan", "ipv6"), "unknown", "families are judged apart");
	close(one.prober, one.time);
	assert.ok(one.processes.children.every((child) => child.closed));
});

test("a burst that fping could not send, for the address has just gone, is no loss of the link", () => {
	const one = room();
	one.prober.setUplinks([uplink()]);
	const [burst] = one.bursts();
	burst?.handlers.onStderrLine?.("/usr/sbin/fping: cannot bind source address : Address not available");
	end(burst, 4);
	live(one, 5000);
	assert.equal(one.prober.verdict("wan", "ipv4"), "up");
	const lost = one.seen.filter((seen) => seen.kind === "probe" && seen.rttMs === null);
	assert.deepEqual(lost, []);
	close(one.prober, one.time);
});

test("the families share it while they are watched alike; each hears of its own targets only", () => {
	const one = room();
	one.prober.setUplinks([DUAL]);
	const [both] = one.steady();
	for (let seq = 0; seq < 3; seq++) {
		both?.handlers.onStdoutLine?.(`${V6[seq]} : [0], 16 bytes, 9.5 ms (9.5 avg, 0% loss)`);
	}
	assert.deepEqual([one.prober.verdict("wan", "ipv4"), one.prober.verdict("wan", "ipv6")], ["unknown", "up"]);
	one.prober.setActive(["wan"]);
	assert.match(commands(one).join(), /-p 750 -i 125 /, "a new pace for both at once");
	assert.equal(one.processes.children.filter((child) => child.argv.includes("-l")).length, 2);
	one.prober.setUplinks([{ ...DUAL, ipv6: null }]);
	assert.match(commands(one).join("; "), /^-4 .* -i 250 [^;:]*$/, "the one that stays goes on alone");
	one.prober.setUplinks([DUAL]);
	assert.equal(one.steady().length, 1);
	close(one.prober, one.time);
});

test("a family in doubt puts the other in doubt, and both are convicted together", () => {
	const one = room();
	one.prober.setUplinks([DUAL]);
	one.prober.setActive(["wan"]);
	const [both] = one.steady();
	for (const target of [...V4, ...V6])
		both?.handlers.onStdoutLine?.(`${target} : [0], 16 bytes, 9.5 ms (9.5 avg, 0% loss)`);
	for (let seq = 1; seq < 9; seq++) {
		for (const target of [...V4, ...V6]) {
			one.time.advanceSync(125);
			both?.handlers.onStdoutLine?.(`${target} : [${seq}], 16 bytes, 9.5 ms (9.5 avg, 0% loss)`);
		}
	}
	const since = one.reaches().length;
	one.time.advanceSync(1500);
	const told = one
		.reaches()
		.slice(since)
		.map(({ family, verdict, atMs, evidence }) => ({ family, verdict, atMs, evidence }));
	const [first, second] = told.filter(({ verdict }) => verdict === "suspect");
	assert.equal(first?.atMs, second?.atMs);
	assert.equal(second?.evidence.text, "the other family is silent");
	const dead = told.filter(({ verdict }) => verdict === "dead");
	assert.deepEqual(dead.map(({ family }) => family).sort(), ["ipv4", "ipv6"]);
	assert.ok(Math.abs((dead[0]?.atMs ?? 0) - (dead[1]?.atMs ?? 0)) <= 50, JSON.stringify(dead));
	close(one.prober, one.time);
});

/** An active uplink of both families that has answered for some seconds: IPv4 after 9.5 ms, IPv6 after `rttMs`. */
function answered(rttMs: number): Room {
	const one = room();
	one.prober.setUplinks([DUAL]);
	one.prober.setActive(["wan"]);
	const [both] = one.steady();
	for (let seq = 0; seq < 20; seq++) {
		for (const target of [...V4, ...V6]) {
			one.time.advanceSync(125);
			const ms = target.includes(":") ? rttMs : 9.5;
			both?.handlers.onStdoutLine?.(`${target} : [${seq}], 16 bytes, ${ms} ms (9.5 avg, 0% loss)`);
		}
	}
	assert.deepEqual([one.prober.verdict("wan", "ipv4"), one.prober.verdict("wan", "ipv6")], ["up", "up"]);
	return one;
}

const deaths = ({ reaches }: Room): ReachObservation[] => reaches().filter(({ verdict }) => verdict === "dead");

test("families whose time is over within a moment are convicted in one turn; one that needs longer is not waited for", () => {
	for (const [rttMs, apartMs] of [
		[150, 0],
		[350, 150],
	] as const) {
		const one = answered(rttMs);
		let turns = 0;
		const deadIn: number[] = [];
		one.prober.onObservation((seen) => {
			if (seen.kind !== "reach" || seen.verdict !== "dead") return;
			deadIn.push(turns);
			one.time.timers.after(0, () => turns++);
		});
		one.time.advanceSync(2000);
		const [first, second] = deaths(one);
		assert.deepEqual([first?.family, second?.family].sort(), ["ipv4", "ipv6"]);
		const ms = (second?.atMs ?? 0) - (first?.atMs ?? 0);
		assert.ok(apartMs === 0 ? ms === 0 : ms > apartMs, `${ms} ms apart, IPv6 answers after ${rttMs} ms`);
		assert.deepEqual(deadIn, apartMs === 0 ? [0, 0] : [0, 1]);
		close(one.prober, one.time);
	}
});

test("a family that waits for the other's verdict gets its own when the other is answered", () => {
	const one = answered(150);
	const bursts = one.bursts().length;
	while (one.bursts().length < bursts + 2) one.time.advanceSync(1);
	const ipv6 = one
		.bursts()
		.slice(bursts)
		.find(({ argv }) => argv.includes("-6"));
	// Over for IPv4 after 15 + 62 + 150 ms, for IPv6, by its own history, some 20 ms later.
	one.time.advanceSync(235);
	assert.equal(deaths(one).length, 0);
	ipv6?.handlers.onStdoutLine?.(`${V6[0]} : [2], 16 bytes, 159 ms (159 avg, 0% loss)`);
	one.time.advanceSync(40);
	assert.deepEqual([one.prober.verdict("wan", "ipv4"), one.prober.verdict("wan", "ipv6")], ["dead", "up"]);
	close(one.prober, one.time);
});

test("what asks otherwise than by ping is started after the bursts of both families", () => {
	const one = answered(9.5);
	const bursts = one.bursts().length;
	while (one.connects.length === 0) one.time.advanceSync(1);
	assert.deepEqual(
		one.connects.map((each) => each.bursts - bursts),
		[2, 2, 2, 2, 2, 2],
	);
	close(one.prober, one.time);
});

test("its end is the end of both watches, and both begin again", () => {
	const one = room();
	one.prober.setUplinks([DUAL]);
	const [first] = one.steady();
	first?.handlers.onStdoutLine?.(`${V4[0]} : [0], 16 bytes, 9.5 ms (9.5 avg, 0% loss)`);
	end(first, null);
	assert.deepEqual(commands(one), []);
	one.time.advanceSync(1000);
	assert.equal(one.steady().length, 1);
	assert.equal(one.log.lines.filter((line) => line.msg === "probe program" && line.level === "warn").length, 2);
	close(one.prober, one.time);
});

test("an fping that refuses two families is asked with one each, without being called broken", () => {
	const one = room();
	one.prober.setUplinks([DUAL]);
	const [first] = one.steady();
	first?.handlers.onStderrLine?.("fping: can't specify both -4 and -6");
	end(first, 1);
	assert.deepEqual(commands(one), ALONE);
	assert.equal(one.prober.status()[0]?.text, null);
	assert.match(JSON.stringify(one.log.lines), /one process each/);
	one.prober.setActive(["wan"]);
	assert.equal(one.steady().length, 2);
	close(one.prober, one.time);
});

test("silence: suspect, a burst, dead within 0.6 s; the engine is told each step", () => {
	const one = room();
	one.prober.setUplinks([uplink()]);
	one.prober.setActive(["wan"]);
	answerBurst(one);
	live(one, 3000);
	const before = one.time.clock.monotonicMs();
	const bursts = one.bursts().length;
	one.time.advanceSync(700);
	const told = one.reaches().filter((reach) => reach.atMs > before);
	assert.deepEqual(
		told.map((reach) => reach.verdict),
		["suspect", "dead"],
	);
	assert.equal(one.bursts().length, bursts + 1);
	assert.ok((told[1]?.atMs ?? 0) - before < 600);
	assert.equal(told[1]?.evidence.method, "icmp");
	close(one.prober, one.time);
});

test("Starlink, once it is known to be that: a silence of 0.8 s is doubted and sat out, and nothing starts anew", () => {
	const one = room();
	one.prober.setUplinks([uplink()]);
	one.prober.setActive(["wan"]);
	answerBurst(one);
	live(one, 3000);
	const started = one.processes.children.length;
	one.prober.setUplinks([uplink({ class: "starlink" })]);
	assert.equal(one.processes.children.length, started);
	one.time.advanceSync(800);
	assert.equal(one.prober.verdict("wan", "ipv4"), "suspect");
	one.time.advanceSync(400);
	assert.equal(one.prober.verdict("wan", "ipv4"), "dead");
	close(one.prober, one.time);
});

test("a new role changes the pace only; the same picture changes nothing; a new address starts anew", () => {
	const one = room();
	one.prober.setUplinks([uplink()]);
	const started = one.processes.children.length;
	one.prober.setUplinks([uplink()]);
	one.prober.setUplinks([uplink({ weight: 7, order: 3 })]);
	assert.equal(one.processes.children.length, started);
	one.prober.setActive(["wan"]);
	assert.equal(one.steady().length, 1);
	assert.ok(one.steady()[0]?.argv.join(" ").includes("-p 750 -i 250"));
	answerBurst(one);
	assert.equal(one.prober.verdict("wan", "ipv4"), "up");
	one.prober.setUplinks([uplink({ ipv4: familyLink({ address: "192.0.2.9" }) })]);
	assert.equal(one.prober.verdict("wan", "ipv4"), "unknown");
	assert.ok(one.steady().every((child) => child.argv.includes("192.0.2.9")));
	one.prober.setUplinks([]);
	assert.equal(one.steady().length, 0);
	close(one.prober, one.time);
});

test("near the end of its data plan an uplink is probed as a metered one, by the thriftiest table", () => {
	const one = room();
	one.prober.setUplinks([uplink()]);
	one.prober.setActive(["wan"]);
	assert.ok(one.steady()[0]?.argv.join(" ").includes("-p 750 -i 250"));
	const before = one.prober.status()[0]?.budgetBytes ?? 0;
	one.prober.setUplinks([uplink({ allowance: "near" })]);
	const { budgetBytes, intervalMs } = one.prober.status()[0] ?? {};
	assert.deepEqual([before, budgetBytes, intervalMs], [100_000_000, 2_000_000, 5_000]);
	one.prober.setUplinks([uplink()]);
	assert.equal(one.prober.status()[0]?.budgetBytes, before);
	close(one.prober, one.time);
});

test("hostile or useless names never reach a command line", () => {
	const one = room();
	one.prober.setUplinks([
		uplink({ id: "a", device: "-f/etc/passwd", ipv4: familyLink({ device: "-f/etc/passwd" }) }),
		uplink({ id: "b", ipv4: familyLink({ address: "$(reboot)" }) }),
		uplink({
			id: "c",
			ipv4: familyLink({ gateway: "--help" }),
			mwan3: {
				ipv4: { interface: "c", family: "ipv4", id: 1, mark: 256, enabled: true, trackIps: ["-g", "evil.example"] },
				ipv6: null,
			},
		}),
		uplink({ id: "d", disabled: true }),
		uplink({ id: "e", ipv4: familyLink({ up: false, address: null }) }),
	]);
	assert.equal(one.steady().length, 1);
	const words = one.processes.children.flatMap((child) => [...child.argv]);
	for (const bad of ["-f/etc/passwd", "$(reboot)", "--help", "-g", "evil.example"])
		assert.ok(!words.includes(bad), bad);
	close(one.prober, one.time);
});

test("carrier loss is dead at once, ifdown of one interface spares the other family, a missed return heals", () => {
	const one = room();
	const both = uplink({ ipv6: familyLink({ interface: "wan6", address: "2001:db8::2", gateway: null }) });
	one.prober.setUplinks([both]);
	one.prober.linkEvent("wan", "ifdown");
	assert.equal(one.prober.verdict("wan", "ipv4"), "dead");
	assert.equal(one.prober.verdict("wan", "ipv6"), "unknown");
	one.prober.linkEvent("wan", "carrier_lost");
	assert.equal(one.prober.verdict("wan", "ipv6"), "dead");
	assert.equal(one.reaches().at(-1)?.evidence.method, "carrier");
	assert.equal(one.reaches().at(-1)?.evidence.text, "carrier lost");
	assert.equal(one.steady().length, 0, "nothing is sent into a pulled cable");
	one.prober.setUplinks([both]);
	one.prober.setActive(["wan"]);
	assert.equal(one.prober.verdict("wan", "ipv4"), "dead", "an old picture does not undo it");
	one.time.advanceSync(8000);
	assert.notEqual(one.prober.verdict("wan", "ipv4"), "dead" as never);
	one.prober.linkEvent("nobody", "carrier_lost");
	close(one.prober, one.time);
});

test("fping that dies is started again after 1, 2, 4 s, said in log and status; then ping stands in", () => {
	const one = room();
	one.prober.setUplinks([uplink()]);
	const kill = (): void => {
		const child = one.steady().at(-1);
		assert.ok(child);
		child.closed = true;
		child.handlers.onExit(null, null);
	};
	kill();
	assert.match(one.prober.status()[0]?.text ?? "", /^fping ended \(it was killed\); started again in 1 s$/);
	assert.deepEqual(one.log.messages("warn"), ["probe program"]);
	one.time.advanceSync(1000);
	assert.equal(one.steady().length, 1);
	kill();
	one.time.advanceSync(1999);
	assert.equal(one.steady().length, 0);
	one.time.advanceSync(1);
	assert.equal(one.steady().length, 1);
	kill();
	one.time.advanceSync(5000);
	const pings = one.processes.children.filter(
		(child) => child.argv[0] === "/usr/sbin/ping" && child.argv.includes("-i"),
	);
	assert.equal(pings.length, 3);
	assert.equal(one.prober.status()[0]?.method, "ping");
	assert.equal(
		one.prober.status()[0]?.text,
		"fping ended (it was killed): ping or TCP stands in, slower and dearer; fping is tried again in 10 min",
	);
	close(one.prober, one.time);
});

test("ping stands in for fping for a while only: tried again after 10, 20 ... 160 min, back for good with its first reply", () => {
	const one = room();
	one.prober.setUplinks([uplink()]);
	const die = (): void => {
		const child = one.steady().at(-1);
		assert.ok(child, "fping runs");
		child.closed = true;
		child.handlers.onExit(1, null);
	};
	const fpings = (): number => one.processes.children.filter((child) => child.argv.includes("-l")).length;
	const told = (): string[] =>
		one.log.lines.filter((line) => line.msg === "probe program").map((line) => String(line.fields.reason));
	for (const pause of [1_000, 2_000, 0]) {
		die();
		one.time.advanceSync(pause);
	}
	assert.equal(one.prober.status()[0]?.method, "ping");
	const pings = () => one.processes.children.filter((child) => child.argv[0]?.endsWith("/ping") && !child.closed);
	one.time.advanceSync(6_000);
	assert.equal(pings().length, 3);
	let tried = fpings();
	for (const minutes of [10, 20, 40, 80, 160, 160]) {
		one.time.advanceSync(minutes * 60_000 - 7_000);
		assert.equal(fpings(), tried, `not before ${minutes} min`);
		one.time.advanceSync(7_000);
		assert.equal(fpings(), ++tried, `after ${minutes} min`);
		assert.deepEqual([one.prober.status()[0]?.method, pings().length], ["fping", 0]);
		const reaches = one.reaches().length;
		die();
		assert.equal(one.prober.status()[0]?.method, "ping", "on trial one failure is enough");
		assert.equal(one.reaches().length, reaches, "a change of the program is no evidence about the link");
	}
	one.time.advanceSync(160 * 60_000);
	live(one, 2_000);
	assert.deepEqual([one.prober.status()[0]?.method, one.prober.status()[0]?.text], ["fping", null]);
	assert.deepEqual(told().slice(-3), [
		"fping ended (exit code 1): ping or TCP stands in, slower and dearer; fping is tried again in 160 min",
		"fping is tried again",
		"fping works again and watches as before",
	]);
	die();
	assert.match(one.prober.status()[0]?.text ?? "", /started again in 1 s/, "as patient with it as at first");
	close(one.prober, one.time);
	assert.ok(one.processes.children.every((child) => child.closed));
});

test("fping that is installed while ping stands in is found within 10 minutes", () => {
	const one = room(["fping"]);
	one.prober.setUplinks([uplink()]);
	one.time.advanceSync(600_000);
	assert.equal(one.prober.status()[0]?.method, "ping");
	one.processes.missing.delete("fping");
	one.time.advanceSync(600_000);
	assert.deepEqual([one.prober.status()[0]?.method, one.prober.status()[0]?.text], ["fping", null]);
	live(one, 2_000);
	assert.equal(one.steady().length, 1);
	close(one.prober, one.time);
});

test("ping filtered on a living link: TCP is asked in doubt, answers first, and nothing is ever called dead", () => {
	const one = room();
	one.prober.setUplinks([uplink()]);
	one.prober.setActive(["wan"]);
	answerBurst(one);
	live(one, 5000);
	assert.equal(one.prober.verdict("wan", "ipv4"), "up");
	assert.equal(one.connects.length, 0, "nothing but pings while all is well");
	while (one.prober.verdict("wan", "ipv4") === "up") one.time.advanceSync(10);
	assert.equal(one.prober.verdict("wan", "ipv4"), "suspect");
	assert.equal(one.connects.length, 3);
	for (let ms = 0; ms < 3000; ms += 10) {
		for (const connect of one.connects.splice(0)) connect.open();
		one.time.advanceSync(10);
	}
	assert.deepEqual(
		one.reaches().filter((reach) => reach.verdict === "dead"),
		[],
	);
	assert.equal(one.prober.verdict("wan", "ipv4"), "up");
	assert.match(one.prober.status()[0]?.text ?? "", /ping is not answered here but TCP is/);
	close(one.prober, one.time);
});

test("programs that ask by TCP and start slowly: no verdict before they had their chance, none that waits for ever", () => {
	for (const answers of [true, false]) {
		const one = room([], true);
		one.prober.setUplinks([uplink()]);
		one.prober.setActive(["wan"]);
		answerBurst(one);
		live(one, 5000);
		while (one.prober.verdict("wan", "ipv4") === "up") one.time.advanceSync(10);
		const suspectMs = one.time.clock.monotonicMs();
		// Pings alone would convict it long before.
		one.time.advanceSync(1000);
		assert.equal(one.prober.verdict("wan", "ipv4"), "suspect");
		for (const connect of one.connects) connect.begin();
		one.time.advanceSync(20);
		assert.equal(one.prober.verdict("wan", "ipv4"), "suspect");
		if (answers) {
			for (const connect of one.connects) connect.open();
			one.time.advanceSync(10);
			assert.equal(one.prober.verdict("wan", "ipv4"), "up");
			assert.match(one.prober.status()[0]?.text ?? "", /ping is not answered here but TCP is/);
		} else {
			while (one.prober.verdict("wan", "ipv4") !== "dead") one.time.advanceSync(10);
			assert.ok(one.time.clock.monotonicMs() - suspectMs < 1300);
		}
		close(one.prober, one.time);
	}
	const stuck = room([], true);
	stuck.prober.setUplinks([uplink()]);
	stuck.prober.setActive(["wan"]);
	answerBurst(stuck);
	live(stuck, 5000);
	while (stuck.prober.verdict("wan", "ipv4") === "up") stuck.time.advanceSync(10);
	stuck.time.advanceSync(1600);
	assert.equal(stuck.prober.verdict("wan", "ipv4"), "dead");
	close(stuck.prober, stuck.time);
});

test("watched by TCP: the start of a program is no part of the way, and what has not left is not missed", () => {
	const one = room(["fping", "ping"], true);
	one.prober.setUplinks([uplink()]);
	one.prober.setActive(["wan"]);
	const due: { atMs: number; act(): void }[] = [];
	/** Every program takes 400 ms to start, and its target answers 20 ms later. */
	function pass(ms: number, startMs: number): void {
		for (let at = 0; at < ms; at += 10) {
			const now = one.time.clock.monotonicMs();
			for (const connect of one.connects.splice(0)) {
				due.push({ atMs: now + startMs, act: connect.begin }, { atMs: now + startMs + 20, act: connect.open });
			}
			for (const next of due.splice(0)) {
				if (next.atMs <= now) next.act();
				else due.push(next);
			}
			one.time.advanceSync(10);
		}
	}
	pass(10_000, 400);
	assert.equal(one.prober.status()[0]?.method, "tcp");
	assert.equal(one.prober.verdict("wan", "ipv4"), "up");
	const rtts = one.seen.flatMap((o) => (o.kind === "probe" && o.rttMs !== null ? [o.rttMs] : []));
	assert.ok(rtts.length > 5 && rtts.every((ms) => ms <= 50), String(rtts));
	const known = one.seen.length;
	pass(10_000, 1500);
	const verdicts = one.seen.slice(known).flatMap((o) => (o.kind === "reach" ? [o.verdict] : []));
	assert.ok(verdicts.length > 0 && verdicts.every((verdict) => verdict === "up"), String(verdicts));
	// The link dies: the programs start, and nobody answers.
	for (let ms = 0; ms < 4000 && one.prober.verdict("wan", "ipv4") !== "dead"; ms += 10) {
		for (const connect of one.connects.splice(0)) connect.begin();
		one.time.advanceSync(10);
	}
	assert.equal(one.prober.verdict("wan", "ipv4"), "dead");
	close(one.prober, one.time);
});

test("doubts that ping itself settles cost one look, the next ones are held back longer and longer", () => {
	const one = room();
	one.prober.setUplinks([uplink()]);
	one.prober.setActive(["wan"]);
	answerBurst(one);
	live(one, 5000);
	const looks: number[] = [];
	for (let seconds = 0; seconds < 90; ) {
		const before = one.connects.length;
		const from = one.time.clock.monotonicMs();
		while (one.prober.verdict("wan", "ipv4") !== "suspect") one.time.advanceSync(10);
		if (one.connects.length > before) looks.push(Math.round(one.time.clock.monotonicMs() / 1000));
		answerBurst(one);
		live(one, 1000);
		seconds += (one.time.clock.monotonicMs() - from) / 1000;
	}
	const gaps = looks.slice(1).map((at, index) => at - (looks[index] ?? 0));
	assert.ok(gaps.length >= 2 && gaps.length <= 3, String(looks));
	for (const [index, gap] of gaps.entries()) {
		const least = 10 * 2 ** index;
		assert.ok(gap >= least && gap < 2 * least, String(looks));
	}
	close(one.prober, one.time);
});

test("fping that prints nothing while bursts are answered is replaced; a silent link alone is no reason", () => {
	const one = room();
	one.prober.setUplinks([uplink()]);
	one.prober.setActive(["wan"]);
	answerBurst(one);
	live(one, 5000);
	const frozen = one.steady()[0];
	let bursts = one.bursts().length;
	for (let ms = 0; ms < 4000 && !frozen?.closed; ms += 10) {
		one.time.advanceSync(10);
		if (one.bursts().length > bursts) answerBurst(one);
		bursts = one.bursts().length;
	}
	assert.equal(frozen?.closed, true);
	assert.match(
		one.prober.status()[0]?.text ?? "",
		/^fping printed nothing for \d\.\d s while its targets answered; started/,
	);
	one.time.advanceSync(1000);
	const fresh = one.steady()[0];
	assert.notEqual(fresh, undefined);
	live(one, 1000);
	assert.equal(one.prober.status()[0]?.text, null);
	one.time.advanceSync(5000);
	assert.equal(one.prober.verdict("wan", "ipv4"), "dead");
	assert.equal(fresh?.closed, false);
	assert.deepEqual(one.reaches().filter((reach) => reach.verdict === "dead").length > 0, true);
	close(one.prober, one.time);
});

test("fping that speaks nonsense is ended and counted as broken", () => {
	const one = room();
	one.prober.setUplinks([uplink()]);
	for (let i = 0; i < 25; i++) one.steady()[0]?.handlers.onStdoutLine?.(`segfault ${i}`);
	assert.match(
		one.prober.status()[0]?.text ?? "",
		/^fping prints nothing that can be understood, such as "segfault 19"/,
	);
	close(one.prober, one.time);
});

test("no fping: ping, said in status; neither: TCP from our own socket", async () => {
	const poor = room(["fping"]);
	poor.prober.setUplinks([uplink()]);
	poor.time.advanceSync(3000);
	assert.equal(poor.prober.status()[0]?.method, "ping");
	assert.match(poor.prober.status()[0]?.text ?? "", /install the package fping/);
	assert.ok(
		poor.processes.children.some((child) => child.argv.join(" ") === "/usr/sbin/ping -4 -I eth1 -s 16 -i 6 1.1.1.1"),
	);
	close(poor.prober, poor.time);

	const none = room(["fping", "ping"]);
	none.prober.setUplinks([uplink()]);
	none.time.advanceSync(100);
	assert.deepEqual(
		none.connects.map((connect) => connect.host),
		["1.1.1.1", "8.8.8.8", "9.9.9.9"],
	);
	for (const connect of [...none.connects]) connect.open();
	none.time.advanceSync(10);
	for (const connect of none.connects.slice(3)) connect.open();
	none.time.advanceSync(10);
	assert.equal(none.prober.status()[0]?.method, "tcp");
	assert.equal(none.prober.verdict("wan", "ipv4"), "up");
	close(none.prober, none.time);
});

test("ping filtered: TCP answers, the method changes and says so; three pings bring ping back", () => {
	const one = room();
	one.prober.setUplinks([uplink()]);
	one.time.advanceSync(4000);
	for (let i = 0; i < 40 && one.prober.verdict("wan", "ipv4") !== "up"; i++) {
		for (const connect of one.connects.filter((each) => !each.closed)) connect.open();
		one.time.advanceSync(200);
	}
	assert.equal(one.prober.status()[0]?.method, "tcp");
	assert.match(one.prober.status()[0]?.text ?? "", /^ping is not answered here but TCP is/);
	assert.equal(one.prober.verdict("wan", "ipv4"), "up");
	assert.equal(one.reaches().at(-1)?.evidence.method, "tcp");
	const child = one.steady()[0];
	for (let seq = 0; seq < 3; seq++)
		child?.handlers.onStdoutLine?.(`1.1.1.1 : [${seq}], 16 bytes, 9.5 ms (9.5 avg, 0% loss)`);
	assert.equal(one.prober.status()[0]?.method, "fping");
	close(one.prober, one.time);
});

test("two uplinks with the same address: TCP proves nothing there and is not asked", () => {
	const one = room();
	one.prober.setUplinks([
		uplink(),
		uplink({ id: "wanb", device: "eth2", ipv4: familyLink({ interface: "wanb", device: "eth2" }) }),
	]);
	one.time.advanceSync(20_000);
	assert.equal(one.connects.length, 0);
	close(one.prober, one.time);
});

test("a leap of the wall clock restarts fping and convicts nobody", () => {
	const one = room();
	one.prober.setUplinks([uplink()]);
	one.prober.setActive(["wan"]);
	answerBurst(one);
	live(one, 2000);
	const child = one.steady()[0];
	one.time.jumpWall(50 * 365 * 86_400_000);
	for (let i = 0; i < 5 && one.steady()[0] === child; i++) live(one, 500);
	assert.notEqual(one.steady()[0], child);
	assert.ok(one.reaches().every((reach) => reach.verdict !== "dead"));
	close(one.prober, one.time);
});

test("the budget used up: once a minute, said in status", () => {
	const one = room();
	const settings = { ...DEFAULT_PROBE_SETTINGS, dnsName: "", bytesPerDay: 10_000 };
	one.prober.setSettings({ ...settings, bytesPerDay: null });
	one.prober.setUplinks([uplink({ metered: true })]);
	one.prober.setSettings({ ...settings, meteredBytesPerDay: 10_000 });
	for (let i = 0; i < 40; i++) {
		one.prober.recheck(["wan"]);
		one.time.advanceSync(4000);
	}
	const [status] = one.prober.status();
	assert.match(status?.text ?? "", /the day's probe budget is used up/);
	assert.ok((status?.bytesToday ?? 0) > 10_000);
	assert.ok((status?.intervalMs ?? 0) >= 60_000);
	close(one.prober, one.time);
});

test("no counters: said once, probes go on", () => {
	const one = room();
	one.files.content.delete("/proc/net/dev");
	one.prober.setUplinks([uplink()]);
	one.time.advanceSync(5000);
	assert.match(one.prober.status()[0]?.text ?? "", /no interface counters/);
	assert.equal(one.log.messages("warn").filter((msg) => msg === "provider").length, 1);
	close(one.prober, one.time);
});

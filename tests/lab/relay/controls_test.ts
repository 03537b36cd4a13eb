import { assertEquals, assertMatch } from "@std/assert";
import { setColorEnabled } from "@std/fmt/colors";
import { type Controlled, Controls, planNotice } from "../../../lab/relay/controls.ts";
import { Network } from "../../../lab/relay/network.ts";
import { Tally } from "../../../lab/relay/tally.ts";
import { PlainInput } from "../../../lib/console/line_input.ts";
import { toJson } from "../../../lib/console/log.ts";
import { proseOf } from "../../../lib/console/prose.ts";
import { NO_FAULTS } from "../../../lib/faults/plan.ts";
import { encodeText } from "../../../lib/text.ts";
import { sourceOf } from "../../support/chunks.ts";
import { RawPeer, RecordedEvents } from "../../support/sockets.ts";
import { turn } from "../../support/time.ts";
import { udpRelay } from "./support.ts";

setColorEnabled(false);

const NO_SIGNAL = new AbortController().signal;

/** What happens at these lines of input. */
async function told(
  lines: readonly string[],
  { network = new Network({ seed: 7 }), transport = "udp", json = false, relay = {}, maxLine }: {
    network?: Network;
    transport?: "tcp" | "udp";
    json?: boolean;
    relay?: Partial<Controlled>;
    maxLine?: number;
  } = {},
): Promise<{ events: RecordedEvents; prose: string[]; stops: number }> {
  const events = new RecordedEvents();
  let stops = 0;
  const controlled = { tally: new Tally(), open: [], ...relay };
  const controls = new Controls(controlled, { network, transport, events, stop: () => stops++ });
  const pieces = lines.map((line) => encodeText(`${line}\n`));
  using input = new PlainInput(sourceOf(pieces), { write: (bytes) => Promise.resolve(bytes.length) }, {
    ...(maxLine !== undefined && { maxLine }),
  });
  await controls.follow(input, { json, signal: NO_SIGNAL });
  const prose = events.all.map((event) => proseOf(event, { role: "server", quiet: false }));
  return { events, prose, stops };
}

Deno.test("Controls change the faults of one way or of both, and answer with the flags that repeat them", async () => {
  const network = new Network({ seed: 7 });
  const { prose } = await told([
    "set loss 30%",
    "set up loss off",
    "set up rate 10k",
    "set up queue 5",
    "set up rate off",
    "plan",
    "clear down",
  ], { network });
  assertEquals(prose, [
    "[+] Faults: --seed 7 --loss 30%",
    "[+] Faults: --seed 7 --down-loss 30%",
    "[+] Faults: --seed 7 --up-rate 10kB/s --down-loss 30%",
    "[+] Faults: --seed 7 --up-rate 10kB/s --up-queue 5 --down-loss 30%",
    // The queue is one for the rate: it goes with it.
    "[+] Faults: --seed 7 --down-loss 30%",
    "[+] Faults: --seed 7 --down-loss 30%",
    "[+] Faults: none (--seed 7)",
  ]);
  assertEquals([network.out, network.in], [NO_FAULTS, NO_FAULTS]);
});

Deno.test("Controls answer a wrong line with one line, change nothing, and go on", async () => {
  const network = new Network({ seed: 7 });
  const { prose, events } = await told(["stat", "set loss 130%", "set split 3", "set burst 3", "reset", "plan"], {
    network,
  });
  assertEquals(prose, [
    '[!] Cannot use "stat": no such command; the nearest is stats',
    '[!] Cannot use "130%": it must be a share from 0% to 100%, such as 30% or 0.3',
    "[!] Cannot use --split over UDP: a datagram is never split",
    "[!] Cannot use --burst without --loss: nothing is lost",
    "[!] Cannot reset: datagrams have no connection; cut loses them all",
    "[+] Faults: none (--seed 7)",
  ]);
  assertEquals(events.names.slice(0, 5), Array(5).fill("warning"));
  assertEquals(network.out, NO_FAULTS);
});

Deno.test("Controls pull the cable and plug it in, and say which faults remain", async () => {
  const network = new Network({ seed: 7 });
  const { prose } = await told(["set down delay 100ms", "cut", "plan", "heal"], { network, transport: "tcp" });
  assertEquals(prose.slice(1), [
    "[+] The cable is pulled: streams stand still",
    "[+] Faults: --seed 7 --down-delay 100ms; the cable is pulled, heal plugs it in",
    "[+] The cable is plugged in. Faults: --seed 7 --down-delay 100ms",
  ]);
  assertEquals(network.cut, false);
});

Deno.test("Controls answer programs in JSON", async () => {
  const open = [{ id: 1, peer: "192.0.2.1:80", up: 3, down: 0, age: 5, idle: 2 }];
  const { events } = await told([
    '{"set":"loss","value":"30%","direction":"up"}',
    '{"command":"cut"}',
    '{"command":"list"}',
    '{"command":"stats"}',
    '{"command":"reset"}',
    '{"command":"ct"}',
    "\x1b[31m",
  ], { transport: "tcp", json: true, relay: { open, reset: () => 1 } });
  const objects = events.all.map((event) => {
    const { time: _, ...fields } = JSON.parse(toJson(event));
    return fields;
  });
  const way = { in: { pieces: 0, bytes: 0 }, out: { pieces: 0, bytes: 0 }, faults: {}, p50: null, p99: null };
  const counts = { connections: 0, refused: 0, failed: 0, resets: 0 };
  const event = "result";
  assertEquals(objects, [
    { event, command: "set", plan: "--seed 7 --up-loss 30%", cut: false },
    { event, command: "cut", plan: "--seed 7 --up-loss 30%", cut: true },
    { event, command: "list", open },
    { event, command: "stats", transport: "tcp", ...counts, up: way, down: way },
    { event, command: "reset", connections: 1 },
    { event: "warning", message: 'Cannot use "ct": no such command; the nearest is cut' },
    { event: "warning", message: 'Cannot read a command: a line is one JSON object, such as {"command":"stats"}' },
  ]);
});

Deno.test("the end of the input stops nothing, the word quit does", async () => {
  assertEquals((await told([])).stops, 0);
  assertEquals((await told(["quit"])).stops, 1);
});

Deno.test("a line without end ends the commands with a warning, not the relay", async () => {
  const { prose, stops } = await told(["x".repeat(2000)], { maxLine: 1000 });
  assertEquals([prose.length, stops], [1, 0]);
  assertMatch(prose[0] ?? "", /longer than 1000 bytes/);
});

Deno.test("help lists every command", async () => {
  const { prose } = await told(["help"]);
  assertMatch(prose[0] ?? "", /^set \[up\|down\] NAME VALUE +change[^]+\nquit +stop/);
});

Deno.test("planNotice() says of loss over TCP what it is there", () => {
  const network = new Network({ seed: 7, up: { ...NO_FAULTS, loss: 0.5 } });
  assertMatch(planNotice(network, "tcp"), /^Faults: --seed 7 --up-loss 50%\. Nothing can be lost under TCP from here/);
});

Deno.test("Controls take effect on a UDP relay at work", async () => {
  const server = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const [bytes, from] of server) await server.send(bytes, from);
  })();
  {
    await using relaying = udpRelay((server.addr as Deno.NetAddr).port);
    const { relay, network } = relaying;
    const controls = new Controls(relay, { network, transport: "udp", events: relaying.events, stop: () => {} });
    using client = new RawPeer();
    /** Whether a datagram comes back. Its loss is over when the next one, after `after`, has come back. */
    const passes = async (text: string, after: () => void): Promise<string[]> => {
      await client.send(text, relaying.port);
      while (relay.tally.up.in.pieces < sent + 1) await turn();
      after();
      await client.send("next", relaying.port);
      sent += 2;
      const came: string[] = [];
      while (came.at(-1) !== "next") came.push((await client.receive()).text);
      return came;
    };
    let sent = 0;
    controls.run({ name: "set", fault: "loss", value: "100%", ways: ["up"] });
    assertEquals(await passes("lost", () => controls.run({ name: "clear", ways: ["up", "down"] })), ["next"]);
    assertEquals(await passes("passes", () => {}), ["passes", "next"]);
    controls.run({ name: "cut" });
    assertEquals(await passes("cut", () => controls.run({ name: "heal" })), ["next"]);
    assertEquals([...relay.tally.up.faults], [["loss", 1], ["cut", 1]]);
  }
  server.close();
  await serving;
});

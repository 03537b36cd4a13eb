import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { isWellFormed, oddIn } from "../support/markup.ts";
import { CONFIG_HOME, eventsIn, needs, run } from "../support/script.ts";
import { FakeTools, TOOLS } from "./compare/fake_tools.ts";

/** Little is sent, and quickly. */
const SHORT = ["--count", "40", "--interval", "2ms"];

Deno.test("lab:compare without faults: all arrives by both, in order, and the table is on standard output", async () => {
  const { code, stdout, stderr } = await run("lab:compare", SHORT);
  assertEquals(code, 0, stderr);
  assertMatch(
    stdout,
    /^ +TCP +UDP\nsent +40 +40\narrived +40 +40\nlost +0 +0\nduplicated +0 +0\nout of order +0 +0\nwaited for a retransmission +0 +-\n/,
  );
  assertStringIncludes(stdout, "\nTCP delivered all 40 messages in order");
  assertEquals(stderr, "[+] 40 messages of 1,448 bytes, one every 2 ms: no faults\n[+] Done\n");
});

/** What happened to which message, without the times. */
function fates(stdout: string) {
  return eventsIn(stdout).filter(({ event }) => event === "measured").map(({ transport, lost, arrivals }) => {
    const numbers = (arrivals as { number: number }[]).map(({ number }) => number);
    return { transport, lost, numbers: numbers.toSorted((one, other) => one - other) };
  });
}

Deno.test("lab:compare: the same seed gives the same faults, to TCP and UDP alike, and the picture shows them", async () => {
  const path = `${CONFIG_HOME}/loss.svg`;
  const faults = [...SHORT, "--loss", "20%", "--duplicate", "10%", "--delay", "5ms", "--seed", "7", "--json"];
  const [one, other] = await Promise.all([
    run("lab:compare", [...faults, "--plot", "loss.svg"]),
    run("lab:compare", faults),
  ]);
  assertEquals([one.code, other.code], [0, 0]);
  assertEquals(fates(one.stdout), fates(other.stdout));
  const [tcpFates, udpFates] = fates(one.stdout);
  assertEquals(tcpFates?.lost, udpFates?.lost, "a message is a segment here, and a datagram there");
  const summary = eventsIn(one.stdout).find(({ event }) => event === "summary");
  const { tcp, udp, faults: line, seed } = summary as {
    tcp: Record<string, number>;
    udp: Record<string, number>;
    faults: string;
    seed: number;
  };
  assertEquals([line, seed, tcp.arrived, tcp.lost], ["--delay 5ms --loss 20% --duplicate 10%", 7, 40, 0]);
  assert((udp.lost ?? 0) > 0 && (udp.duplicated ?? 0) > 0 && (tcp.waited ?? 0) > 0, JSON.stringify(summary));
  const picture = await Deno.readTextFile(path);
  assertEquals([isWellFormed(picture), oddIn(picture)], [true, undefined]);
  assertStringIncludes(picture, "What arrived when: 20 % loss, 5 ms delay, 10 % duplicates</title>");
  await Deno.remove(path);
});

Deno.test({
  name: "lab:compare --netem runs itself again in a network of its own, and reports what was measured there",
  ...needs(Deno.build.os === "linux", "Linux"),
  fn: async () => {
    await using fake = await FakeTools.make(TOOLS);
    const args = [...SHORT, "--netem", "--loss", "5%", "--burst", "2", "--json"];
    const { code, stdout, stderr } = await run("lab:compare", args, { env: fake.env });
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertEquals((await fake.log()).at(-1), "tc qdisc add dev lo root netem limit 10000 loss gemodel 2.6316% 50%");
    const [tcp, udp, summary] = eventsIn(stdout).filter(({ event }) => event === "measured" || event === "summary");
    assertEquals([tcp?.transport, tcp?.sent, udp?.sent, udp?.lost], ["tcp", 40, 40, null]);
    assertEquals([summary?.maker, summary?.seed, summary?.count], ["kernel", null, 40]);
  },
});

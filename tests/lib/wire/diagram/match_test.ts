import { assertEquals } from "@std/assert";
import { boundaries, ends, series } from "./samples.ts";
import { diagram, told } from "./told.ts";

/** A stream written and read in pieces: `[when, bytes]`. */
function stream(writes: readonly [number, number][], reads: readonly [number, number][]): string[] {
  const [client, server] = ends("tcp");
  for (const [at, size] of writes) client.write(at, new Uint8Array(size).fill(0x61));
  for (const [at, size] of reads) server.read(at, new Uint8Array(size).fill(0x61));
  return told([client.events, server.events]).map((line) => line.replace(/ "a+"/, ""));
}

Deno.test("a write goes to the first and the last of the reads that brought it", () => {
  assertEquals(stream([[0, 10]], [[1, 4], [2, 3], [3, 3]]), ["0.00 > 1.00-3.00 data 10 B in 3 reads"]);
  assertEquals(stream([[0, 2], [1, 2]], [[2, 4]]), ["0.00 > 2.00 data 2 B one read of 4 B", "1.00 > 2.00 data 2 B"]);
  assertEquals(stream([[0, 3], [1, 3]], [[2, 2], [3, 4]]), [
    "0.00 > 2.00-3.00 data 3 B in 2 reads",
    "1.00 > 3.00 data 3 B",
  ]);
});

Deno.test("what was written and never read ends at a time that nobody knows", () => {
  assertEquals(stream([[0, 5], [1, 5]], [[2, 3]]), [
    "0.00 > 2.00 data 5 B 2 B not read",
    "1.00 > ? data 5 B not read",
  ]);
});

Deno.test("a read of more than was seen written has an unknown departure", () => {
  assertEquals(stream([[0, 5]], [[1, 5], [2, 5]]), ["0.00 > 1.00 data 5 B", "? > 2.00 data 5 B"]);
});

Deno.test("every split of a stream into reads covers it", () => {
  const writes: [number, number][] = [[0, 3], [1, 4], [2, 5]];
  for (let one = 1; one < 11; one++) {
    for (let two = one + 1; two < 12; two++) {
      const lines = stream(writes, [[10, one], [11, two - one], [12, 12 - two]]);
      assertEquals(lines.length, 3, `${one} ${two}`);
      assertEquals(lines.filter((line) => /\?|not read/.test(line)), [], `${one} ${two}`);
    }
  }
});

Deno.test("merged and split messages, with a clock that is 3 s slow", () => {
  assertEquals(told(boundaries()).slice(3, 9), [
    '0.50 > 1.75 data 4 B "one⏎" one read of 14 B',
    '0.70 > 1.75 data 4 B "two⏎"',
    '0.90 > 1.75 data 6 B "three⏎"',
    '3.00 > 3.65-4.95 data 33 B "a long line that comes in pieces⏎" in 3 reads',
    '6.00 < 5.35 data 3 B "ok⏎"',
    "7.00 > 7.75 FIN",
  ]);
  assertEquals(diagram(boundaries()).notes, [
    "The clock of the server is about 3.0 s slow; its times are corrected, for nothing arrives before it has left.",
  ]);
});

Deno.test("datagrams: lost ones, duplicates, and those that overtake", () => {
  const lines = told(series());
  assertEquals(lines.filter((line) => line.includes(" x ") || line.includes("x <")), [
    '2.00 > x datagram 15 B "datagram 2 of 8"',
    'x < 8.60 datagram 23 B "echo of datagram 5 of 8"',
    '12.00 > x datagram 15 B "datagram 7 of 8"',
  ]);
  assertEquals(lines.filter((line) => line.includes('"datagram 3')), [
    '4.00 > 4.35 datagram 15 B "datagram 3 of 8"',
    '4.00 > 4.90 datagram 15 B "datagram 3 of 8" duplicate',
  ]);
  assertEquals(lines.filter((line) => line.includes('"datagram 4')), ['6.00 > 13.20 datagram 15 B "datagram 4 of 8"']);
  assertEquals(diagram(series()).sections[0]?.facts, "→ 120 B · ← 161 B · 3 lost · 1 duplicate · 15 ms");
});

/** Equal datagrams, sent and received at these times. */
function equal(sent: readonly number[], received: readonly number[]): string[] {
  const [client, server] = ends("udp");
  for (const at of sent) client.send(at, "x");
  for (const at of received) server.receive(at, "x");
  return told([client.events, server.events]).map((line) => line.replace(' datagram 1 B "x"', ""));
}

Deno.test("a repeated datagram that arrives once is the last one sent before", () => {
  assertEquals(equal([0, 1000, 3000], [3000.4]), ["0.00 > x", "1000.00 > x", "3000.00 > 3000.40"]);
});

Deno.test("equal datagrams keep their order, and never arrive before they leave", () => {
  assertEquals(equal([0, 1, 2], [2.5, 2.6, 2.7]), ["0.00 > 2.50", "1.00 > 2.60", "2.00 > 2.70"]);
  assertEquals(equal([0, 5], [1, 2, 6]), ["0.00 > 1.00", "0.00 > 2.00 duplicate", "5.00 > 6.00"]);
});

Deno.test("a datagram that nobody was seen to send has an unknown departure", () => {
  const [client, server] = ends("udp");
  client.send(0, "a");
  server.receive(1, "a").receive(2, "b");
  assertEquals(told([client.events, server.events]), ['0.00 > 1.00 datagram 1 B "a"', '? > 2.00 datagram 1 B "b"']);
});

Deno.test("if events were left out, nothing is called lost or unread that may have arrived later", () => {
  const unkept = { arrows: 1, bytes: 1, flows: 0 };
  const [client, server] = ends("udp");
  client.send(0, "a").send(1, "b").send(2, "c").send(3, "d");
  server.receive(0.5, "a").receive(2.5, "c");
  const lines = told([client.events, server.events], { unkept });
  assertEquals(lines.map((line) => line.replace(/ datagram.*/, "")), [
    "0.00 > 0.50",
    "1.00 > x",
    "2.00 > 2.50",
    "3.00 > ?",
  ]);
  const [writer, reader] = ends("tcp");
  writer.write(0, "aa").write(1, "bb");
  reader.read(2, "aab");
  assertEquals(told([writer.events, reader.events], { unkept })[1], '1.00 > 2.00 data 2 B "bb"');
});

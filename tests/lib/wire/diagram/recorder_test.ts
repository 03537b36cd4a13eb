import { assertEquals } from "@std/assert";
import { MAX_SECTIONS, MAX_STEPS, Recorder } from "../../../../lib/wire/diagram/recorder.ts";
import { diagramOfCalls } from "../../../../lib/wire/diagram/build.ts";
import { CLIENT, many, Script, SERVER } from "./samples.ts";

function recorded(events: Iterable<Script["events"][number]>): Recorder {
  const recorder = new Recorder();
  for (const event of events) recorder.add(event);
  return recorder;
}

Deno.test("Recorder keeps the first calls, and counts the rest and its bytes", () => {
  const script = new Script("udp", CLIENT, SERVER);
  for (let index = 0; index < MAX_STEPS + 30; index++) script.send(index, "12345");
  const { calls, unkept } = recorded(script.events);
  assertEquals([calls.length, unkept], [MAX_STEPS, { arrows: 30, bytes: 150, flows: 0 }]);
  assertEquals(diagramOfCalls([calls], { title: "x", unkept }).notes, ["Not drawn: 30 later calls with 150 B."]);
});

Deno.test("Recorder keeps the first flows, and counts each other one once", () => {
  const { calls, unkept } = recorded(many(MAX_SECTIONS + 300)[0] ?? []);
  assertEquals(new Set(calls.map(({ flow }) => flow)).size, MAX_SECTIONS);
  assertEquals(unkept.flows, 300);
});

Deno.test("Recorder keeps a long stream in a few calls, with its end", () => {
  const script = new Script("tcp", CLIENT, SERVER);
  for (let index = 0; index < 100_000; index++) script.read(index, "0123456789");
  script.read(100_000, null);
  const { calls, unkept } = recorded(script.events);
  assertEquals([calls.length, calls.at(-1)?.size, unkept.arrows], [17, null, 0]);
  assertEquals(calls.reduce((sum, { size }) => sum + (size ?? 0), 0), 1_000_000);
});

Deno.test("Recorder merges neither datagrams, nor writes with reads, nor what failed", () => {
  const udp = new Script("udp", CLIENT, SERVER);
  const tcp = new Script("tcp", CLIENT, SERVER, 2);
  const failing = new Script("tcp", CLIENT, SERVER, 3);
  for (let index = 0; index < 50; index++) {
    udp.receive(index, "x");
    tcp.read(index, "x").write(index, "x");
    failing.call(index, "write", { error: "EAGAIN" });
  }
  const events = [udp, tcp, failing].flatMap(({ events }) => events);
  assertEquals(recorded(events).calls.length, 50 + 100 + 50);
});

Deno.test("Recorder keeps a part of the bytes only, as a copy", () => {
  const bytes = new Uint8Array(1_000_000).fill(0x61);
  const { calls: [call] } = recorded(new Script("tcp", CLIENT, SERVER).read(0, bytes).events);
  bytes.fill(0);
  assertEquals([call?.head.length, call?.head.buffer.byteLength, call?.head[0], call?.size], [96, 96, 0x61, 1_000_000]);
});

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Remark } from "../../../../lib/wire/event.ts";
import { CaptureEncoder, encodeCapture } from "../../../support/encode_capture.ts";
import { CaptureReader, type Step } from "../../../../lib/wire/pcap/events.ts";
import { START, Wire } from "../../../support/wire_events.ts";

const permissions = "none";
const options = { app: "tcp:client", pid: 42 };
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** A capture's steps, with the comments of its packets. */
function stepsOf(file: Uint8Array): readonly Step[] {
  const reader = new CaptureReader({ comments: true });
  return [...reader.push(file), ...reader.end().steps];
}

/** The comments of each event that has some. */
function commentsIn(file: Uint8Array): string[][] {
  return stepsOf(file).map(({ event, remarks }) => [event.call, ...remarks.map((remark) => remark.text)])
    .filter(({ length }) => length > 1);
}

const remark = (flow: number, text: string, more: Partial<Remark> = {}): Remark => ({
  at: START,
  flow,
  mark: "data",
  text,
  ...more,
});

Deno.test("a file begins with a section that names the script, the process and the system", { permissions }, () => {
  const header = text(new CaptureEncoder({ ...options, os: "linux" }).header());
  for (const part of ["(tcp:client)", "process 42", "linux"]) assertStringIncludes(header, part);
});

Deno.test("no packet is earlier than the one before it", { permissions }, () => {
  const wire = new Wire().call(1, "connect").call(2, "connect").call(1, "writing", "a").call(2, "read", "b");
  wire.now -= 1000;
  wire.call(2, "read", "c").call(1, "write", "a");
  const times = stepsOf(encodeCapture(wire.events, options)).map(({ event }) => event.at);
  assertEquals(times, [...times].sort((one, other) => one - other));
});

Deno.test("a remark goes to the packet of its call, or to the next one of its connection", { permissions }, () => {
  const wire = new Wire();
  const says = (text: string): Wire => {
    wire.says = [text];
    return wire;
  };
  says("looked up").call(0, "resolve", null, { name: "x", addresses: ["192.0.2.1"] });
  says("connected").call(1, "connect");
  says("secured").call(1, "handshake").call(2, "connect");
  says("issued").call(1, "writing", "ab");
  says("returned").call(1, "write", "ab");
  says("closed").call(1, "close").call(2, "read", "x");
  assertEquals(commentsIn(encodeCapture(wire.events, options)), [
    ["connect", "looked up", "connected"],
    ["writing", "secured", "issued", "returned"],
    ["close", "closed"],
  ]);
});

Deno.test("a remark about silence waits for its connection's next packet, and the last ones for the file's end", {
  permissions,
}, () => {
  const encoder = new CaptureEncoder(options);
  const wire = new Wire().call(1, "connect").call(2, "connect").call(2, "read", "x").call(1, "read", "y");
  const pieces: Uint8Array<ArrayBuffer>[] = [encoder.header()];
  for (const [index, { event }] of wire.events.entries()) {
    pieces.push(encoder.encode(event));
    if (index === 1) encoder.silence([remark(1, "both wait", { mistake: 7, why: "because" })]);
  }
  encoder.silence([remark(1, "still waiting")]);
  const end = encoder.end();
  const file = Uint8Array.from([...pieces, end].flatMap((piece) => [...piece]));
  assertEquals(commentsIn(file), [["read", "[mistake 7] both wait\nbecause"]]);
  assertStringIncludes(text(end), "still waiting");
});

Deno.test("a comment is cut where it is too long, and only so many wait", { permissions }, () => {
  const wire = new Wire();
  wire.says = ["é".repeat(40_000)];
  wire.call(1, "connect");
  for (let count = 0; count < 1000; count++) {
    wire.says = [`remark ${count}`];
    wire.call(1, "handshake");
  }
  const [first, second] = commentsIn(encodeCapture(wire.call(1, "read", "x").events, options));
  assertEquals(first?.[1], "é".repeat(32_767));
  assert((second?.length ?? 0) < 50);
  assertStringIncludes(second?.at(-1) ?? "", "more remarks");
});

Deno.test("connections that are never closed do not fill the memory: the oldest are forgotten", { permissions }, () => {
  const encoder = new CaptureEncoder(options);
  const connect = (flow: number): Uint8Array[] =>
    new Wire().call(flow, "connect").events.map(({ event }) => encoder.encode(event));
  const isn = (bytes: Uint8Array | undefined): number =>
    new DataView(bytes?.buffer ?? new ArrayBuffer(0)).getUint32(52);
  const [syn] = connect(1);
  for (let flow = 2; flow < 66_000; flow++) connect(flow);
  const [data] = new Wire().call(1, "read", "late").events.map(({ event }) => encoder.encode(event));
  // The next segment of a connection that is known would acknowledge one byte more than its first number.
  assertEquals(new DataView(data?.buffer ?? new ArrayBuffer(0)).getUint32(56), isn(syn));
});

Deno.test("what happens on a connection after its end adds nothing", { permissions }, () => {
  const encoder = new CaptureEncoder(options);
  const lengths = (wire: Wire): number[] => wire.events.map(({ event }) => encoder.encode(event).length);
  const before = new Wire().call(1, "connect").call(1, "writing", "abc").call(1, "close");
  assertEquals(lengths(before).map((length) => length > 0), [true, false, true]);
  const after = new Wire().call(1, "write", "abc").call(1, "read", null, { error: "BadResource" }).call(1, "close")
    .call(1, "writing", "x").call(1, "write", null, { error: "BadResource" });
  assertEquals(lengths(after), [0, 0, 0, 0, 0]);
  lengths(new Wire().call(2, "connect").call(2, "writing", "a").call(2, "close"));
  const pending = new Wire().call(2, "writing", "b").call(2, "write", "a").call(2, "write", "b");
  assertEquals(lengths(pending), [0, 0, 0]);
});

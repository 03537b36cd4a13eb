import { assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { fileTrace, logTrace, TraceWriter } from "../../../../lib/wire/trace/trace.ts";
import type { NetEvent } from "../../../../lib/events.ts";
import type { WireEvent } from "../../../../lib/wire/event.ts";
import { decodeText, encodeText } from "../../../../lib/text.ts";
import { RecordedEvents } from "../../../support/sockets.ts";

const permissions = "none";
const [local, peer] = [{ hostname: "127.0.0.1", port: 12345 }, { hostname: "::1", port: 52884 }];

function event(call: WireEvent["call"], text: string | null, more: Partial<WireEvent> = {}): WireEvent {
  const bytes = text === null ? null : encodeText(text);
  return { at: 1000, transport: "tcp", call, flow: 1, local, peer, bytes, duration: 0, ...more };
}

function messages(events: readonly NetEvent[]): string {
  return events.map((each) => "message" in each ? each.message : each.event).join("; ");
}

function traced(events: readonly WireEvent[]): string {
  const writer = new TraceWriter(1000);
  return events.map((each) => {
    const into = new Uint8Array(writer.spaceFor(each));
    return into.length === 0 ? "" : decodeText(into.subarray(0, writer.write(each, into)));
  }).join("");
}

Deno.test("a trace has one block per read or write, with direction, peer, and the time since the start and the last", {
  permissions,
}, () => {
  assertEquals(
    traced([
      event("accept", null, { at: 1001 }),
      event("read", "abc\n", { at: 1002.5 }),
      event("writing", "defgh", { at: 1003 }),
      event("write", "de", { at: 1003, offered: 5 }),
      event("closeWrite", null, { at: 1004 }),
      event("read", null, { at: 1004 }),
      event("close", null, { at: 1004 }),
    ]).replaceAll(/ {20,}/g, " … "),
    `#1 [::1]:52884  0.001000 s (+0.001000)  accept
#1 <- [::1]:52884  0.002500 s (+0.001500)  read 4 bytes
  00000000  61 62 63 0a … |abc␊|
#1 -> [::1]:52884  0.003000 s (+0.000500)  write 2 bytes of 5
  00000000  64 65 … |de|
#1 [::1]:52884  0.004000 s (+0.001000)  half-close (FIN)
#1 [::1]:52884  0.004000 s (+0.000000)  read: end of stream (FIN)
#1 [::1]:52884  0.004000 s (+0.000000)  close
`,
  );
});

Deno.test("offsets go on within a direction of a connection, and start anew in each datagram", { permissions }, () => {
  const offsets = (events: WireEvent[]): string[] =>
    [...traced(events).matchAll(/^ {2}(\w{8}) /gm)].map(([, at = ""]) => at);
  const stream = [
    event("read", "x".repeat(20)),
    event("write", "y"),
    event("read", "z"),
    event("close", null),
    event("read", "z"),
  ];
  assertEquals(offsets(stream), ["00000000", "00000010", "00000000", "00000014", "00000000"]);
  const datagram = event("receive", "abc", { transport: "udp" });
  assertEquals(offsets([datagram, datagram]), ["00000000", "00000000"]);
});

Deno.test("a character split between two reads of a connection is marked in both", { permissions }, () => {
  const bytes = encodeText("ü");
  const text = traced([
    event("read", null, { bytes: bytes.subarray(0, 1) }),
    event("read", null, { bytes: bytes.subarray(1) }),
  ]);
  assertEquals(text.match(/\|.*\|/g), ["|‥|", "|‥|"]);
});

Deno.test(
  "failures, lookups, handshakes, empty datagrams and listening sockets have a line each",
  { permissions },
  () => {
    const session = { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", verified: true } as
      & WireEvent["session"]
      & object;
    const text = traced([
      event("resolve", null, { flow: 0, local: null, peer: null, name: "a.example", addresses: ["::1", "127.0.0.1"] }),
      event("connect", null, { local: null, error: "ECONNREFUSED" }),
      event("handshake", null, { session }),
      event("receive", "", { transport: "udp" }),
      event("listen", null, { flow: 0, peer: null }),
      event("write", null, { error: "EPIPE", offered: 7 }),
    ]);
    assertEquals(
      text.replaceAll(/0\.000000 s.*\) {2}/g, ""),
      `resolve a.example: ::1, 127.0.0.1
#1 [::1]:52884  connect failed: ECONNREFUSED
#1 [::1]:52884  handshake TLSv1.3 TLS_AES_256_GCM_SHA384
#1 <- [::1]:52884  receive 0 bytes
127.0.0.1:12345  listen
#1 [::1]:52884  write failed: EPIPE
`,
    );
  },
);

Deno.test(
  "a block shows at most 64 KiB, and says how much it left out; the offset counts it all",
  { permissions },
  () => {
    const text = traced([event("read", "x".repeat(65_536 + 5)), event("read", "y")]);
    assertStringIncludes(text, "  … 5 bytes more of this read\n");
    assertStringIncludes(text, "  00010005  79 ");
  },
);

Deno.test("a trace beside the log is an event: rows for people, one hex string for programs", { permissions }, () => {
  const events = new RecordedEvents();
  logTrace(events, { json: false }).event(event("read", "hi\n"), []);
  logTrace(events, { json: true }).event(event("read", "hi\n"), []);
  const [prose, json] = events.all;
  assertEquals(prose?.event === "trace" && Array.isArray(prose.prose) && prose.prose.length, 2);
  assertEquals(json?.event === "trace" && [json.hex, json.bytes, json.call, json.direction, json.peer, json.prose], [
    ...["68690a", 3, "read", "in", "[::1]:52884", ""],
  ]);
});

Deno.test("a flood from many ports adds little to a trace in the log, and hides no peer that was there before", async () => {
  for (const json of [false, true]) {
    const events = new RecordedEvents();
    const trace = logTrace(events, { json });
    const datagram = (port: number, call: WireEvent["call"]): WireEvent =>
      event(call, "hello", { transport: "udp", flow: port, peer: { hostname: "192.0.2.1", port } });
    const honest = (count: number): void => {
      for (; count > 0; count--) trace.event(datagram(7, "receive"), []);
    };
    honest(1);
    for (let port = 1000; port < 4000; port++) {
      for (const call of ["receive", "send"] as const) trace.event(datagram(port, call), []);
    }
    honest(500);
    await trace.end?.();
    const mine = events.all.filter((each) => each.event === "trace" && each.peer === "192.0.2.1:7");
    assertEquals(mine.length, 501);
    const others = events.all.filter((each) => !mine.includes(each));
    assertLess(others.reduce((sum, each) => sum + JSON.stringify(each).length, 0), 192 * 1024);
    assertMatch(
      messages(others.slice(-1)),
      /^Not traced in the last [0-9.]+ s: [0-9,]+ calls, of [0-9,]+ new peers; --trace FILE keeps all$/,
    );
  }
});

Deno.test("a trace in a file is complete when the run ends", async () => {
  const path = await Deno.makeTempFile();
  try {
    const trace = fileTrace(path, { onTrouble: () => {} });
    for (let count = 0; count < 1000; count++) trace.event(event("read", "0123456789abcdef"), []);
    await trace.end?.();
    assertEquals((await Deno.readTextFile(path)).split("\n").length, 2001);
  } finally {
    await Deno.remove(path);
  }
});

import { assertEquals } from "@std/assert";
import type { Batch, EventRow, FlowRow } from "../../../../lib/wire/inspect/batch.ts";
import { PAGE_FILES, pageFor } from "../../../../lib/wire/inspect/page.ts";
import * as format from "../../../../lib/wire/inspect/page/format.js";
import { nameOf, Rows, sentenceOf, wayOf } from "../../../../lib/wire/inspect/page/rows.js";
import { history, rateOf, Store } from "../../../../lib/wire/inspect/page/store.js";
import { escapeControls } from "../../../../lib/text.ts";

const HERE = "../../../../lib/wire/inspect/page/";

/** A message with some events and flows. */
function batch(events: readonly Partial<EventRow>[], flows: readonly FlowRow[] = [], more: Partial<Batch> = {}): Batch {
  const totals = { events: 0, dropped: 0, flows: 0, open: 0, forgotten: 0, bytesIn: 0, bytesOut: 0, mistakes: 0 };
  const rows = events.map((event, seq) => ({ seq, at: 0, flow: 1, call: "read", ...event }) as const);
  return { events: rows, flows, totals: { ...totals, started: 0, now: 60_000 }, missed: 0, ...more };
}

/** The names of the events that are shown of a message. */
function shown(events: readonly Partial<EventRow>[], filter: Partial<Rows["filter"]> = {}): string[] {
  const store = new Store();
  const rows = new Rows(store);
  Object.assign(rows.filter, filter);
  store.take(batch(events));
  rows.update();
  return rows.shown.map((row) => `${nameOf(row)} ${sentenceOf(row)}`.trim());
}

Deno.test("the page's document names only files that it has, and escapes the title", async () => {
  const page = pageFor({ title: '"><script>', role: "client", nonce: "NONCE", flows: "Flows" });
  const [title] = /<h1>.*<\/h1>/.exec(page) ?? [];
  assertEquals(title, "<h1>&quot;&gt;&lt;script&gt;</h1>");
  assertEquals(page.includes("{{"), false);
  const named = [...page.matchAll(/(?:src|href)="([^"]+\.(?:js|css))" nonce="NONCE"/g)].map(([, name]) => name);
  for (const [, [, text]] of PAGE_FILES) {
    named.push(...[...text.matchAll(/ from "\.\/(\w+\.js)"/g)].map(([, name]) => name));
  }
  assertEquals(new Set(named), new Set(PAGE_FILES.keys()));
  const files = await Array.fromAsync(Deno.readDir(new URL(HERE, import.meta.url)), ({ name }) => name);
  assertEquals(new Set(files), new Set([...PAGE_FILES.keys(), "index.html"]));
});

Deno.test("a write is one row, where it was issued; its return has one if there is something to tell", () => {
  const writing = { call: "writing", excerpt: "hello", size: 5 } as const;
  const returned = { call: "write", excerpt: "hello", size: 5 } as const;
  assertEquals(shown([writing, { excerpt: "answer" }, returned]), ["write hello", "read answer"]);
  assertEquals(shown([writing, { call: "write", error: "EPIPE" }]), ["write hello", "write returned failed: EPIPE"]);
  assertEquals(
    shown([writing, { ...returned, size: 3, offered: 5 }])[1],
    "write returned took 3 bytes of 5: a short write",
  );
  const remarks = [{ mark: "state", text: "It took long." } as const];
  assertEquals(shown([writing, { ...returned, remarks }]).length, 2);
  assertEquals(shown([returned]), ["write returned hello"], "the issue of it was dropped");
  assertEquals(shown([{ ...writing, flow: 2 }, returned]).length, 2, "of another connection");
});

Deno.test("each filter lets through what it says", () => {
  const remarks = [{ mark: "trouble", text: "Split.", mistake: 1 } as const];
  const events = [
    { call: "listen", flow: 0, about: "127.0.0.1:1" },
    { excerpt: "Question", size: 8, remarks },
    { call: "writing", flow: 2, excerpt: "answer", size: 6 },
    { call: "closeWrite" },
    {},
  ] as const;
  const fins = [
    "shutdown this side has finished sending (FIN)",
    "read end of stream: the peer has finished sending (FIN)",
  ];
  assertEquals(shown(events).length, 5);
  assertEquals(shown(events, { way: "in" }), ["read Question", fins[1]]);
  assertEquals(shown(events, { way: "out" }), ["write answer", fins[0]]);
  assertEquals(shown(events, { flow: 2 }), ["write answer"]);
  assertEquals(shown(events, { mistakes: true }), ["read Question"]);
  assertEquals(shown(events, { text: "QUEST" }), ["read Question"]);
  assertEquals(shown(events, { text: "[mistake 1]" }), ["read Question"]);
  assertEquals(shown(events, { text: "#2" }), ["write answer"]);
});

Deno.test("the store keeps 100,000 events, and the rows follow it", () => {
  const store = new Store();
  const rows = new Rows(store);
  const events = Array.from({ length: 1000 }, () => ({}));
  for (let round = 0; round < 120; round++) {
    const message = batch(events);
    store.take({ ...message, events: message.events.map((event) => ({ ...event, seq: event.seq + round * 1000 })) });
    rows.update();
  }
  assertEquals([store.events.length, store.dropped], [102_000, 18_000]);
  assertEquals([rows.shown.length, rows.shown[0]?.seq, rows.shown.at(-1)?.seq], [102_000, 18_000, 119_999]);
  assertEquals([store.find(17_999), store.find(18_000)?.seq, store.find(119_999)?.seq], [undefined, 18_000, 119_999]);
});

Deno.test("a paused display stays as it is", () => {
  const store = new Store();
  const rows = new Rows(store);
  store.take(batch([{}, {}]));
  rows.until = 0;
  rows.update();
  assertEquals(rows.shown.length, 1);
  rows.until = Infinity;
  rows.update();
  assertEquals(rows.shown.length, 2);
});

Deno.test("rates are those of the last seconds; what a flow had transferred before is no news", () => {
  const store = new Store();
  const flow: FlowRow = {
    ...{ flow: 1, transport: "tcp", local: "", peer: "", state: "open", tls: false },
    ...{ since: 0, last: 60_000, bytesIn: 1_000_000, bytesOut: 0, events: 9, mistakes: 0 },
  };
  const rate = (now: number): number => {
    const known = store.flows.get(1);
    return known === undefined ? NaN : rateOf(known, now);
  };
  store.take(batch([], [flow]));
  assertEquals(rate(60_000), 0);
  store.take(batch([], [{ ...flow, last: 60_500, bytesIn: 1_000_600 }]));
  assertEquals(rate(60_500), 400, "600 bytes in a second and a half");
  store.take(batch([], [{ ...flow, last: 62_000, bytesIn: 1_000_900 }]));
  assertEquals(rate(62_000), 300);
  assertEquals(rate(70_000), 0);
  const known = store.flows.get(1);
  assertEquals(known === undefined ? [] : history(known, 63_000).slice(-5), [0, 600, 0, 300, 0]);
});

Deno.test("what happened is told in words where no bytes tell it", () => {
  const row = (event: Partial<EventRow>): string =>
    sentenceOf({ seq: 0, at: 0, flow: 1, call: "read", isMistake: false, ...event });
  assertEquals(
    row({ call: "connect", about: "192.0.2.1:80", error: "ECONNREFUSED" }),
    "to 192.0.2.1:80 failed: ECONNREFUSED",
  );
  assertEquals(row({ call: "receive", size: 0 }), "(an empty datagram)");
  assertEquals(row({ size: 5, gone: true }), "(its bytes are no longer kept)");
  assertEquals(row({ error: "ECONNRESET" }), "failed: ECONNRESET");
  assertEquals(wayOf({ seq: 0, at: 0, flow: 1, call: "read", isMistake: false, error: "ECONNRESET" }), "");
});

Deno.test("sizes, times and bytes are rounded for reading", () => {
  assertEquals([0, 999, 1000, 999_499, 999_500, 1e15].map(format.size), [
    ...["0 B", "999 B", "1.0 kB", "999 kB", "1.0 MB", "1000 TB"],
  ]);
  assertEquals([-1, 0.0004, 0.42, 0.9996, 9.94, 9.96, 99.6, 999.6, 99_600, 7_200_000].map(format.span), [
    ...["0 µs", "0 µs", "420 µs", "1.0 ms", "9.9 ms", "10 ms", "100 ms", "1.0 s", "2 min", "2.0 h"],
  ]);
  assertEquals([0, 59_999, 60_000, 3_723_456].map(format.sinceStart), ["0.0000", "59.9990", "1:00.000", "1:02:03"]);
  assertEquals(format.hex(Uint8Array.from({ length: 9 }, (_, byte) => byte)), "00 01 02 03 04 05 06 07  08");
  assertEquals(format.ascii(Uint8Array.of(0x1f, 0x20, 0x7e, 0x7f, 0xff)), ". ~..");
});

Deno.test("the page escapes controls as the scripts do", () => {
  for (let code = 0; code <= 0xffff; code++) {
    const text = String.fromCharCode(code);
    if (format.escapeControls(text) !== escapeControls(text)) assertEquals(code, -1);
  }
});

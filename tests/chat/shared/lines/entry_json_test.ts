import { assertEquals } from "@std/assert";
import type { Entry } from "../../../../chat/room/journal.ts";
import { decodeEntry, encodeEntry } from "../../../../chat/shared/lines/entry_json.ts";
import { encodedSize } from "../../../../chat/shared/broker/json.ts";

const server = "192.0.2.1:23456";
const said = { v: 1, server, kind: "said", name: "alice", text: "hello" };
const decoded = (value: unknown): unknown => decodeEntry(new TextEncoder().encode(JSON.stringify(value)));

Deno.test("every kind of entry comes back as it was", () => {
  const entries: Entry[] = [
    { kind: "said", name: "Zoë", text: "a\tb \u0001 ☃ 👩‍👧 \u2028" },
    { kind: "did", name: "guest-1", text: "waves" },
    { kind: "joined", name: "a" },
    { kind: "left", name: "a", why: "too slow" },
    { kind: "renamed", name: "a", to: "b" },
  ];
  for (const entry of entries) assertEquals(decodeEntry(encodeEntry({ entry, server })), { entry, server });
});

Deno.test("nothing but an entry is one: names are names, reasons are reasons, and no field is taken that was not checked", () => {
  const wrong: Record<string, unknown>[] = [
    ...["", "*", "eve:", "a b", "Ａlice", "x".repeat(25), 7, null, ["alice"]].map((name) => ({ name })),
    ...["", 7, null, {}, "x".repeat(65_537), "\ud800"].map((text) => ({ text })),
    ...["", "a b", "\u001b[2J", "x".repeat(300), 7, undefined].map((server) => ({ server })),
    ...["notice", "told", "", 7, undefined].map((kind) => ({ kind })),
    ...[0, 2, "1", undefined].map((v) => ({ v })),
    ...["(quit)", "gone\n* root joined", "", 7].map((why) => ({ kind: "left", why })),
    ...["*", "", 7, undefined].map((to) => ({ kind: "renamed", to })),
  ];
  for (const fields of wrong) assertEquals(decoded({ ...said, ...fields }), null, JSON.stringify(fields));
  for (const value of [null, 7, "said", [], [said]]) assertEquals(decoded(value), null);
  const { text, ...left } = said;
  assertEquals(decoded({ ...left, kind: "joined", text, __proto__: { x: 1 }, admin: true }), {
    server,
    entry: { kind: "joined", name: "alice" },
  });
  assertEquals(decodeEntry(Uint8Array.of(0x22, 0xff, 0x22)), null);
  assertEquals(decodeEntry(new Uint8Array(encodedSize(65_536) + 1).fill(0x20)), null);
});

Deno.test("encodedSize() holds the longest text of so many bytes", () => {
  for (const text of ["\u0001".repeat(4096), '"'.repeat(4096), "é".repeat(2048), "👩".repeat(1024)]) {
    const bytes = encodeEntry({ entry: { kind: "said", name: "x".repeat(24), text }, server: "x".repeat(280) });
    assertEquals(bytes.length <= encodedSize(4096), true);
  }
});

import { assertEquals } from "@std/assert";
import { History } from "../../../../lib/wire/inspect/history.ts";
import { event } from "./events.ts";

Deno.test("History keeps the newest events, whatever the bound", () => {
  for (const events of [1, 2, 3, 7]) {
    const history = new History({ events });
    for (let seq = 0; seq < 20; seq++) {
      assertEquals(history.add(event("read", seq), []).seq, seq);
      assertEquals([history.first, history.next], [Math.max(0, seq + 1 - events), seq + 1]);
      for (let each = 0; each < 21; each++) {
        const isKept = each >= history.first && each < history.next;
        assertEquals(history.at(each)?.flow, isKept ? each : undefined);
      }
    }
  }
});

Deno.test("History gives up the oldest bytes beyond its bound, and keeps the events", () => {
  const history = new History({ bytes: 10 });
  for (const text of ["1234", "", "5678", "90"]) history.add(event("read", 1, text), []);
  assertEquals(history.firstWithBytes, 0);
  history.add(event("read", 1, "x"), []);
  assertEquals([history.first, history.firstWithBytes], [0, 1]);
  assertEquals([history.at(0)?.size, history.at(0)?.event?.bytes?.length], [4, 0]);
  assertEquals(history.at(2)?.event?.bytes?.length, 4);
  // The newest keeps its bytes, however many.
  history.add(event("read", 1, "x".repeat(50)), []);
  assertEquals([history.firstWithBytes, history.at(5)?.event?.bytes?.length], [5, 50]);
  history.add(event("read", 1, "y"), []);
  assertEquals([history.firstWithBytes, history.at(6)?.event?.bytes?.length], [6, 1]);
});

Deno.test("History counts the bytes of what it drops", () => {
  const history = new History({ events: 2, bytes: 10 });
  for (let count = 0; count < 100; count++) history.add(event("read", 1, "12345"), []);
  assertEquals([history.first, history.firstWithBytes], [98, 98], "two events of 5 bytes are within the bound");
});

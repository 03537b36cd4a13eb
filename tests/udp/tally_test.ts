import { assertEquals } from "@std/assert";
import { Tally } from "../../udp/tally.ts";

const pure = { permissions: "none" } as const;

Deno.test("Tally counts answers in time and in order", pure, () => {
  const tally = new Tally(1000);
  tally.sent = 4;
  for (const number of [1, 2, 4]) assertEquals(tally.answer(number, number * 10, false), []);
  const { sent, received, loss, duplicates, outOfOrder, late, min, max } = tally.figures;
  assertEquals({ sent, received, loss, duplicates, outOfOrder, late, min, max }, {
    sent: 4,
    received: 3,
    loss: 25,
    duplicates: 0,
    outOfOrder: 0,
    late: 0,
    min: 10,
    max: 40,
  });
  assertEquals(
    tally.line,
    "4 sent, 3 received, 25 % lost, 0 duplicates, 0 out of order, 0 late; min/avg/max/p99 10 ms / 23 ms / 40 ms / 40 ms",
  );
});

Deno.test("Tally distinguishes duplicate, late and out-of-order answers (D4)", pure, () => {
  const tally = new Tally(1000);
  tally.sent = 3;
  assertEquals(tally.answer(2, 5, false), []);
  assertEquals(tally.answer(1, 6, false), ["out of order"]);
  assertEquals(tally.answer(2, 7, true), ["duplicate"]);
  assertEquals(tally.answer(3, 1001, false), ["late"]);
  assertEquals(tally.answer(1, 5000, true), ["duplicate"]);
  const { received, loss, duplicates, outOfOrder, late, max } = tally.figures;
  assertEquals([received, loss, duplicates, outOfOrder, late, max], [3, 0, 2, 1, 1, 1001]);
});

Deno.test("Tally counts an answer that is both out of order and late as both", pure, () => {
  const tally = new Tally(10);
  tally.answer(2, 1, false);
  assertEquals(tally.answer(1, 20, false), ["out of order", "late"]);
});

Deno.test("Tally without answers has no times", pure, () => {
  const tally = new Tally(1000);
  assertEquals(tally.figures, { sent: 0, received: 0, loss: 0, duplicates: 0, outOfOrder: 0, late: 0 });
  tally.sent = 3;
  assertEquals(tally.line, "3 sent, 0 received, 100 % lost, 0 duplicates, 0 out of order, 0 late");
  tally.answer(1, 1, false);
  assertEquals(tally.line.split(";")[0], "3 sent, 1 received, 66.7 % lost, 0 duplicates, 0 out of order, 0 late");
});

import { assert, assertEquals } from "@std/assert";
import { Rounds } from "../../../../chat/transport/failover/rounds.ts";

const rounds = (servers: number, giveUp = Infinity): Rounds => new Rounds({ servers, giveUp, now: 0, random: () => 1 });

Deno.test("servers are tried at once one after the other, then with waits that double up to 5 s", () => {
  const three = rounds(3);
  const attempts = Array.from({ length: 24 }, () => three.next(0));
  assertEquals(attempts.map((attempt) => attempt?.server), Array.from({ length: 24 }, (_, index) => index % 3));
  const waits = attempts.map((attempt) => attempt?.wait);
  assertEquals(waits.filter((_, index) => index % 3 > 0), Array.from({ length: 16 }, () => 0));
  assertEquals(waits.filter((_, index) => index % 3 === 0), [0, 200, 400, 800, 1600, 3200, 5000, 5000]);
});

Deno.test("after a connection that lasted the next server is tried, and the waits start anew", () => {
  const two = rounds(2);
  for (let count = 0; count < 5; count++) two.next(0);
  two.connected(1000);
  assertEquals(two.next(6000), { server: 1, wait: 0 });
  assertEquals(two.next(6000), { server: 0, wait: 0 });
  assertEquals(two.next(6000)?.wait, 200);
});

Deno.test("a server that lets us in and closes at once does not make us hurry", () => {
  const two = rounds(2);
  const waits: (number | undefined)[] = [];
  for (let count = 0; count < 9; count++) {
    waits.push(two.next(0)?.wait);
    two.connected(0);
  }
  assertEquals(waits, [0, 0, 200, 0, 400, 0, 800, 0, 1600]);
});

Deno.test("it gives up when there was no connection for long enough, counted from the last one", () => {
  const two = rounds(2, 1000);
  assert(two.next(999) !== null);
  two.connected(5000);
  assert(two.next(50_000) !== null);
  assert(two.next(50_999) !== null);
  assertEquals(two.next(51_000), null);
});

Deno.test("the last wait ends when the time is over", () => {
  const one = rounds(1, 1000);
  one.next(0);
  assertEquals(one.next(900)?.wait, 100);
  assertEquals(one.next(1000), null);
});

Deno.test("half of each wait is left to chance", () => {
  const waits = [0, 0.999].map((value) => {
    const one = new Rounds({ servers: 1, giveUp: Infinity, now: 0, random: () => value });
    one.next(0);
    return one.next(0)?.wait;
  });
  assertEquals(waits, [100, 200]);
});

import { assertEquals } from "@std/assert";
import { DatagramAnswers } from "../../../lab/replay/datagram_answers.ts";
import { ignorePatterns } from "../../../lab/replay/ignore.ts";
import { decodeText, encodeText } from "../../../lib/text.ts";

const pure = { permissions: "none" } as const;

function answers(expected: readonly (readonly string[])[], ...ignore: string[]): DatagramAnswers {
  return new DatagramAnswers(expected.map((answer) => answer.map(encodeText)), ignorePatterns(ignore));
}

function push(all: DatagramAnswers, ...datagrams: string[]): void {
  for (const datagram of datagrams) all.push(encodeText(datagram));
}

/** Which datagram, where, and both texts of each difference. */
function found(all: DatagramAnswers): unknown[][] {
  return all.result().differences.map(({ datagram, offset, expected, received }) => [
    datagram,
    offset,
    expected === null ? null : decodeText(expected),
    received === null ? null : decodeText(received),
  ]);
}

Deno.test("DatagramAnswers: datagrams are compared one by one, empty ones too", pure, () => {
  const all = answers([["one", ""], ["two"]]);
  push(all, "one");
  assertEquals(all.state, "open");
  push(all, "");
  assertEquals(all.state, "complete");
  all.next();
  push(all, "two");
  assertEquals(found(all), []);
});

Deno.test("DatagramAnswers: a stream's bytes in other datagrams differ", pure, () => {
  const all = answers([["ab", "cd"]]);
  push(all, "abcd", "cd");
  assertEquals(found(all), [[1, 2, "ab", "abcd"]]);
});

Deno.test(
  "DatagramAnswers: one that is lost makes no other look different, and shortens the wait for the next",
  pure,
  () => {
    const all = answers([["1"], ["2"], ["3"]]);
    push(all, "1");
    all.next();
    assertEquals(all.state, "open");
    all.next();
    assertEquals(all.state, "settling");
    push(all, "3");
    assertEquals(all.state, "complete");
    assertEquals(found(all), [[2, 0, "2", null]]);
  },
);

Deno.test("DatagramAnswers: another answer counts in the place of the captured one", pure, () => {
  const all = answers([["pong 1"], ["pong 2"]]);
  push(all, "pong X");
  assertEquals(all.state, "complete");
  all.next();
  assertEquals(all.state, "settling");
  push(all, "pong 2");
  assertEquals(found(all), [[1, 5, "pong 1", "pong X"]]);
});

Deno.test("DatagramAnswers: a late one is found, and told as out of order", pure, () => {
  const all = answers([["1"], ["2"], ["2"]]);
  all.next();
  push(all, "2");
  all.next();
  push(all, "1", "2");
  assertEquals([found(all), all.result().late], [[], 1]);
});

Deno.test("DatagramAnswers: equal datagrams count as often as they were captured", pure, () => {
  const all = answers([["x"], ["x"]]);
  push(all, "x", "x", "x");
  assertEquals(found(all), [[0, 0, null, "x"]]);
});

Deno.test("DatagramAnswers: parts that are ignored may differ", pure, () => {
  const all = answers([["seq 1 ok"]], "\\d+");
  push(all, "seq 99 ok");
  assertEquals([found(all), all.result().ignored], [[], 1]);
});

Deno.test("DatagramAnswers: keeps no more than a thousand that the capture has not", pure, () => {
  const all = answers([["x"]]);
  for (let count = 0; count < 5000; count++) push(all, "y");
  const { differences, received } = all.result();
  assertEquals([differences.length, received], [1000, 5000]);
});

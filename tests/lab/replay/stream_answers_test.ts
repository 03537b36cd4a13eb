import { assertEquals } from "@std/assert";
import { ignorePatterns } from "../../../lab/replay/ignore.ts";
import { StreamAnswers } from "../../../lab/replay/stream_answers.ts";
import { encodeText } from "../../../lib/text.ts";
import { everyWay } from "../../support/chunks.ts";

const pure = { permissions: "none" } as const;

function answers(expected: readonly string[], ...ignore: string[]): StreamAnswers {
  return new StreamAnswers(expected.map(encodeText), ignorePatterns(ignore));
}

/** Answer, offset in it and in the stream, and the two lengths of each difference. */
function found(all: StreamAnswers): number[][] {
  return all.result().differences.map(({ answer, offset, streamOffset, expected, length }) => [
    answer,
    offset,
    streamOffset,
    expected.length,
    length,
  ]);
}

Deno.test("StreamAnswers: chunks do not matter, bytes do", pure, () => {
  for (const { name, pieces } of everyWay(encodeText("one\ntwo\n"))) {
    const all = answers(["one\n", "two\n"]);
    for (const piece of pieces) all.push(piece);
    assertEquals(found(all), [], name);
  }
  for (const { name, pieces } of everyWay(encodeText("one\ntwO\n"))) {
    const all = answers(["one\n", "two\n"]);
    for (const piece of pieces) all.push(piece);
    assertEquals(found(all), [[2, 2, 6, 4, 4]], name);
  }
});

Deno.test("StreamAnswers: an answer is complete with its last byte, in whatever chunks", pure, () => {
  for (const { pieces } of everyWay(encodeText("12345"))) {
    const all = answers(["123", "45"]);
    let arrived = 0;
    for (const piece of pieces) {
      all.push(piece);
      arrived += piece.length;
      assertEquals(all.state, arrived < 3 ? "open" : "complete");
    }
    all.next();
    assertEquals(all.state, "complete");
  }
});

Deno.test(
  "StreamAnswers: a longer answer takes what has arrived with it, and the next one is the same again",
  pure,
  () => {
    const all = answers(["one", "two"]);
    all.push(encodeText("oneandahalf"));
    assertEquals(all.state, "complete");
    all.next();
    all.push(encodeText("two"));
    // Up to its length it is equal, so the rest counts as what follows.
    assertEquals(found(all), [[2, 0, 3, 3, 11]]);

    const other = answers(["one", "two"]);
    other.push(encodeText("ONE and a half"));
    other.next();
    other.push(encodeText("two"));
    assertEquals(found(other), [[1, 0, 0, 3, 14]]);
  },
);

Deno.test(
  "StreamAnswers: a shorter answer is settling once it differs, and the next one is the same again",
  pure,
  () => {
    const all = answers(["hello world", "two"]);
    all.push(encodeText("hello"));
    assertEquals(all.state, "open");
    all.push(encodeText("!"));
    assertEquals(all.state, "settling");
    all.next();
    all.push(encodeText("two"));
    assertEquals(found(all), [[1, 5, 5, 11, 6]]);
  },
);

Deno.test("StreamAnswers: one wrong byte does not take along answers that have arrived already", pure, () => {
  const all = answers(["aaa", "bbb", "ccc"]);
  all.push(encodeText("aXabbbccc"));
  assertEquals(found(all), [[1, 1, 1, 3, 3]]);
});

Deno.test("StreamAnswers: what is missing, and what comes after the last answer", pure, () => {
  const short = answers(["one", "two", "three"]);
  short.push(encodeText("onetw"));
  assertEquals(found(short), [[2, 2, 5, 3, 2], [3, 0, 6, 5, 0]]);
  const long = answers(["one"]);
  long.push(encodeText("one more"));
  assertEquals(found(long), [[2, 0, 3, 0, 5]]);
  const unasked = answers([]);
  unasked.push(encodeText("hello"));
  assertEquals(found(unasked), [[1, 0, 0, 0, 5]]);
});

Deno.test("StreamAnswers: keeps no more of an endless answer than it needs, and counts it", pure, () => {
  const all = answers(["ok"]);
  const chunk = new Uint8Array(65_536);
  for (let count = 0; count < 100; count++) all.push(chunk);
  const { differences: [difference], received } = all.result();
  assertEquals([received, difference?.length], [6_553_600, 6_553_600]);
  assertEquals(difference?.received.length, 2 + 65_536);
});

Deno.test("StreamAnswers: ignored parts may have another length", pure, () => {
  const all = answers(["took 7 ms\n", "bye\n"], "\\d+");
  all.push(encodeText("took 1234 ms"));
  assertEquals(all.state, "open", "more bytes than the capture has, but not the newline");
  all.push(encodeText("\nb"));
  assertEquals(all.state, "complete");
  all.next();
  all.push(encodeText("ye\n"));
  assertEquals([found(all), all.result().ignored], [[], 1]);

  const shorter = answers(["took 1234 ms\n"], "\\d+");
  shorter.push(encodeText("took 7 ms\n"));
  assertEquals([shorter.state, found(shorter)], ["complete", []]);
});

Deno.test("StreamAnswers: tells where bytes differ behind an ignored part, in each of the two", pure, () => {
  const all = answers(["t=1234;a"], "\\d+");
  all.push(encodeText("t=7;b"));
  const [difference] = all.result().differences;
  assertEquals([difference?.offset, difference?.receivedOffset], [7, 4]);
});

Deno.test(
  "StreamAnswers: an answer that ends in an ignored part waits for the captured length, or is settling",
  pure,
  () => {
    const all = answers(["at 12:30"], "\\d\\d:\\d+$");
    all.push(encodeText("at 12:3"));
    assertEquals(all.state, "settling");
    all.push(encodeText("1"));
    assertEquals([all.state, found(all)], ["complete", []]);
  },
);

Deno.test("StreamAnswers: a long answer with ignored parts is looked at near its end only", pure, () => {
  const long = "x".repeat(1_000_000);
  const all = answers([`${long}1`], "\\d");
  all.push(encodeText("different"));
  assertEquals(all.state, "open");
  all.push(encodeText(long.slice(20_000)));
  assertEquals(all.state, "settling");
  assertEquals(found(all), [[1, 0, 0, 1_000_001, 980_009]]);
});

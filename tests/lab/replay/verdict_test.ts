import { assertEquals, assertMatch } from "@std/assert";
import type { Conversation, Step } from "../../../lab/replay/conversation.ts";
import { DatagramAnswers } from "../../../lab/replay/datagram_answers.ts";
import { sideBySide } from "../../../lab/replay/side_by_side.ts";
import { ignorePatterns } from "../../../lab/replay/ignore.ts";
import type { Ending } from "../../../lab/replay/play.ts";
import { StreamAnswers } from "../../../lab/replay/stream_answers.ts";
import { type Verdict, verdictOf } from "../../../lab/replay/verdict.ts";
import { textWidth } from "../../../lib/console/width.ts";
import { encodeText } from "../../../lib/text.ts";

const pure = { permissions: "none" } as const;
const ENDING: Ending = { end: "fin", expectedEnd: "fin", early: false, unsent: 0, timedOut: false };

/** A conversation with an answer to each of some questions, the second of which comes in two chunks. */
function exchange(answers: readonly string[]): Conversation {
  const steps = answers.flatMap((answer, index): Step[] => [
    { do: "send", at: 0, bytes: encodeText(`question ${index + 1}\n`) },
    ...(index === 1 ? [{ do: "send", at: 0, bytes: encodeText("more\n") } as const] : []),
    { do: "expect", at: 0, parts: [encodeText(answer)], pause: 0 },
  ]);
  return {
    steps,
    flow: 1,
    transport: "tcp",
    client: null,
    server: null,
    tls: false,
    start: 0,
    opened: 0,
    refused: false,
  };
}

function verdict(captured: readonly string[], now: string, ending: Partial<Ending> = {}, ...ignore: string[]): Verdict {
  const answers = new StreamAnswers(captured.map(encodeText), ignorePatterns(ignore));
  answers.push(encodeText(now));
  const played = { conversation: exchange(captured), comparison: answers.result(), ending: { ...ENDING, ...ending } };
  return verdictOf(played, "client", "Connection 1");
}

function datagramVerdict(captured: readonly string[], now: readonly string[], ending: Partial<Ending> = {}): Verdict {
  const answers = new DatagramAnswers(captured.map((one) => [encodeText(one)]));
  for (const one of now) answers.push(encodeText(one));
  const played = { conversation: exchange(captured), comparison: answers.result(), ending: { ...ENDING, ...ending } };
  return verdictOf(played, "client", "Flow 2");
}

/** The prose as lines. */
function lines({ prose }: Verdict): string[] {
  return prose.map((line) => typeof line === "string" ? line : `${line.mark}: ${line.text}`);
}

Deno.test("verdictOf() says what was the same", pure, () => {
  const same = verdict(["one\n", "two\n"], "one\ntwo\n");
  assertEquals([same.same, same.code, lines(same)], [true, 0, ["state: Connection 1: the same: 2 answers, 8 bytes"]]);
  assertEquals(lines(verdict(["t=1;"], "t=22;", {}, "\\d+")), [
    "state: Connection 1: the same: 1 answer, 4 bytes, 1 part of them ignored",
  ]);
  assertEquals(lines(verdict([], "")), ["state: Connection 1: the same: 0 answers, 0 bytes"]);
  assertEquals(lines(datagramVerdict(["a", "b"], ["b", "a"])), [
    "state: Flow 2: the same: 2 datagrams, 2 bytes, 1 of them in another order",
  ]);
});

Deno.test("verdictOf() shows the first difference, in text and hex", pure, () => {
  const different = verdict(["hi\n", "HTTP/1.1 200 OK\r\n"], "hi\nHTTP/1.0 200 OK\r\n");
  assertEquals([different.same, different.code], [false, 1]);
  assertEquals(lines(different), [
    "trouble: Connection 1 differs: answer 2 of 2 at offset 7, 10 of the whole stream",
    '      sent     "question 2\\n"',
    '      captured "HTTP/1.1 200 OK\\r\\n"',
    '      now      "HTTP/1.0 200 OK\\r\\n"',
    "                       ^",
    "      captured 00000000  48 54 54 50 2f 31 2e 31 20 32 30 30 20 4f 4b 0d",
    "      now      00000000  48 54 54 50 2f 31 2e 30 20 32 30 30 20 4f 4b 0d",
    "                                              ^^",
  ]);
});

Deno.test("verdictOf() says how many bytes there are more or fewer", pure, () => {
  const first = (...args: Parameters<typeof verdict>): string | undefined => lines(verdict(...args))[0];
  assertEquals(
    first(["12345"], "12X"),
    "trouble: Connection 1 differs: answer 1 of 1 at offset 2; 3 instead of 5 bytes",
  );
  assertEquals(first(["12345"], "123"), "trouble: Connection 1 differs: answer 1 of 1 ends after 3 of 5 bytes");
  assertEquals(first(["12345"], ""), "trouble: Connection 1 differs: answer 1 of 1 did not come (5 bytes)");
  assertEquals(first(["12345"], "1234567"), "trouble: Connection 1 differs: 2 bytes more than the capture has");
  assertEquals(lines(verdict(["1", "2", "3", "4"], "X2YZ")).at(-1), "      also: 1 more differs, 1 did not come");
  assertEquals(lines(verdict(["1", "2", "3"], "X")).at(-1), "      also: 2 did not come");
});

Deno.test("verdictOf() says how the end differs", pure, () => {
  const ends: [Partial<Ending>, code: number, string][] = [
    [{ end: "open" }, 1, "the server did not finish sending (FIN), as it did in the capture"],
    [{ end: "reset" }, 6, "the server reset the connection"],
    [{ end: "reset", unsent: 7 }, 6, "the server reset the connection; 7 bytes not sent"],
    [{ early: true }, 1, "the server finished sending (FIN) earlier than in the capture"],
    [{ expectedEnd: "reset" }, 1, "the server finished sending (FIN); in the capture it reset the connection"],
    [{ end: "open", expectedEnd: "reset" }, 1, "the server did not reset the connection, as it did in the capture"],
    [{ end: "reset", expectedEnd: "open" }, 6, "the server reset the connection"],
  ];
  for (const [ending, code, said] of ends) {
    const { code: got, ...rest } = verdict(["x"], "x", ending);
    assertEquals([got, lines({ code: got, ...rest })], [code, [`trouble: Connection 1 differs: ${said}`]]);
  }
  assertEquals(verdict(["x"], "x", { end: "reset", expectedEnd: "reset" }).same, true);
  assertEquals(verdict(["x"], "x", { expectedEnd: "open" }).same, true, "the capture stopped before the end");
});

Deno.test("verdictOf() says with its code whether only time ran out", pure, () => {
  assertEquals(verdict(["12345"], "123", { timedOut: true }).code, 5);
  assertEquals(verdict(["12345"], "12X", { timedOut: true }).code, 1);
  assertEquals(datagramVerdict(["a", "b"], ["a"], { timedOut: true }).code, 5);
  assertEquals(datagramVerdict(["a", "b"], ["X"], { timedOut: true }).code, 1);
});

Deno.test("verdictOf() counts datagrams that are lost, different or too many", pure, () => {
  assertEquals(lines(datagramVerdict(["a", "b"], ["a"])), [
    "trouble: Flow 2 differs: datagram 2 of 2 did not come (1 byte)",
    '      sent     "question 2\\n"',
  ]);
  assertEquals(
    lines(datagramVerdict(["pong 1", "b", "c"], ["pong 2", "c", "d"])).filter((line) => !/\^|\d\d/.test(line)),
    [
      "trouble: Flow 2 differs: datagram 1 of 3 at offset 5",
      '      sent     "question 1\\n"',
      '      captured "pong 1"',
      '      now      "pong 2"',
      "      also: in all, 1 lost, 1 different, 1 more than the capture has",
    ],
  );
  assertEquals(lines(datagramVerdict([], ["x"]))[0], "trouble: Flow 2 differs: a datagram more than the capture has");
});

Deno.test("verdictOf() names the header line that differs", pure, () => {
  const head = (date: string): string => `HTTP/1.1 200 OK\r\nDate: ${date}\r\n\r\n`;
  assertEquals(verdict([head("Mon")], head("Tue")).header, "Date");
  assertEquals(verdict(["Date: x"], "Data: x").header, null);
  assertEquals(verdict(["GET / HTTP/1.1"], "GET /x").header, null);
});

Deno.test("sideBySide() starts at the line, or at a character near the place, and is never wide", pure, () => {
  const at = (text: string, part: string) => {
    const offset = encodeText(text.slice(0, text.indexOf(part))).length;
    return { bytes: encodeText(text), offset };
  };
  const [first = "", second = "", third = ""] = sideBySide(at("first\nsecond X", "X"), at("first\nsecond Y", "Y"));
  assertEquals([first, second, third], ['captured "second X"', 'now      "second Y"', "                 ^"]);
  const long = `${"é".repeat(200)}X${"漢".repeat(200)}`;
  for (const line of sideBySide(at(long, "X"), at(long.replace("X", "Y"), "Y"))) {
    assertEquals(textWidth(line) <= 72, true, line);
    assertEquals(line.includes("\ufffd漢"), false);
  }
  assertMatch(sideBySide(at(long, "X"), at(long, "X"))[0] ?? "", /^captured …é{16}X漢+…$/);
  const [one, other] = ["aé", "aè"].map((text) => ({ bytes: encodeText(text), offset: 2 }));
  if (one === undefined || other === undefined) throw new Error();
  assertEquals(sideBySide(one, other).slice(0, 3), ['captured "aé"', 'now      "aè"', "           ^"]);
});

Deno.test("sideBySide() lets no control character through, and shows nothing as nothing", pure, () => {
  const hostile = { bytes: Uint8Array.of(0x1b, 0x5b, 0x32, 0x4a, 0xff, 0), offset: 0 };
  const shown = sideBySide(hostile, { bytes: new Uint8Array(), offset: 0 });
  assertEquals(shown, [
    'captured "␛[2J\ufffd␀"',
    "now      nothing",
    "          ^",
    "captured 00000000  1b 5b 32 4a ff 00",
    "now      00000000",
    "                   ^^",
  ]);
});

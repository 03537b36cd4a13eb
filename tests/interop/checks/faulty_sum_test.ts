/** A right server of the number exchange passes every check; one with a fault fails those that find it, and no others. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CheckFailure } from "../../../lab/checks/check.ts";
import { protocol } from "../../../lab/checks/sum/checks.ts";
import { decodeText, encodeText } from "../../../lib/text.ts";
import { failedOf, reasonsOf, resultsOf } from "../../lab/checks/outcomes.ts";
import { DatagramServer } from "../../lab/checks/udp/datagram_server.ts";
import { answer, ExchangeServer, readLine, readOnce, Stop, type Ways } from "../../lab/checks/sum/exchange_server.ts";

const { overUdp = protocol } = protocol;
const WRAPS = ["wraps-in-32-bits", "wraps-in-64-bits", "not-exact-as-a-double"];
const SPLIT = ["byte-by-byte", "number-in-two-parts", "character-in-two-parts", "slow-writer"];

/** Without the many connections, where a fault has nothing to do with them. */
const few = ({ name }: { name: string }): boolean => !["a-thousand-connections", "twenty-at-once"].includes(name);

Deno.test("a right server passes: one question per connection, or many; it stops, or refuses", async () => {
  await using one = new ExchangeServer();
  await using many = new ExchangeServer({ more: "serve" });
  await using lasting = new ExchangeServer({ answer: refusing });
  const results = await resultsOf(protocol, one, { lenient: true });
  assertEquals(reasonsOf(results), {});
  assert(results.filter(({ outcome }) => outcome === "passed").length >= 50);
  assertEquals(reasonsOf(await resultsOf(protocol, many, { only: few, lenient: true })), {});
  const { endpoint } = lasting;
  assertEquals(
    reasonsOf(await resultsOf(protocol, { endpoint }, { only: few, lenient: true, flags: { keepsRunning: true } })),
    {},
  );
});

/** Refuses a number that is out of range. */
function refusing(question: string): string {
  try {
    return answer(question);
  } catch {
    return "Cannot take the number";
  }
}

/** Answers whose number another function reads. */
const converting = (read: (text: string) => number) => (question: string): string => {
  const colon = question.lastIndexOf(":");
  const number = read(question.slice(colon + 1));
  if (Number.isNaN(number) || colon < 0) return "Cannot take the question";
  if (number < 1 || number > 100) throw new Stop("Bob: stopping");
  return "Bob: 58";
};

/** Wraps an integer as a variable of 32 bits does. */
const in32Bits = (text: string): number =>
  /^\s*[+-]?[0-9]+\s*$/.test(text) ? Number(BigInt.asIntN(32, BigInt(text.trim().replace("+", "")))) : NaN;

/** Text that is no question is an error that nobody catches. */
function throwing(question: string): string {
  const reply = answer(question);
  if (reply.startsWith("Cannot")) throw new Error("uncaught");
  return reply;
}

let names = 0;

/** Faults, and the checks that find them. */
const FAULTS: Readonly<Record<string, readonly [ways: Partial<Ways>, failed: readonly string[]]>> = {
  "one read is one question": [{ read: readOnce }, SPLIT],
  "Number()": [{ answer: converting(Number) }, ["decimal", "exponent", "hexadecimal", "no-number"]],
  "parseInt()": [
    { answer: converting((text) => parseInt(text, 10)) },
    // In base 10, 0x10 is 0, which stops the server.
    [
      "decimal",
      "exponent",
      "hexadecimal",
      "digits-with-underscore",
      "digits-with-letters",
      "two-numbers",
      "nul-in-the-number",
    ],
  ],
  "an integer of 32 bits": [{ answer: converting(in32Bits) }, WRAPS],
  "the first colon": [
    { answer: (question) => (question.match(/:/g) ?? []).length > 1 ? "Cannot take the question" : answer(question) },
    ["colons-in-the-name"],
  ],
  "an error that nobody catches": [
    { answer: throwing },
    [
      ...["empty-line", "no-name", "number-alone", "long-name", "decimal", "exponent", "hexadecimal"],
      ...["digits-of-another-script", "digits-with-underscore", "digits-with-letters", "two-numbers"],
      ...["nul-in-the-number", "sign-alone", "words", "no-number", "text-without-colon", "browser", "random-bytes"],
      ...["refusal-is-told", "line-without-end", "half-a-question-and-gone"],
    ],
  ],
  "one client at a time": [{ serial: true }, ["silent-client"]],
  "no limit": [{ read: readWithoutLimit }, ["line-without-end"]],
  "an answer without an end": [{ end: "", more: "serve" }, ["two-in-one-write", "answer-has-an-end"]],
  "a deaf ear after the answer": [{ more: "ignore" }, ["two-in-one-write", "second-question"]],
  "CR as data": [
    { answer: (question) => question.endsWith("\r") ? "Cannot take the question" : answer(question), read: readWithCr },
    ["carriage-return"],
  ],
  "only whole lines": [{ read: readWholeLine }, ["end-without-newline"]],
  "a close instead of words": [
    {
      answer: (question) => {
        try {
          const reply = answer(question);
          return reply.startsWith("Cannot") ? null : reply;
        } catch {
          throw new Stop("");
        }
      },
    },
    ["refusal-is-told", "stop-is-told"],
  ],
  "characters decoded read by read": [{ read: readStrictly }, ["character-in-two-parts"]],
  "nothing is a question too": [
    { read: async (conn, state) => await readLine(conn, state) ?? "end", answer: throwingAt("end") },
    ["silent-client", "connect-and-close"],
  ],
  "another name each time": [{ answer: (question) => answer(question).replace("Bob", () => `Bob ${++names}`) }, [
    "same-name-again",
  ]],
};

/** Ends the server at this question. */
function throwingAt(end: string): Ways["answer"] {
  return (question) => {
    if (question === end) throw new Error("uncaught");
    return answer(question);
  };
}

/** Reads on however long the line is. */
async function readWithoutLimit(conn: Deno.Conn): Promise<string | null> {
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (let count; (count = await conn.read(buffer)) !== null;) {
    const piece = buffer.subarray(0, count);
    // What is too long to be a question is not kept, for the sake of this test's memory.
    text = (text + decodeText(piece)).slice(0, 100_000);
    if (piece.includes(10)) return text.split("\n")[0]?.replace(/\r$/, "") ?? "";
  }
  return text === "" ? null : text;
}

/** Leaves the CR on the line. */
async function readWithCr(conn: Deno.Conn): Promise<string | null> {
  const state = { rest: "" };
  let cr = false;
  const line = await readLine({
    read: async (into: Uint8Array) => {
      const count = await conn.read(into);
      cr ||= count !== null && into.subarray(0, count).includes(13);
      return count;
    },
  } as Deno.Conn, state);
  return line === null || !cr ? line : `${line}\r`;
}

/** Drops what has no newline. */
async function readWholeLine(conn: Deno.Conn, state: { rest: string }): Promise<string | null> {
  let last = 0;
  const line = await readLine({
    read: async (into: Uint8Array) => {
      const count = await conn.read(into);
      if (count !== null) last = into[count - 1] ?? 0;
      return count;
    },
  } as Deno.Conn, state);
  return last === 10 || line === "too long" ? line : null;
}

/** Decodes each read by itself, and strictly. */
async function readStrictly(conn: Deno.Conn, state: { rest: string }): Promise<string | null> {
  let broken = false;
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const line = await readLine({
    read: async (into: Uint8Array) => {
      const count = await conn.read(into);
      try {
        if (count !== null) strict.decode(into.subarray(0, count));
      } catch {
        broken = true;
      }
      return count;
    },
  } as Deno.Conn, state);
  return broken ? "broken" : line;
}

Deno.test("a server with a fault fails the checks that find it, and no others", async () => {
  // Most of the time is waiting, so they wait together; few at a time, for the pauses between two pieces are short.
  const faults = Object.entries(FAULTS);
  const failures: string[] = [];
  await Promise.all([0, 1, 2, 3].map(async (worker) => {
    for (const [fault, [ways, expected]] of faults.filter((_, index) => index % 4 === worker)) {
      await using server = new ExchangeServer(ways);
      const results = await resultsOf(protocol, server, { only: few });
      const failed = failedOf(results);
      if (String(failed) !== String(expected)) {
        failures.push(`${fault}: ${JSON.stringify(reasonsOf(results), null, 1)}`);
      }
    }
  }));
  assertEquals(failures.join("\n"), "");
});

Deno.test("a server that ends with an error at a number outside 1-100 fails for that; without --start, it is not asked", async () => {
  const outside = ({ name }: { name: string }): boolean => /^(zero|negative|stop-is-told)$/.test(name);
  await using server = new ExchangeServer({
    answer: (question) => {
      try {
        return answer(question);
      } catch {
        throw new Error("uncaught");
      }
    },
  });
  const reasons = reasonsOf(await resultsOf(protocol, server, { only: outside }));
  assertEquals(Object.keys(reasons), ["zero", "negative", "stop-is-told"]);
  assertStringIncludes(reasons["zero"] ?? "", "it has ended badly");
  const results = await resultsOf(protocol, { endpoint: server.endpoint }, { only: outside });
  assert(results.every(({ outcome, reason }) => outcome === "skipped" && reason.includes("--start")));
});

Deno.test("a server that answers something else, or a number out of range, is not checked", async () => {
  await using words = new ExchangeServer({ answer: () => "Hello from server!" });
  await assertRejects(() => resultsOf(protocol, words), CheckFailure, 'it answered "Hello from server!"');
  await using large = new ExchangeServer({ answer: () => "Bob: 1000" });
  await assertRejects(() => resultsOf(protocol, large), CheckFailure, "it answered 1000, which is not from 1 to 100");
});

Deno.test("a server that takes JSON as its library reads it fails for a key that comes twice, and one that tires for the thousand", async () => {
  await using parsing = new ExchangeServer({
    answer: (question) => {
      if (!question.startsWith("{")) return refusing(question);
      try {
        const { number } = JSON.parse(question);
        return Number.isInteger(number) && number >= 1 && number <= 100
          ? '{"name":"Bob","number":58}'
          : '{"error":"no"}';
      } catch {
        return '{"error":"no"}';
      }
    },
  });
  const json = ({ name }: { name: string }): boolean => name.startsWith("json-");
  const flags = { jsonLines: true };
  assertEquals(failedOf(await resultsOf(protocol, parsing, { flags, only: json })), ["json-key-twice"]);

  let asked = 0;
  await using tiring = new ExchangeServer({
    answer: (question) => {
      if (++asked > 500) throw new Error("too many open files");
      return answer(question);
    },
  });
  const many = ({ name }: { name: string }): boolean => /^(a-thousand-connections|twenty-at-once)$/.test(name);
  assertEquals(failedOf(await resultsOf(protocol, tiring, { only: many })), ["a-thousand-connections"]);
});

Deno.test("a server over UDP: a right one passes, one that draws a new number for a retry fails for that", async () => {
  await using right = new DatagramServer((bytes) => encodeText(refusing(decodeText(bytes))));
  const flags = { keepsRunning: true };
  assertEquals(reasonsOf(await resultsOf(overUdp, { endpoint: right.endpoint }, { flags })), {});
  let drawn = 0;
  await using drawing = new DatagramServer((bytes) =>
    encodeText(refusing(decodeText(bytes)).replace("58", () => String(1 + drawn++ % 100)))
  );
  await using silent = new DatagramServer((bytes) => {
    const text = refusing(decodeText(bytes));
    return text.startsWith("Cannot") ? null : encodeText(text);
  });
  const some = ({ name }: { name: string }): boolean => /^(asked-again|words|decimal|refusal-is-told)$/.test(name);
  const check = async (server: DatagramServer): Promise<string[]> =>
    failedOf(await resultsOf(overUdp, { endpoint: server.endpoint }, { flags, only: some }));
  assertEquals(await check(drawing), ["asked-again"]);
  assertEquals(await check(silent), ["refusal-is-told"]);
});

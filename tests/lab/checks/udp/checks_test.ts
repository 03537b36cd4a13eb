/** A right UDP server passes every check; one with a fault fails those that find it, and no others. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CheckFailure } from "../../../../lab/checks/check.ts";
import { protocol } from "../../../../lab/checks/udp/checks.ts";
import { decodeText, encodeText } from "../../../../lib/text.ts";
import { failedOf, reasonsOf, resultsOf } from "../outcomes.ts";
import { RawPeer } from "../../../support/sockets.ts";
import { type Answer, DatagramServer } from "./datagram_server.ts";

const CROWDS = ["a-hundred-clients", "a-thousand-in-a-burst", "asker-that-never-reads"];
const LONG = ["1025-bytes", "1472-bytes", "1473-bytes", "9000-bytes", "65507-bytes"];

const echo: Answer = (bytes) => bytes;
const greet: Answer = (bytes) => decodeText(bytes) === "Hi!" ? null : encodeText("Hi!");

Deno.test("a right UDP server passes: an echo, one with a reply, one that takes only its own messages", async () => {
  await using echoing = new DatagramServer(echo);
  await using greeting = new DatagramServer(greet);
  await using choosy = new DatagramServer((bytes) => decodeText(bytes) === "hello" ? encodeText("yes") : null);
  const found = await resultsOf(protocol, { endpoint: echoing.endpoint });
  assertEquals(reasonsOf(found), {});
  assert(found.filter(({ outcome }) => outcome === "passed").length >= 24);
  const few = (check: { name: string }): boolean => !CROWDS.includes(check.name);
  const given = await resultsOf(protocol, { endpoint: greeting.endpoint }, {
    flags: { expectReply: "Hi!" },
    only: few,
  });
  assertEquals(reasonsOf(given), {});
  assertEquals(reasonsOf(await resultsOf(protocol, { endpoint: choosy.endpoint }, { only: few })), {});
});

/** Answers as the textbook does in another language: text in, text out. */
const textual = (change: (text: string) => string): Answer => (bytes) => encodeText(change(decodeText(bytes)));

/** Faults: a server, and the checks that find it. */
const FAULTS: Readonly<Record<string, readonly [answer: () => Answer, failed: readonly string[], buffer?: number]>> = {
  "a buffer of 1,024 bytes": [() => echo, LONG, 1024],
  "a buffer of 8 KiB": [() => echo, ["9000-bytes", "65507-bytes"], 8192],
  "takes no bytes for the end": [
    () => (bytes) => {
      if (bytes.length === 0) throw new Error("end");
      return bytes;
    },
    ["empty-datagram", "empty-datagram-comes-back"],
  ],
  "answers no empty datagram": [() => (bytes) => bytes.length === 0 ? null : bytes, ["empty-datagram-comes-back"]],
  "ends at bytes that are no UTF-8": [
    () => (bytes) => encodeText(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)),
    ["invalid-utf-8", "every-byte"],
  ],
  "decodes and encodes": [() => textual((text) => text), ["invalid-utf-8", "every-byte"]],
  "trims": [() => textual((text) => text.trim()), ["line-end-is-data", "invalid-utf-8", "every-byte"]],
  "ends a text at its first NUL": [
    () => (bytes) => bytes.includes(0) ? bytes.subarray(0, bytes.indexOf(0)) : bytes,
    ["nul-bytes", "every-byte"],
  ],
  "obeys whoever says exit": [
    () => (bytes) => {
      if (decodeText(bytes).trim() === "exit") throw new Error("exit");
      return bytes;
    },
    ["commands-are-data"],
  ],
  "answers the same question only once": [onlyOnce, ["same-datagram-twice"]],
  "sends back the rest of the buffer": [
    staleBuffer,
    [
      "short-after-long",
      "long-and-short-at-once",
      "nul-bytes",
      "invalid-utf-8",
      "every-byte",
      "client-leaves-before-the-answer",
    ],
  ],
};

Deno.test("an echo server with a fault fails the checks that find it, and no others", async () => {
  // Most of the time is waiting for what does not come, so they wait together.
  await Promise.all(
    Object.entries(FAULTS).map(async ([fault, [answer, expected, buffer = 65_536]]) => {
      await using server = new DatagramServer(answer(), { buffer });
      const restarted = { endpoint: server.endpoint, restart: () => server.restart() };
      const results = await resultsOf(protocol, restarted, {
        flags: { echo: true },
        only: ({ name }) => !CROWDS.includes(name),
      });
      assertEquals(failedOf(results), expected, `${fault}: ${JSON.stringify(reasonsOf(results))}`);
    }),
  );
});

/** Answers no question twice in a row. It must not remember more: the system gives a client's port to a later one. */
function onlyOnce(): Answer {
  let previous = "";
  return (bytes, { port }) => {
    const question = `${port} ${bytes.toHex()}`;
    if (question === previous) return null;
    previous = question;
    return bytes;
  };
}

/** Answers with as many bytes as the longest short datagram had, whatever the call returned. */
function staleBuffer(): Answer {
  const buffer = new Uint8Array(1000);
  let longest = 0;
  return (bytes) => {
    // So that the fault shows where it is looked for: not after the datagrams that fill the buffer.
    if (bytes.length > 1000) return bytes;
    buffer.set(bytes);
    longest = bytes.length === 1000 ? 1000 : longest;
    return buffer.slice(0, Math.max(bytes.length, longest));
  };
}

Deno.test("an echo server that answers twice, or from another port, fails for that", async () => {
  using other = new RawPeer();
  await using elsewhere = new DatagramServer(async (bytes, { port }) => {
    await other.send(bytes, port);
    return null;
  });
  const names = ["plain-exchange", "answers-from-its-port", "two-clients", "nul-bytes"];
  const only = ({ name }: { name: string }): boolean => names.includes(name);
  assertEquals(failedOf(await resultsOf(protocol, { endpoint: elsewhere.endpoint }, { only })), [
    "answers-from-its-port",
  ]);

  await using twice = new DatagramServer(async (bytes, from) => {
    await twice.send(bytes, from);
    return bytes;
  });
  const series = ({ name }: { name: string }): boolean => /in-a-row$/.test(name);
  assertEquals(failedOf(await resultsOf(protocol, { endpoint: twice.endpoint }, { only: series })), [
    "two-in-a-row",
    "twenty-in-a-row",
  ]);
});

Deno.test("a server that answers to the port of before, or its own answers for ever, fails for that", async () => {
  const ports = new Map<string, Deno.NetAddr>();
  await using faithful = new DatagramServer(async (bytes, from) => {
    // Who has sent a message before gets the answer there too.
    const before = ports.get(from.hostname);
    ports.set(from.hostname, from);
    if (before !== undefined && before.port !== from.port) await faithful.send(bytes, before);
    return bytes;
  });
  const only = ({ name }: { name: string }): boolean =>
    name === "new-port-new-client" || name === "own-answer-comes-back";
  assertEquals(failedOf(await resultsOf(protocol, { endpoint: faithful.endpoint }, { only })), ["new-port-new-client"]);

  await using looping = new DatagramServer(() => encodeText("Hi!"));
  assertEquals(failedOf(await resultsOf(protocol, { endpoint: looping.endpoint }, { only })), [
    "own-answer-comes-back",
  ]);
});

Deno.test("a server that a burst ends, or that serves only a few at once, fails for that", async () => {
  let taken = 0;
  const answered = new Set<number>();
  await using tiring = new DatagramServer((bytes) => {
    if (++taken > 100) throw new Error("too many");
    return bytes;
  });
  await using few = new DatagramServer((bytes, { port }) => {
    if (answered.size >= 50 && !answered.has(port)) return null;
    answered.add(port);
    return bytes;
  });
  const only = (wanted: string) => ({ name }: { name: string }): boolean => name === wanted;
  const burst = await resultsOf(protocol, { endpoint: tiring.endpoint }, { only: only("a-thousand-in-a-burst") });
  assertEquals(failedOf(burst), ["a-thousand-in-a-burst"]);
  const crowd = await resultsOf(protocol, { endpoint: few.endpoint }, {
    only: only("a-hundred-clients"),
    patience: 300,
  });
  assertEquals(failedOf(crowd), ["a-hundred-clients"]);
});

Deno.test("what a server prints shows that it cuts a datagram, and that it prints escape sequences", async () => {
  const only = ({ name }: { name: string }): boolean => name === "long-datagram-is-cut" || name === "escape-sequences";
  const printed = async (print: (text: string) => string): Promise<Record<string, string>> => {
    let output = "";
    await using server = new DatagramServer((bytes) => {
      output += `${print(decodeText(bytes))}\n`;
      return encodeText("Hi!");
    });
    return reasonsOf(await resultsOf(protocol, { endpoint: server.endpoint, output: () => output }, { only }));
  };
  assertEquals(await printed((text) => JSON.stringify(text)), {});
  assertEquals(await printed((text) => JSON.stringify(`${text.slice(0, 60)}…`)), {});
  const reasons = await printed((text) => text.slice(0, 1024));
  assertEquals(Object.keys(reasons), ["long-datagram-is-cut", "escape-sequences"]);
  assertStringIncludes(reasons["long-datagram-is-cut"] ?? "", "the first 1,024 bytes of 5,000");
});

Deno.test("a server that answers nothing is told so; with --discard, everything is skipped", async () => {
  await using silent = new DatagramServer(() => null);
  await assertRejects(
    () => resultsOf(protocol, { endpoint: silent.endpoint }, { patience: 60 }),
    CheckFailure,
    "nothing came back",
  );
  const results = await resultsOf(protocol, { endpoint: silent.endpoint }, { flags: { discard: true } });
  assert(results.every(({ outcome }) => outcome === "skipped"));
});

Deno.test("after a server is gone, the checks that follow are skipped instead of waiting for it", async () => {
  await using server = new DatagramServer((bytes) => {
    if (bytes.length === 0) throw new Error("gone");
    return bytes;
  });
  const results = await resultsOf(protocol, { endpoint: server.endpoint }, { patience: 60 });
  assertEquals(failedOf(results), ["empty-datagram"]);
  const after = results.slice(results.findIndex(({ outcome }) => outcome === "failed") + 1);
  assert(after.every(({ outcome, reason }) => outcome === "skipped" && reason.includes("gone since")));
});

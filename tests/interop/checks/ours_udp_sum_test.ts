/** The basic servers of UDP and sum fail just what their comments admit, with the remedy in the script beside them; those pass. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Check } from "../../../lab/checks/check.ts";
import type { Protocol } from "../../../lab/checks/protocol.ts";
import { protocol as sum } from "../../../lab/checks/sum/checks.ts";
import { protocol as udp } from "../../../lab/checks/udp/checks.ts";
import { sourceOf } from "../../support/modules.ts";
import type { TaskName } from "../../support/script.ts";
import { reasonsOf, resultsOf } from "../../lab/checks/outcomes.ts";
import { ScriptServer } from "../../lab/checks/script_server.ts";

// `patience` is generous: it is waited out by no check of these.
const PATIENCE = 2000;
const ONE_READ = "One read is not one question";
const NO_INTEGER = "Number() takes 4.5, 1e1 and 0x10 as well";
const TEXT_STOPS = "Text that is no number stops the server too";
const DATAGRAM_STOPS = "text that is no number does";
const RAW = "as it came: escape sequences reach the terminal";
const RESET = "a client that resets its connection ends the server";

/** What stops the server though it is no number. */
const texts = (admission: string): Record<string, string> =>
  Object.fromEntries(
    [
      ...["empty-line", "long-name", "digits-of-another-script", "digits-with-underscore", "digits-with-letters"],
      ...["two-numbers", "nul-in-the-number", "sign-alone", "words", "no-number", "text-without-colon", "browser"],
      ...["random-bytes", "refusal-is-told"],
    ].map((name) => [name, admission]),
  );
const notIntegers = { decimal: NO_INTEGER, exponent: NO_INTEGER, hexadecimal: NO_INTEGER };

/** Each basic server: the checks that it fails, and the words in which it admits why. */
const ADMITTED: readonly (readonly [TaskName, string, Protocol<unknown>, Record<string, string>])[] = [
  ["udp:basic-server", "udp/basic_server.ts", erased(udp), {
    "own-answer-comes-back": "Two servers like this one, set at each other by one forged datagram, go on for ever",
    "long-datagram-is-cut": "A datagram longer than the buffer is cut, and nothing says so",
    "escape-sequences": "Printed as it came: escape sequences reach the terminal",
  }],
  ["sum:basic-server", "sum/basic_server.ts", erased(sum), {
    ...texts(TEXT_STOPS),
    ...notIntegers,
    "escape-in-the-name": RAW,
    "byte-by-byte": ONE_READ,
    "number-in-two-parts": ONE_READ,
    "character-in-two-parts": ONE_READ,
    "slow-writer": ONE_READ,
    "line-without-end": ONE_READ,
    "silent-client": "a silent one keeps all others waiting",
    "half-a-question-and-gone": ONE_READ,
    "connect-and-close": "so does a port scanner that sends nothing",
    "reset-mid-question": RESET,
    "connect-and-reset": RESET,
    "asks-and-leaves": RESET,
  }],
  ["sum:basic-udp-server", "sum/basic_udp_server.ts", erased(sum.overUdp ?? sum), {
    ...texts(DATAGRAM_STOPS),
    ...notIntegers,
    "escape-in-the-name": RAW,
    "empty-datagram": DATAGRAM_STOPS,
    "long-question": DATAGRAM_STOPS,
  }],
];

/** Without the thousand connections, which take longer than all the others; tests/interop/ has them. */
const few = ({ name }: { name: string }): boolean => name !== "a-thousand-connections";

/** The runner knows no dialects: each check gets that of its own protocol. */
function erased<D>(protocol: Protocol<D>): Protocol<unknown> {
  return protocol as Protocol<unknown>;
}

for (const [task, file, protocol, admitted] of ADMITTED) {
  Deno.test(`${task} fails the checks that it admits, and no others`, async () => {
    await using server = await ScriptServer.start(task);
    const reasons = reasonsOf(await resultsOf(protocol, server, { patience: PATIENCE, only: few, lenient: true }));
    assertEquals(Object.keys(reasons).sort(), Object.keys(admitted).sort(), JSON.stringify(reasons, null, 1));
    const source = await sourceOf(file);
    for (const words of Object.values(admitted)) assertStringIncludes(source, words);
  });
}

for (
  const [task, protocol, args, flags] of [
    ["udp:server", erased(udp), [], { expectReply: "Hello from server!" }],
    ["sum:server", erased(sum), [], { jsonLines: true }],
    ["sum:udp-server", erased(sum.overUdp ?? sum), [], { jsonLines: true }],
  ] as const
) {
  Deno.test(`${task} ${args.join(" ")} passes every check of ${JSON.stringify(flags)}`, async () => {
    await using server = await ScriptServer.start(task, ...args);
    const results = await resultsOf(protocol, server, { flags, patience: PATIENCE, only: few, lenient: true });
    assertEquals(reasonsOf(results), {});
    assert(results.filter(({ outcome }) => outcome === "passed").length >= 20);
  });
}

Deno.test("each check of udp and sum has a name of its own and a remedy, whose words are on one line of its file", async () => {
  for (const { checks, overUdp } of [erased(udp), erased(sum)]) {
    const all: readonly Check<unknown>[] = [...checks, ...overUdp?.checks ?? []];
    assertEquals(new Set(checks.map(({ name }) => name)).size, checks.length);
    for (const { name, remedy } of all) {
      assert(remedy !== undefined, name);
      const lines = (await sourceOf(remedy.file)).split("\n").filter((line) => line.includes(remedy.line));
      assertEquals(lines.length, 1, `${name}: ${remedy.file}: ${remedy.line}`);
    }
  }
});

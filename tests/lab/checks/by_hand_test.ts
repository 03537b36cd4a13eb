import { assertEquals } from "@std/assert";
import { encodeText } from "../../../lib/text.ts";
import { byHandOf, type Done } from "../../../lab/checks/by_hand.ts";
import { excerptOf, printfWord } from "../../../lab/checks/excerpt.ts";
import { findingOf } from "../../../lab/checks/finding.ts";
import type { Step } from "../../../lab/checks/steps.ts";
import { needs } from "../../support/script.ts";
import { fakeCheck, fakeResult } from "./support.ts";

const server = { hostname: "127.0.0.1", port: 9000 };
let at = 0;

/** A step, 1 ms after the one before. */
function step(kind: Step["kind"], text?: string, more: Partial<Step> = {}): Step {
  const bytes = text === undefined ? undefined : encodeText(text);
  return { at: at++, connection: 1, kind, ...(bytes === undefined ? {} : { bytes, length: bytes.length }), ...more };
}

const done = (...steps: Step[]): Done => ({ steps, left: 0, transport: "tcp", server });

Deno.test("byHandOf() makes a command of what one connection did", () => {
  const sent = [step("connect"), step("send", "one\n"), step("receive", "1")];
  assertEquals(byHandOf(done(...sent, step("close"))), "printf 'one\\n' | nc -w 3 127.0.0.1 9000");
  const later = { at: at + 700 };
  assertEquals(
    byHandOf(done(...sent, step("send", "tw"), step("send", "o", later), step("half-close"), step("end"))),
    "(printf 'one\\n'; sleep 0.05; printf 'tw'; sleep 0.7; printf 'o') | nc -N -w 3 127.0.0.1 9000",
  );
  assertEquals(byHandOf(done(step("connect"), step("half-close"))), "printf '' | nc -N -w 3 127.0.0.1 9000");
  const datagram = { ...done(step("send", "a")), transport: "udp" } as const;
  assertEquals(byHandOf(datagram), "printf 'a' | nc -u -w 2 127.0.0.1 9000");
});

Deno.test("byHandOf() repeats the last connection if the others were over, and nothing that nc cannot do", () => {
  const first = [step("connect"), step("send", "a"), step("receive", "1"), step("close")];
  const second = [step("connect", undefined, { connection: 2 }), step("send", "b", { connection: 2 })];
  assertEquals(byHandOf(done(...first, ...second)), "printf 'b' | nc -w 3 127.0.0.1 9000");
  assertEquals(byHandOf(done(...first.slice(0, 2), ...second)), null, "two at once");
  const connect = step("connect");
  for (
    const steps of [
      [connect, step("send", "a"), step("reset")],
      [connect, step("send", "a"), step("close")],
      [connect, step("send", "a", { length: 600 })],
      [step("connect", undefined, { note: "1,000 connections" })],
      [connect, step("send", "a"), step("type", "b")],
      [],
    ]
  ) assertEquals(byHandOf(done(...steps)), null);
  assertEquals(byHandOf({ ...done(connect, step("send", "a")), left: 1 }), null);
});

Deno.test("byHandOf() repeats nothing where a client before it reset, or left in a hurry", () => {
  const served = (["connect", "send", "receive", "close"] as const).map((kind) => step(kind, "a", { connection: 2 }));
  const before = (...steps: Step[]): string | null => byHandOf({ ...done(...steps, ...served) });
  assertEquals(before(step("connect"), step("send", "a"), step("receive", "b"), step("close")) === null, false);
  assertEquals(before(step("connect"), step("send", "a"), step("close")), null);
  assertEquals(before(step("connect"), step("send", "a"), step("receive", "b"), step("reset")), null);
});

Deno.test("findingOf() names the script itself where nc cannot, and starts the server that was started", async () => {
  const of = async (changes: Parameters<typeof fakeResult>[0], start?: string): Promise<string> => {
    const result = fakeResult({ outcome: "failed", ...changes });
    return (await findingOf(result, { protocol: "tcp", transport: "tcp", start })).by_hand;
  };
  const steps = [step("connect"), step("send", "a"), step("reset")];
  const typed = { protocol: "chat", transport: "tcp", given: " --mode turns" } as const;
  assertEquals(
    (await findingOf(fakeResult({ outcome: "failed", steps }), typed)).by_hand,
    "deno task lab:check chat 127.0.0.1:9000 --mode turns --only one",
  );
  assertEquals(await of({ steps }), "deno task lab:check tcp 127.0.0.1:9000 --only one");
  assertEquals(await of({ steps }, "run it $PORT"), "deno task lab:check tcp --start 'run it $PORT' --only one");
  assertEquals(
    await of({ steps: steps.slice(0, 2) }, "run it $PORT"),
    "export PORT=9000 HOST=127.0.0.1; run it $PORT & server=$!; sleep 1\nprintf 'a' | nc -w 3 127.0.0.1 9000\nkill $server",
  );
  const check = fakeCheck("own", { byHand: "head -c 9 /dev/zero | nc $HOST $PORT" });
  assertEquals(await of({ check, steps }), "head -c 9 /dev/zero | nc 127.0.0.1 9000");
});

Deno.test("excerptOf() shows every byte that matters, and no more than fits", () => {
  assertEquals(excerptOf(encodeText('a\r\n\t\\"é漢😀')), 'a\\r\\n\\t\\\\"é漢😀');
  assertEquals(excerptOf(Uint8Array.of(0, 0x1b, 0x7f, 0xff, 0xc3, 0xc2, 0x85)), "\\x00\\x1b\\x7f\\xff\\xc3\\x85");
  assertEquals(excerptOf(encodeText("\u202e")), "\\u202e");
  assertEquals(excerptOf(encodeText("x".repeat(40) + "\n")), "⟨40 × x⟩\\n");
  assertEquals(excerptOf(encodeText("x".repeat(40)), 1000), "⟨1,000 × x⟩");
  assertEquals(excerptOf(encodeText("abcdefghij".repeat(20))), `${"abcdefghij".repeat(10)}…`);
  assertEquals(excerptOf(encodeText("ab"), 5), "ab…");
  assertEquals(excerptOf(new Uint8Array()), "");
});

const sh = Deno.build.os === "windows" ? needs(false, "sh") : {};

Deno.test("printfWord() gives a shell's printf the same bytes, all 256 of them", sh, async () => {
  const bytes = Uint8Array.from({ length: 512 }, (_, index) => index >> 1);
  for (const given of [bytes, bytes.toReversed(), encodeText("%d %% '$(id)' `id` \\n 1\x001")]) {
    const { stdout } = await new Deno.Command("sh", { args: ["-c", `printf ${printfWord(given)}`] }).output();
    assertEquals(stdout, given);
  }
});

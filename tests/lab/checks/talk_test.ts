import { assertEquals } from "@std/assert";
import { Steps } from "../../../lab/checks/steps.ts";
import { Talk } from "../../../lab/checks/talk.ts";
import type { NodeSocket } from "../../../lib/net/node_socket.ts";

const MIB = 1024 * 1024;

/** A socket on which this many mebibytes come, each byte its mebibyte's number, and then the end. */
function sender(mebibytes: number): NodeSocket {
  let sent = 0;
  const read = (into: Uint8Array): Promise<number | null> => {
    if (sent === mebibytes * MIB) return Promise.resolve(null);
    into.fill(Math.floor(sent / MIB));
    sent += into.length;
    return Promise.resolve(into.length);
  };
  return { read, close: () => {} } as unknown as NodeSocket;
}

Deno.test("Talk keeps the first 4 MiB of what it receives, and counts the rest", async () => {
  using talk = new Talk(sender(6), 1, new Steps());
  assertEquals(await talk.untilEnd(5000), "end");
  assertEquals([talk.count, talk.received.length, talk.received.at(-1)], [6 * MIB, 4 * MIB, 3]);
});

Deno.test("Talk.keepLast() keeps the latest bytes instead", async () => {
  using talk = new Talk(sender(6), 1, new Steps());
  talk.keepLast(100_000);
  await talk.untilEnd(5000);
  assertEquals([talk.count, talk.received.at(-1)], [6 * MIB, 5]);
  assertEquals(talk.received.length >= 100_000 && talk.received.length <= 200_000 + 64 * 1024, true);
});

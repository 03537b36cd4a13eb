import { assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { Incoming } from "../../../lib/tls/incoming.ts";

const opened = (): Incoming => {
  const incoming = new Incoming(() => {});
  incoming.open();
  return incoming;
};
const into = new Uint8Array(2);

Deno.test("bytes that come with the end of the handshake wait for it", async () => {
  const incoming = new Incoming(() => {});
  const reading = incoming.read(into);
  incoming.push(Uint8Array.of(1));
  assertEquals(incoming.unread, 1);
  incoming.open();
  assertEquals([await reading, incoming.unread], [1, 0]);
});

Deno.test("what has come is read before the end and before a failure", async () => {
  for (const last of ["end", "fail"] as const) {
    const incoming = opened();
    incoming.push(Uint8Array.of(1, 2, 3));
    incoming[last](new TypeError());
    assertEquals([await incoming.read(into), await incoming.read(into)], [2, 1]);
    if (last === "end") assertEquals(await incoming.read(into), null);
    else await assertRejects(() => incoming.read(into), TypeError);
  }
});

Deno.test("each reader that takes bytes makes room for more", async () => {
  let taken = 0;
  const incoming = new Incoming(() => taken++);
  incoming.open();
  const reading = incoming.read(into);
  incoming.push(Uint8Array.of(1, 2, 3));
  await reading;
  await incoming.read(into);
  assertEquals(taken, 2);
});

Deno.test("close() ends the pending read and later ones", async () => {
  const incoming = opened();
  const reading = assertRejects(() => incoming.read(into), Deno.errors.BadResource);
  incoming.close();
  await reading;
  await assertRejects(() => incoming.read(into), Deno.errors.BadResource);
});

Deno.test("close_notify may follow FIN, for some turns of the event loop", async () => {
  const incoming = opened();
  const reading = incoming.read(into);
  incoming.cutOff();
  await delay(15);
  incoming.end();
  assertEquals(await reading, null);
  await assertRejects(() => {
    const incoming = opened();
    incoming.cutOff();
    return incoming.read(into);
  }, Deno.errors.UnexpectedEof);
});
